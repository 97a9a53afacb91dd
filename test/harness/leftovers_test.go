package harness

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// watched is a test whose Helper is called when the wait for its processes begins.
type watched struct {
	testing.TB
	waits  func()
	errors []string
}

func (w *watched) Helper() { w.waits() }

func (w *watched) Errorf(format string, args ...any) {
	w.errors = append(w.errors, fmt.Sprintf(format, args...))
}

// TestALateRaceIsHeard has a process find a race only when everybody waits for its
// end, as a keeper can, whose server was killed.
func TestALateRaceIsHeard(t *testing.T) {
	dir := t.TempDir()
	late := exec.CommandContext(t.Context(), "sh", "-c", "read go; echo DATA RACE >race.1")
	late.Dir = dir
	stdin, err := late.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := late.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	w := &watched{TB: t, waits: func() {
		_, _ = io.WriteString(stdin, "go\n")
		go func() { ended <- late.Wait() }()
	}}
	leave(w, dir)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(w.errors) != 1 || !strings.Contains(w.errors[0], "DATA RACE") {
		t.Errorf("heard: %q", w.errors)
	}
}

// TestTheGatesServer: a server that was built before is taken only if it has the race
// detector as the tests have it, whose reports they read.
func TestTheGatesServer(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := check(self); err != nil {
		t.Error(err)
	}
	if other, err := exec.LookPath("go"); err != nil || Raced && check(other) == nil {
		t.Errorf("one without the detector is taken (%v)", err)
	}
}
