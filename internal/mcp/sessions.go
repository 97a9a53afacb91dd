package mcp

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	browserhook "github.com/browserhook/browserhook/client"
)

// ID names the session of a call.
type ID struct {
	SessionID string `json:"sessionId,omitempty" jsonschema:"The session; the one that was opened last by default."`
}

// ended is why a session runs no steps, in a line.
func ended(s *browserhook.Session) string {
	text := "session_ended: the session is " + string(s.Status)
	if s.CloseReason != "" {
		text += ", for the reason " + string(s.CloseReason)
	}
	if s.Error != nil {
		text += "; " + s.Error.Error()
	}
	return text + "; open another"
}

type openInput struct {
	URL         string            `json:"url,omitempty" jsonschema:"Opened first."`
	SessionID   string            `json:"sessionId,omitempty" jsonschema:"Go on with this session instead of a new one."`
	Browser     string            `json:"browser,omitempty" jsonschema:"shell is quick and light, the default; chromium is the whole browser."`
	Width       int               `json:"width,omitempty" jsonschema:"Of the window, in CSS pixels."`
	Height      int               `json:"height,omitempty"`
	Locale      string            `json:"locale,omitempty" jsonschema:"Such as de-DE."`
	Timezone    string            `json:"timezone,omitempty" jsonschema:"Such as Europe/Berlin."`
	Timeout     string            `json:"timeout,omitempty" jsonschema:"Longest life, 1s to 24h; 30m by default."`
	IdleTimeout string            `json:"idleTimeout,omitempty" jsonschema:"Longest time without a step, 1s to 24h; 5m by default."`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Options     map[string]any    `json:"options,omitempty" jsonschema:"Other members of POST /v1/sessions: proxy, userAgent, headers, geolocation, …"`
	Keep        bool              `json:"keep,omitempty" jsonschema:"The session stays when this client leaves, until its own timeouts."`
}

type opened struct {
	SessionID   string `json:"sessionId"`
	Status      string `json:"status"`
	LiveURL     string `json:"liveUrl" jsonschema:"Where people watch; it takes no input."`
	URL         string `json:"url,omitempty"`
	Title       string `json:"title,omitempty"`
	Timeout     string `json:"timeout"`
	IdleTimeout string `json:"idleTimeout"`
	Problem     string `json:"problem,omitempty" jsonschema:"Why its address could not be opened."`
}

func (s *Server) sessionTools() {
	add(s, &sdk.Tool{
		Name: "open_session", Description: "Start a browser of its own, or go on with a session. The other tools then use it.",
		Annotations: hints("Open a session", sdk.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &yes}),
	}, func(in *jsonschema.Schema) { enum(in, "browser", "shell", "chromium") }, (*call).open)
	add(s, &sdk.Tool{
		Name: "list_sessions", Description: "The project's sessions, newest first.",
		Annotations: hints("List sessions", listing),
	}, func(in *jsonschema.Schema) {
		enum(in, "status", "QUEUED", "STARTING", "READY", "CLOSING", "CLOSED", "FAILED")
	}, (*call).sessions)
	add(s, &sdk.Tool{
		Name: "hand_over", Description: "Make a link by which a person uses the browser, for what is theirs to do: a login, a captcha, a payment. Give them the link and the reason. With until it waits until that is so, and ends the link.",
		Annotations: hints("Hand over to a person", sdk.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &yes}),
	}, nil, (*call).handOver)
	add(s, &sdk.Tool{
		Name: "close_session", Description: "End a session and its browser. What it made (files, events) can still be read.",
		Annotations: hints("Close a session", sdk.ToolAnnotations{DestructiveHint: &yes, IdempotentHint: true, OpenWorldHint: &no}),
	}, nil, (*call).close)
}

