package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Session is the commands for sessions.
type Session struct {
	Create SessionCreate `cmd:"" help:"Start a browser, and wait until it is ready."`
	List   SessionList   `cmd:"" help:"List sessions, newest first."`
	Show   SessionShow   `cmd:"" help:"Show a session."`
	Open   SessionOpen   `cmd:"" help:"Open the live page of a session, and print its address."`
	End    SessionEnd    `cmd:"" help:"End sessions."`
}

func rawSession(s *browserhook.Session) json.RawMessage { return s.Raw }

// why says why a session is as it is.
func why(s *browserhook.Session) string {
	if s.Error != nil {
		return s.Error.Error()
	}
	return string(s.CloseReason)
}

func writeSession(out io.Writer, s *browserhook.Session) {
	place := ""
	if s.QueuePosition > 0 {
		place = strconv.Itoa(s.QueuePosition)
	}
	facts(out, "session", s.SessionID, "status", string(s.Status), "why", why(s), "place", place, "url", s.URL, "live", s.StreamingURL, "connect", s.ConnectURL,
		"timeout", s.Timeout, "idle timeout", s.IdleTimeout, "metadata", pairs(s.Metadata), "created", stamp(s.CreatedAt), "ready", stamp(s.ReadyAt), "ended", stamp(s.EndedAt))
}

func pairs(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	raw, _ := json.Marshal(m)
	return string(raw)
}

// SessionCreate is the command.
type SessionCreate struct {
	Command
	Address     string            `arg:"" optional:"" name:"url" help:"Opened first."`
	Browser     string            `help:"shell (quick, the default) or chromium (the whole browser)." enum:"shell,chromium," default:"" placeholder:"NAME"`
	Timeout     string            `help:"Longest life, 1s to 24h. Default: 30m." placeholder:"TIME"`
	IdleTimeout string            `help:"Longest time without a step, 1s to 24h, 0s for none. Default: 5m." placeholder:"TIME"`
	Locale      string            `help:"Language, such as de-DE." placeholder:"LOCALE"`
	Timezone    string            `help:"Such as Europe/Berlin." placeholder:"ZONE"`
	Metadata    map[string]string `help:"Yours, with every event; can be given more than once." placeholder:"NAME=VALUE"`
	NoWait      bool              `help:"Don't wait until it is ready."`
}

// Help is what kong prints behind the rest.
func (*SessionCreate) Help() string {
	return examples(`browserhook session create https://example.com --metadata order=7`, `id=$(browserhook session create)`)
}

// Run starts a session.
func (c *SessionCreate) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	s, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{
		URL: c.Address, Browser: browserhook.BrowserProgram(c.Browser), Timeout: c.Timeout, IdleTimeout: c.IdleTimeout, Locale: c.Locale, Timezone: c.Timezone, Metadata: c.Metadata,
	})
	if err != nil {
		return Kind(err)
	}
	var failed error
	if !c.NoWait {
		failed = ready(ctx, s)
	}
	// Whatever became of it, there is a session, which is to be found and ended.
	switch {
	case c.JSON:
		err = printJSON(out, s.Raw)
	case forPeople(out):
		writeSession(out, s)
	default: // $(browserhook session create) is an id
		_, err = fmt.Fprintln(out, s.SessionID)
	}
	return errors.Join(failed, err)
}

// ready waits until a session has its browser, and until its address was opened, if it has
// one: by the step that the session itself begins with.
func ready(ctx context.Context, s *browserhook.Session) error {
	p := begin()
	defer p.end()
	return p.while(s.SessionID+" waits for its browser", func() error {
		if err := s.Ready(ctx); err != nil {
			if _, ok := errors.AsType[*browserhook.SessionEndedError](err); ok {
				return &Error{exitRefused, fmt.Errorf("%s is %s: %s", s.SessionID, s.Status, why(s))}
			}
			return Kind(err)
		}
		if s.URL == "" {
			return nil
		}
		for e, err := range s.Events(ctx) {
			switch {
			case err != nil:
				return Kind(err)
			case e.Type != "step" || e.Data.Index != 0 || e.Data.EventType == "step_started":
			case e.Data.EventType == "step_completed":
				return nil
			case e.Data.Error != nil:
				return &Error{exitStep, fmt.Errorf("%s couldn't open %s: %s", s.SessionID, terminal.Clean(s.URL), terminal.Clean(e.Data.Error.Error()))}
			default:
				return &Error{exitStep, fmt.Errorf("%s hasn't opened %s: the step was canceled", s.SessionID, terminal.Clean(s.URL))}
			}
		}
		return &Error{exitRefused, fmt.Errorf("%s ended before it had opened %s", s.SessionID, terminal.Clean(s.URL))}
	})
}

