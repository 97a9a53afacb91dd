package commands

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/terminal"
)

// progress is a line on a terminal that says how far something long is, and is gone when it
// is over. Elsewhere it is nothing.
type progress struct {
	out   io.Writer // nil: nobody looks
	began time.Time
}

func begin() *progress {
	p := &progress{began: time.Now()}
	if forPeople(os.Stderr) {
		p.out = os.Stderr
	}
	return p
}

// soon is how long nothing is said: what is quick needs no words.
const soon = 300 * time.Millisecond

func (p *progress) say(format string, args ...any) {
	if took := time.Since(p.began); p.out != nil && took >= soon {
		fmt.Fprintf(p.out, "\r\x1b[K%s, %s", terminal.Clean(fmt.Sprintf(format, args...)), took.Round(time.Second))
	}
}

// while says the same until something is done.
func (p *progress) while(what string, do func() error) error {
	if p.out == nil {
		return do()
	}
	done := make(chan struct{})
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(soon)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.say("%s", what)
			case <-done:
				return
			}
		}
	})
	err := do()
	close(done)
	saying.Wait()
	return err
}

func (p *progress) end() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