func (c *call) open(in openInput) (result[opened], error) {
	s := c.api.Session(in.SessionID)
	made := in.SessionID == ""
	if made {
		body := maps.Clone(in.Options)
		if body == nil {
			body = map[string]any{}
		}
		for name, v := range map[string]string{"browser": in.Browser, "locale": in.Locale, "timezone": in.Timezone, "timeout": in.Timeout, "idleTimeout": in.IdleTimeout} {
			if v != "" {
				body[name] = v
			}
		}
		if in.Width != 0 || in.Height != 0 {
			body["viewport"] = map[string]int{"width": in.Width, "height": in.Height}
		}
		if in.Metadata != nil {
			body["metadata"] = in.Metadata
		}
		// The options are the API's, whatever this version knows of them.
		var fresh browserhook.Session
		if err := c.api.Call(browserhook.WithIdempotencyKey(c.ctx, "mcp-"+rand.Text()), http.MethodPost, "/v1/sessions", body, &fresh); err != nil {
			return result[opened]{}, err
		}
		s = c.api.Session(fresh.SessionID)
		s.StreamingURL, s.Timeout, s.IdleTimeout = fresh.StreamingURL, fresh.Timeout, fresh.IdleTimeout
	} else if err := known(in.SessionID); err != nil {
		return result[opened]{}, err
	} else if err := s.Refresh(c.ctx); err != nil {
		return result[opened]{}, err
	} else if s.Status != browserhook.SessionReady && s.Status != browserhook.SessionQueued && s.Status != browserhook.SessionStarting {
		return result[opened]{}, errors.New(ended(s))
	}
	c.client.use(s.SessionID, made && !in.Keep)
	out := opened{SessionID: s.SessionID, LiveURL: s.StreamingURL, Timeout: s.Timeout, IdleTimeout: s.IdleTimeout}
	first := step{"action": "tab"}
	if in.URL != "" {
		first = step{"action": "goto", "url": in.URL}
	}
	runs, err := c.run(s, "", first)
	if err != nil {
		return result[opened]{}, err
	}
	if err := s.Refresh(c.ctx); err != nil {
		return result[opened]{}, err
	}
	if s.Status != browserhook.SessionReady {
		return result[opened]{}, errors.New(ended(s))
	}
	out.Status = string(s.Status)
	if len(runs) == 1 && runs[0].Status != browserhook.StepCompleted {
		out.Problem = failure(s.SessionID, &runs[0])
	} else if len(runs) == 1 {
		out.URL, out.Title = where(runs[0].Result)
	}
	return result[opened]{data: out, text: out.text(), failure: out.Problem != ""}, nil
}

func (o *opened) text() string {
	text := fmt.Sprintf("Session %s is %s. It ends after %s, or after %s without a step.\nLive: %s", o.SessionID, o.Status, o.Timeout, o.IdleTimeout, o.LiveURL)
	if o.URL != "" {
		text += fmt.Sprintf("\nPage: %s %q", o.URL, o.Title)
	}
	if o.Problem != "" {
		text += "\n" + o.Problem
	}
	return text
}

// where is the page that a step's result tells of, or the current one of its tabs.
func where(raw json.RawMessage) (address, title string) {
	type page struct {
		URL     string `json:"url"`
		Title   string `json:"title"`
		Current bool   `json:"current"`
	}
	var r struct {
		page
		Tab  *page  `json:"tab"`
		Tabs []page `json:"tabs"`
	}
	_ = json.Unmarshal(raw, &r)
	if r.Tab != nil {
		return r.Tab.URL, r.Tab.Title
	}
	for _, t := range r.Tabs {
		if t.Current {
			return t.URL, t.Title
		}
	}
	return r.URL, r.Title
}

type listInput struct {
	Status string `json:"status,omitempty" jsonschema:"Only those in this state."`
	Limit  int    `json:"limit,omitempty" jsonschema:"At most so many, 1 to 100; 10 by default."`
	Cursor string `json:"cursor,omitempty" jsonschema:"nextCursor of the list before."`
}

