// Package listen follows a server's log of events and forwards each to an
// address of the developer's machine, signed as a server signs. Nothing but
// the two of them takes part: there is no relay.
package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Config says what to follow and where to forward it.
type Config struct {
	Server  *browserhook.Client // which makes each call once: who waits is told
	Events  []string            // types; none: all
	Session string              // "": every session
	Since   string              // an event's id, or "beginning"; "": from now on
	Forward string
	Sender  *sender.Sender
	Out     io.Writer
}

// again is how long after a server wasn't there it is asked again, before it has ever been.
const again = time.Second

// Run follows and forwards until ctx ends. A server that is away is waited
// for; one that refuses is an error.
func Run(ctx context.Context, c Config) error {
	for {
		err := c.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to end
		}
		refused, answered := errors.AsType[*browserhook.Error](err)
		switch {
		case answered && refused.Code == "cursor_expired" && c.Since != browserhook.Beginning:
			terminal.Println(c.Out, terminal.Odd.Render(fmt.Sprintf("Some events after %s are lost: the server deleted them for their age. Going on with the oldest that it has.", terminal.Clean(c.Since))))
			c.Since = browserhook.Beginning
			continue
		case answered && refused.Status < http.StatusInternalServerError && !refused.Temporary():
			return refused
		}
		c.connection(err)
		timer := time.NewTimer(again)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// follow forwards events until ctx ends, or the server refuses them, or isn't there to
// begin with; c.Since is the last that was.
func (c *Config) follow(ctx context.Context) error {
	of := browserhook.FollowParams{After: c.Since, SessionID: c.Session, Types: c.Events, Connection: c.connection}
	for e, err := range c.Server.Events.Follow(ctx, of) {
		if err != nil {
			return err
		}
		forward(ctx, *c, e)
		c.Since = e.ID
	}
	return nil
}

// connection says that there is one, or that it was lost.
func (c *Config) connection(lost error) {
	if lost == nil {
		terminal.Println(c.Out, terminal.Soft.Render("Connected."))
		return
	}
	terminal.Println(c.Out, terminal.Odd.Render(fmt.Sprintf("Not connected to %s: %s. Trying again.", c.Server.URL(), terminal.Clean(strings.TrimSuffix(sender.Plain(lost).Error(), ".")))))
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
func forward(ctx context.Context, c Config, e browserhook.Event) {
	now := time.Now()
	header, err := c.Sender.Header(e.ID, now, e.Raw)
	var answer sender.Answer
	if err == nil {
		within, cancel := linger(ctx, grace)
		defer cancel()
		answer, err = c.Sender.Post(within, c.Forward, header, e.Raw)
	}
	terminal.Println(c.Out, fmt.Sprintf("%s  %s %7s %s", terminal.Clock(now), terminal.Status(answer.Status), terminal.Took(answer.Took), terminal.Event(e)))
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
