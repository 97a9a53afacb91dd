package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strconv"

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

// session is one as the API tells it.
type session struct {
	SessionID    string            `json:"sessionId"`
	Status       string            `json:"status"`
	StreamingURL string            `json:"streamingUrl"`
	ConnectURL   string            `json:"connectUrl"`
	URL          string            `json:"url"`
	Timeout      string            `json:"timeout"`
	IdleTimeout  string            `json:"idleTimeout"`
	Metadata     map[string]string `json:"metadata"`
	CloseReason  string            `json:"closeReason"`
	CreatedAt    string            `json:"createdAt"`
	ReadyAt      string            `json:"readyAt"`
	EndedAt      string            `json:"endedAt"`
	Queue        int               `json:"queuePosition"`
	Error        *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (s *session) why() string {
	if s.Error != nil {
		return s.Error.Code + ": " + s.Error.Message
	}
	return s.CloseReason
}

func (s *session) write(out io.Writer) {
	facts(out, "session", s.SessionID, "status", s.Status, "why", s.why(), "url", s.URL, "live", s.StreamingURL, "connect", s.ConnectURL,
		"timeout", s.Timeout, "idle timeout", s.IdleTimeout, "metadata", pairs(s.Metadata), "created", s.CreatedAt, "ready", s.ReadyAt, "ended", s.EndedAt)
}

func pairs(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	raw, _ := json.Marshal(m)
	return string(raw)
}

func sessionPath(id string, more ...string) string {
	path := "/sessions/" + url.PathEscape(id)
	for _, m := range more {
		path += "/" + url.PathEscape(m)
	}
	return path
}

// SessionCreate is the command.
type SessionCreate struct {
	Server
	Address     string            `arg:"" optional:"" name:"url" help:"Opened first."`
	Browser     string            `help:"shell (quick, the default) or chromium (the whole browser)." enum:"shell,chromium," default:"" placeholder:"NAME"`
	Timeout     string            `help:"Longest life, 1s to 24h. Default: 30m." placeholder:"TIME"`
	IdleTimeout string            `help:"Longest time without a step, 1s to 24h, 0s for none. Default: 5m." placeholder:"TIME"`
	Locale      string            `help:"Language, such as de-DE." placeholder:"LOCALE"`
	Timezone    string            `help:"Such as Europe/Berlin." placeholder:"ZONE"`
	Metadata    map[string]string `help:"Yours, with every event; can be given more than once." placeholder:"NAME=VALUE"`
	NoWait      bool              `help:"Don't wait until it is ready."`
}

// Run starts a session.
func (c *SessionCreate) Run(ctx context.Context, out io.Writer) error {
	body := map[string]any{}
	for name, v := range map[string]string{"url": c.Address, "browser": c.Browser, "timeout": c.Timeout, "idleTimeout": c.IdleTimeout, "locale": c.Locale, "timezone": c.Timezone} {
		if v != "" {
			body[name] = v
		}
	}
	if len(c.Metadata) > 0 {
		body["metadata"] = c.Metadata
	}
	var s session
	raw, err := c.call(ctx, http.MethodPost, "/sessions", once(), body, &s)
	if err != nil {
		return err
	}
	if !c.NoWait {
		// A step that does nothing runs when the session is ready and its address was opened.
		steps, err := c.run(ctx, s.SessionID, "continue", []step{{"action": "tab"}}, nil)
		if err != nil {
			return err
		}
		if raw, err = c.call(ctx, http.MethodGet, sessionPath(s.SessionID), nil, nil, &s); err != nil {
			return err
		}
		if len(steps) > 0 && steps[0].Status != "COMPLETED" {
			return &Error{exitRefused, fmt.Errorf("%s is %s: %s", s.SessionID, s.Status, s.why())}
		}
	}
	if c.JSON {
		return printJSON(out, raw)
	}
	if !forPeople(out) { // $(browserhook session create) is an id
		_, err := fmt.Fprintln(out, s.SessionID)
		return err
	}
	s.write(out)
	return nil
}

// SessionList is the command.
type SessionList struct {
	Server
	Status string `help:"Only those in this state." enum:"QUEUED,STARTING,READY,CLOSING,CLOSED,FAILED," default:"" placeholder:"STATE"`
	Limit  int    `help:"At most so many." default:"20" placeholder:"N"`
}

// Run lists sessions.
func (c *SessionList) Run(ctx context.Context, out io.Writer) error {
	q := url.Values{}
	if c.Status != "" {
		q.Set("status", c.Status)
	}
	return list(ctx, &c.Server, out, "/sessions", q, c.Limit, "There are no sessions.", []string{"SESSION", "STATUS", "CREATED", "WHY", "URL"}, func(s session) []string {
		return []string{s.SessionID, s.Status, when(s.CreatedAt), s.CloseReason, s.URL}
	})
}

// list prints so many of a list of the API, page by page.
func list[T any](ctx context.Context, s *Server, out io.Writer, path string, q url.Values, limit int, none string, head []string, row func(T) []string) error {
	t := table{head: head}
	var all []json.RawMessage
	for limit > 0 {
		var page struct {
			Data       []json.RawMessage `json:"data"`
			NextCursor string            `json:"nextCursor"`
		}
		q.Set("limit", strconv.Itoa(min(limit, 100)))
		if _, err := s.call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, nil, &page); err != nil {
			return err
		}
		all = append(all, page.Data...)
		limit -= len(page.Data)
		if page.NextCursor == "" {
			break
		}
		q.Set("cursor", page.NextCursor)
	}
	if s.JSON {
		raw, err := json.Marshal(all)
		if len(all) == 0 {
			raw = []byte("[]")
		}
		if err != nil {
			return err
		}
		return printJSON(out, raw)
	}
	for _, raw := range all {
		var one T
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		t.add(row(one)...)
	}
	return t.write(out, none)
}