// SessionList is the command.
type SessionList struct {
	Command
	Status string `help:"Only those in this state." enum:"QUEUED,STARTING,READY,CLOSING,CLOSED,FAILED," default:"" placeholder:"STATE"`
	Limit  int    `help:"At most so many; 0 is all." default:"20" placeholder:"N"`
}

// Help is what kong prints behind the rest.
func (*SessionList) Help() string {
	return examples(`browserhook session list --status READY`, `browserhook session list --json --limit 500 | jq -r '.[].sessionId'`)
}

// Run lists sessions.
func (c *SessionList) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	of := client.Sessions.List(ctx, browserhook.ListSessionsParams{Status: browserhook.SessionStatus(c.Status), Limit: min(c.Limit, 100)})
	t := &table{head: []string{"SESSION", "STATUS", "CREATED", "WHY", "URL"}}
	return list(&c.Command, out, of, c.Limit, t, "There are no sessions.", rawSession, func(s *browserhook.Session) []string {
		return []string{s.SessionID, string(s.Status), when(s.CreatedAt), string(s.CloseReason), s.URL}
	})
}

// SessionShow is the command.
type SessionShow struct {
	Command
	ID string `arg:"" name:"session" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*SessionShow) Help() string {
	return examples(`browserhook session show browser_iwnx132n1`, `browserhook session show browser_iwnx132n1 --json | jq -r .connectUrl`)
}

// Run shows a session.
func (c *SessionShow) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Session, error) { return client.Sessions.Get(ctx, c.ID) }, rawSession, writeSession)
}

// SessionOpen is the command.
type SessionOpen struct {
	Command
	ID        string `arg:"" name:"session" help:"Its id."`
	Control   bool   `help:"The page takes mouse and keyboard."`
	ExpiresIn string `help:"How long the link works, 1s to 24h. Default: as long as the session." placeholder:"TIME"`
	Print     bool   `help:"Only print the link."`
}

// Help is what kong prints behind the rest.
func (*SessionOpen) Help() string {
	return examples(`browserhook session open browser_iwnx132n1`, `browserhook session open browser_iwnx132n1 --control --expires-in 10m --print`)
}

// Run makes a link and opens it, where there is a browser to open it in.
func (c *SessionOpen) Run(ctx context.Context, out io.Writer) error {
	s, err := c.session(c.ID)
	if err != nil {
		return err
	}
	mode := browserhook.StreamView
	if c.Control {
		mode = browserhook.StreamControl
	}
	link, err := s.Live(ctx, browserhook.CreateStreamRequest{Mode: mode, ExpiresIn: c.ExpiresIn})
	if err != nil {
		return Kind(err)
	}
	if c.JSON {
		return printJSON(out, link.Raw)
	}
	if _, err := fmt.Fprintln(out, link.StreamingURL); err != nil {
		return err
	}
	if !c.Print && forPeople(out) {
		opener := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
		if opener == "" {
			opener = "xdg-open"
		}
		if err := exec.CommandContext(ctx, opener, link.StreamingURL).Run(); err != nil {
			terminal.Println(out, terminal.Soft.Render("It can't be opened from here: "+opener+" says "+err.Error()))
		}
	}
	return nil
}

// SessionEnd is the command.
type SessionEnd struct {
	Command
	IDs []string `arg:"" name:"session" help:"Their ids."`
}

// Help is what kong prints behind the rest.
func (*SessionEnd) Help() string {
	return examples(`browserhook session end browser_iwnx132n1`, `browserhook session list --status READY | cut -f1 | xargs browserhook session end`)
}

// Run ends sessions; all that can be are.
func (c *SessionEnd) Run(ctx context.Context, out io.Writer) error {
	return each(c.IDs, func(id string) error {
		s, err := c.session(id)
		if err != nil {
			return err
		}
		if err := s.Close(ctx); err != nil {
			return Kind(err)
		}
		if c.JSON {
			return printJSON(out, s.Raw)
		}
		_, err = fmt.Fprintln(out, s.SessionID, s.Status)
		return err
	})
}

// each does something for each id, whatever becomes of the others. Its error has the code
// of the first.
func each(ids []string, do func(string) error) error {
	var failed error
	for _, id := range ids {
		switch err := do(id); {
		case failed == nil:
			failed = err
		case err != nil:
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// examples are command lines, for --help.
func examples(lines ...string) string { return "Examples:\n\n  " + strings.Join(lines, "\n  ") }
