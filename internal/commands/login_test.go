package commands

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAKeyThatIsTyped is not shown, and the terminal shows what is typed afterwards.
func TestAKeyThatIsTyped(t *testing.T) {
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer person.Close()
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	shows := func() bool {
		state, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return state.Lflag&unix.ECHO != 0
	}
	if !shows() {
		t.Fatal("it shows nothing before")
	}
	var out strings.Builder
	var key string
	var asking sync.WaitGroup
	asking.Go(func() { key, err = readKey(t.Context(), program, &out, "API key: ") })
	for began := time.Now(); shows(); time.Sleep(time.Millisecond) { // as soon as it is asked for
		if time.Since(began) > time.Minute {
			t.Fatal("what is typed would be shown")
		}
	}
	if _, err := person.WriteString("bh_one\n"); err != nil {
		t.Fatal(err)
	}
	asking.Wait()
	if err != nil || key != "bh_one" || out.String() != "API key: \n" || !shows() {
		t.Errorf("%q, %v, after %q; it shows what is typed: %v", key, err, out.String(), shows())
	}
	// What the terminal has shown comes before what is written to it now.
	if _, err := program.WriteString("."); err != nil {
		t.Fatal(err)
	}
	shown := make([]byte, 100)
	read, err := person.Read(shown)
	if got := string(shown[:read]); err != nil || strings.Contains(got, "bh_one") || !strings.Contains(got, ".") {
		t.Errorf("the terminal shows %q, %v", got, err)
	}
}