type listed struct {
	SessionID   string            `json:"sessionId"`
	Status      string            `json:"status"`
	URL         string            `json:"url,omitempty" jsonschema:"The first address."`
	CreatedAt   string            `json:"createdAt"`
	CloseReason string            `json:"closeReason,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Current     bool              `json:"current,omitempty" jsonschema:"The one that tools use."`
}

type sessionList struct {
	Sessions   []listed `json:"sessions"`
	NextCursor string   `json:"nextCursor,omitempty"`
}

func (c *call) sessions(in listInput) (result[sessionList], error) {
	page, err := c.api.Sessions.Page(c.ctx, browserhook.ListSessionsParams{Status: browserhook.SessionStatus(in.Status), Cursor: in.Cursor, Limit: cmp.Or(in.Limit, 10)})
	if err != nil {
		return result[sessionList]{}, err
	}
	out := sessionList{Sessions: make([]listed, len(page.Data)), NextCursor: page.NextCursor}
	for i, s := range page.Data {
		out.Sessions[i] = listed{s.SessionID, string(s.Status), s.URL, stamp(s.CreatedAt), string(s.CloseReason), s.Metadata, s.SessionID == c.client.session()}
	}
	return result[sessionList]{data: out}, nil
}

type handInput struct {
	ID
	Reason    string `json:"reason" jsonschema:"What the person is to do."`
	ExpiresIn string `json:"expiresIn,omitempty" jsonschema:"How long the link works; 10m by default."`
	Until     step   `json:"until,omitempty" jsonschema:"What to wait for, as the members of the step waitFor: url, target, state, expression."`
	Timeout   string `json:"timeout,omitempty" jsonschema:"How long until is waited for, up to 10m; 5m by default."`
}

type handed struct {
	SessionID string `json:"sessionId"`
	Link      string `json:"link" jsonschema:"For the person: mouse and keyboard go to the page."`
	Reason    string `json:"reason"`
	ExpiresAt string `json:"expiresAt,omitempty"`
	Done      bool   `json:"done" jsonschema:"What was waited for has come true."`
	Problem   string `json:"problem,omitempty"`
}

func (c *call) handOver(in handInput) (result[handed], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[handed]{}, err
	}
	link, err := session.Live(c.ctx, browserhook.CreateStreamRequest{Mode: browserhook.StreamControl, ExpiresIn: cmp.Or(in.ExpiresIn, "10m")})
	if err != nil {
		return result[handed]{}, err
	}
	out := handed{SessionID: session.SessionID, Link: link.StreamingURL, Reason: in.Reason, ExpiresAt: stamp(link.ExpiresAt)}
	text := fmt.Sprintf("Give the person this link: %s\nWhat they are to do: %s", out.Link, in.Reason)
	if in.Until == nil {
		return result[handed]{data: out, text: text + "\nThen wait, or take a snapshot, to see whether it is done."}, nil
	}
	c.ask(in.Reason, link.StreamID, out.Link)
	wait := maps.Clone(in.Until)
	wait["action"], wait["timeout"] = "waitFor", cmp.Or(in.Timeout, "5m")
	c.progress(0, 1, "A person is needed: "+in.Reason+" "+out.Link)
	_, err = c.done(session, wait)
	if err != nil {
		if c.ctx.Err() != nil {
			return result[handed]{}, err
		}
		out.Problem = explained(err).Error()
		return result[handed]{data: out, text: text + "\nIt is not done: " + out.Problem, failure: true}, nil
	}
	out.Done = true
	_ = session.RevokeLive(c.ctx, link.StreamID)
	return result[handed]{data: out, text: "It is done: " + in.Reason}, nil
}

// ask shows a person the link, where the client can do that.
func (c *call) ask(reason, id, link string) {
	p := c.req.Session.InitializeParams()
	if p == nil || p.Capabilities == nil || p.Capabilities.Elicitation == nil || p.Capabilities.Elicitation.URL == nil {
		return
	}
	_, _ = c.req.Session.Elicit(c.ctx, &sdk.ElicitParams{Mode: "url", Message: reason, URL: link, ElicitationID: id})
}

type closeInput struct {
	ID
}

type closed struct {
	SessionID   string `json:"sessionId"`
	Status      string `json:"status"`
	CloseReason string `json:"closeReason,omitempty"`
}

func (c *call) close(in closeInput) (result[closed], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[closed]{}, err
	}
	if err := session.Close(c.ctx); err != nil {
		return result[closed]{}, err
	}
	c.client.forget(session.SessionID)
	status := string(session.Status)
	return result[closed]{data: closed{session.SessionID, status, string(session.CloseReason)}, text: "Session " + session.SessionID + " is " + strings.ToLower(status) + "."}, nil
}
