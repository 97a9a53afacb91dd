// Package listen follows a server's log of events and forwards each to an
// address of the developer's machine, signed as a server signs. Nothing but
// the two of them takes part: there is no relay.
package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/apiclient"
	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Config says what to follow and where to forward it.
type Config struct {
	URL     string // of the server
	Key     string
	Events  []string // types; none: all
	Session string   // "": every session
	Since   string   // an event's id, or "beginning"; "": from now on
	Forward string
	Sender  *sender.Sender
	Out     io.Writer
}

// Run follows and forwards until ctx ends. A server that is away is waited
// for; one that refuses is an error.
func Run(ctx context.Context, c Config) error {
	f := newFollower(c)
	defer f.client.Close()
	for failures := 0; ; failures++ {
		heard := false
		err := f.once(ctx, func() {
			heard = true
			terminal.Println(c.Out, terminal.Soft.Render("Connected."))
		}, func(id, body string) { forward(ctx, c, id, []byte(body)) })
		if ctx.Err() != nil {
			return nil
		}
		if refused, ok := errors.AsType[*apiclient.RefusedError](err); ok {
			if overtaken(refused) && f.last != beginning {
				terminal.Println(c.Out, terminal.Odd.Render(fmt.Sprintf("Some events after %s are lost: the server deleted them for their age. Going on with the oldest that it has.", terminal.Clean(f.last))))
				f.last = beginning
				continue
			}
			if refused.Final() {
				return refused
			}
		}
		if heard {
			failures = 0
		}
		pause := apiclient.Pause(failures)
		terminal.Println(c.Out, terminal.Odd.Render(fmt.Sprintf("Not connected to %s: %s. Trying again in %s.", c.URL, terminal.Clean(err.Error()), terminal.Took(pause))))
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// grace is how long an event that is under way may take when all else ends, so
// that what became of it is seen.
const grace = 2 * time.Second

// linger is a context that ends some time after ctx, or by the function, which
// leaves nothing behind.
func linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var lingering sync.WaitGroup
	lingering.Go(func() {
		select {
		case <-ctx.Done():
		case <-longer.Done():
			return
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { cancel(); lingering.Wait() }
}

// forward sends one event on and shows what came of it.
func forward(ctx context.Context, c Config, id string, body []byte) {
	now := time.Now()
	header, err := c.Sender.Header(id, now, body)
	var answer sender.Answer
	if err == nil {
		within, cancel := linger(ctx, grace)
		defer cancel()
		answer, err = c.Sender.Post(within, c.Forward, header, body)
	}
	what := "  " + terminal.Clean(id)
	if e, err := webhook.Parse(body); err == nil {
		what = terminal.Event(e)
	}
	terminal.Println(c.Out, fmt.Sprintf("%s  %s %7s %s", terminal.Clock(now), terminal.Status(answer.Status), terminal.Took(answer.Took), what))
	text := strings.TrimSpace(string(answer.Body))
	switch {
	case err != nil:
		text = err.Error()
	case answer.Status/100 == 2:
		return
	}
	if text != "" {
		terminal.Println(c.Out, indent+terminal.Bad.Render(terminal.Clean(text)))
	}
}

// indent is where the text of a line begins, below its time, status and duration.
const indent = "                             "