// SessionShow is the command.
type SessionShow struct {
	Server
	ID string `arg:"" name:"session" help:"Its id."`
}

// Run shows a session.
func (c *SessionShow) Run(ctx context.Context, out io.Writer) error {
	var s session
	raw, err := c.call(ctx, http.MethodGet, sessionPath(c.ID), nil, nil, &s)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, raw)
	}
	s.write(out)
	return nil
}

// SessionOpen is the command.
type SessionOpen struct {
	Server
	ID        string `arg:"" name:"session" help:"Its id."`
	Control   bool   `help:"The page takes mouse and keyboard."`
	ExpiresIn string `help:"How long the link works, 1s to 24h. Default: as long as the session." placeholder:"TIME"`
	Print     bool   `help:"Only print the link."`
}

// Run makes a link and opens it, where there is a browser to open it in.
func (c *SessionOpen) Run(ctx context.Context, out io.Writer) error {
	body := map[string]any{"mode": "view"}
	if c.Control {
		body["mode"] = "control"
	}
	if c.ExpiresIn != "" {
		body["expiresIn"] = c.ExpiresIn
	}
	var link struct {
		StreamingURL string `json:"streamingUrl"`
	}
	raw, err := c.call(ctx, http.MethodPost, sessionPath(c.ID, "streams"), once(), body, &link)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, raw)
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
	Server
	IDs []string `arg:"" name:"session" help:"Their ids."`
}

// Run ends sessions; all that can be are.
func (c *SessionEnd) Run(ctx context.Context, out io.Writer) error {
	var failed error
	for _, id := range c.IDs {
		var s session
		raw, err := c.call(ctx, http.MethodDelete, sessionPath(id), nil, nil, &s)
		switch {
		case err != nil:
			if failed == nil {
				failed = err
			} else {
				failed = errors.Join(failed, err)
			}
		case c.JSON:
			err = printJSON(out, raw)
		default:
			_, err = fmt.Fprintf(out, "%s %s\n", s.SessionID, s.Status)
		}
		if err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}
