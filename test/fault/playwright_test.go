package fault

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// playwright is a process of it that uses the browsers of several sessions.
type playwright struct {
	in  io.Writer
	out *json.Decoder
}

// startPlaywright ends with the test.
func startPlaywright(t *testing.T, addresses []string) *playwright {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"stay.mjs"}, addresses...)...)
	cmd.Dir = filepath.Join("..", "clients")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &playwright{in, json.NewDecoder(out)}
}

// ask has it do what the line says, and waits for what came of it.
func (p *playwright) ask(t *testing.T, line string, answer any) {
	t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
	if err := p.out.Decode(answer); err != nil {
		t.Fatalf("playwright, %s: %v", line, err)
	}
}

// connects has it connect to each session, in whose page it finds what it left
// there when it connected before.
func (p *playwright) connects(t *testing.T, mark, before string) {
	t.Helper()
	var found []string
	p.ask(t, "connect "+mark, &found)
	for i, got := range found {
		if got != before {
			t.Errorf("playwright found the mark %q in the page of session %d, want %q", got, i, before)
		}
	}
}

// gone waits until each of its connections has ended.
func (p *playwright) gone(t *testing.T) {
	t.Helper()
	var n int
	p.ask(t, "gone", &n)
	if n != *live {
		t.Errorf("%d connections of playwright have ended, want %d", n, *live)
	}
}
