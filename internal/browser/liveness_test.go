package browser

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestABrowserThatHangsIsFound within ten seconds of its use if it does nothing,
// later if it works, and never if it answers, or isn't used.
func TestABrowserThatHangsIsFound(t *testing.T) {
	works := uint64(0)
	for name, tt := range map[string]struct {
		look    func() work
		unused  bool
		answers bool
		after   time.Duration // 0: it isn't found
	}{
		"stopped":            {look: func() work { return work{known: true, stopped: true, running: true} }, after: askAfter + lookAfter + idleFor},
		"idle":               {look: func() work { return work{known: true, time: 7} }, after: askAfter + lookAfter + idleFor},
		"waits for a disk":   {look: func() work { return work{known: true, running: true} }, after: askAfter + lookAfter + 6*idleFor},
		"works":              {look: func() work { works++; return work{known: true, time: works} }, after: askAfter + lookAfter + 6*idleFor},
		"can't be looked at": {look: func() work { return work{} }, after: askAfter + lookAfter + 6*idleFor},
		"answers":            {look: func() work { return work{known: true} }, answers: true},
		"nobody has used it": {look: func() work { return work{known: true} }, unused: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
				go answering(theirs, func(m asks) string { // this alone, if at all
					if tt.answers && m.Method == "Browser.getVersion" {
						return fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID)
					}
					return ""
				})
				began := time.Now()
				found := make(chan time.Duration, 1)
				conn.Go(func() {
					if hangs(conn, tt.look) {
						found <- time.Since(began)
					}
				})
				if !tt.unused {
					if _, err := conn.Send("", "Runtime.evaluate", nil); err != nil {
						t.Fatal(err)
					}
				}
				select {
				case after := <-found:
					if after != tt.after {
						t.Errorf("found after %s, want %s", after, tt.after)
					}
				case <-time.After(time.Hour):
					if tt.after != 0 {
						t.Error("it is not found")
					}
				}
				conn.Close()
				theirs.Close()
				conn.Wait()
			})
		})
	}
}

// TestABrowserThatNobodyUsedIsThere: how long it said nothing before it is used says
// nothing, and what it does is looked at only when its answer is late.
func TestABrowserThatNobodyUsedIsThere(t *testing.T) {
	for _, idle := range []time.Duration{askAfter, usedFor, 2 * busyFor, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
			go answering(theirs, func(m asks) string {
				time.Sleep(20 * time.Millisecond)
				return fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID)
			})
			hung := make(chan bool, 1)
			conn.Go(func() {
				hung <- hangs(conn, func() work {
					t.Error("it is looked at")
					return work{}
				})
			})
			for range 3 {
				if _, err := conn.Send("", "Runtime.evaluate", nil); err != nil {
					t.Fatal(err)
				}
				time.Sleep(idle)
			}
			conn.Close()
			theirs.Close()
			conn.Wait()
			if <-hung {
				t.Errorf("after %s it is found to hang", idle)
			}
		})
	}
}

// TestWorkOfAProcess is read from the kernel.
func TestWorkOfAProcess(t *testing.T) {
	if w := workOf(os.Getpid()); !w.known || w.stopped {
		t.Errorf("of this one: %+v", w)
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); !workOf(cmd.Process.Pid).stopped; {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("of one that is stopped: %+v", workOf(cmd.Process.Pid))
		}
	}
	if w := workOf(0); w.known {
		t.Errorf("of none: %+v", w)
	}
}
