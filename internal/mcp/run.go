package mcp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/apiclient"
)

// Steps, run through the API.

type step = map[string]any

// stepView is a step as the API tells it.
type stepView struct {
	StepID string          `json:"stepId"`
	Index  int             `json:"index"`
	Action string          `json:"action"`
	Status string          `json:"status"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		WaitedFor  string `json:"waitedFor"`
		Seen       string `json:"seen"`
		ArtifactID string `json:"artifactId"`
	} `json:"error"`
}

func (s *stepView) ended() bool {
	return s.Status != "PENDING" && s.Status != "RUNNING" && s.Status != "WAITING"
}

const (
	// waits is how long one request waits for steps, and tells how long if the caller
	// wants to know how far they are.
	waits = 60 * time.Second
	tells = time.Second
	// cancelWithin is how long it may take to cancel the steps of a call that is given up.
	cancelWithin = 5 * time.Second
	// patience is how often in a row a server may not answer before a call is given up:
	// one that is restarted goes on with its sessions.
	patience = 6
)

// run runs steps in a session and waits until all have ended. When the call is canceled
// it cancels them.
func (c *call) run(session, onError string, steps ...step) ([]stepView, error) {
	body := map[string]any{"steps": steps}
	if onError != "" {
		body["onError"] = onError
	}
	key := "mcp-" + rand.Text()
	var views []stepView
	wait, failures := time.Duration(0), 0
	for {
		header, began := http.Header{"Idempotency-Key": {key}}, time.Now()
		if wait > 0 { // the same request again has made what it made, and waits
			header.Set("Prefer", fmt.Sprintf("wait=%d", wait/time.Second))
		}
		some, done, err := c.steps(session, header, body)
		switch {
		case err == nil:
			views, failures = some, 0
		case c.ctx.Err() != nil:
			c.cancel(session, views)
			return nil, context.Cause(c.ctx)
		case final(err) || failures >= patience:
			return nil, err
		default:
			failures++
		}
		if done {
			return c.whole(session, views, len(steps))
		}
		c.tell(views, len(steps))
		if failures > 0 || wait > 0 && time.Since(began) < wait/2 { // it doesn't wait: the server stops
			select {
			case <-time.After(apiclient.Pause(failures)):
			case <-c.ctx.Done():
			}
		}
		if wait = waits; c.req.Params.GetProgressToken() != nil {
			wait = tells
		}
	}
}

// steps posts steps, and says whether all have ended.
func (c *call) steps(session string, header http.Header, body any) (views []stepView, done bool, err error) {
	res, err := c.api.Send(c.ctx, http.MethodPost, at(session, "steps"), header, body)
	if err != nil {
		return nil, false, err
	}
	var page struct{ Data []stepView }
	status, err := read(res, &page)
	return page.Data, err == nil && status == http.StatusOK, err
}

// final says whether asking again is of no use.
func final(err error) bool {
	refused, ok := errors.AsType[*apiclient.RefusedError](err)
	return ok && refused.Final()
}

// whole reads the steps that an answer had no room for.
func (c *call) whole(session string, views []stepView, n int) ([]stepView, error) {
	for len(views) > 0 && len(views) < n {
		var page struct{ Data []stepView }
		path := fmt.Sprintf("%s?cursor=%d&limit=%d", at(session, "steps"), views[len(views)-1].Index, min(n-len(views), 100))
		if err := c.get(path, &page); err != nil || len(page.Data) == 0 {
			return views, err
		}
		views = append(views, page.Data...)
	}
	return views, nil
}

func (c *call) tell(views []stepView, n int) {
	done, now := 0, "waiting for the session"
	for i := range views {
		if views[i].ended() {
			done++
		} else if views[i].Status != "PENDING" {
			now = views[i].Action
		}
	}
	c.progress(done, n, fmt.Sprintf("%d of %d steps done; %s", done, n, now))
}

// cancel ends steps that nobody waits for any more, the last first, so that none begins.
func (c *call) cancel(session string, views []stepView) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), cancelWithin)
	defer cancel()
	for i := len(views) - 1; i >= 0; i-- {
		if !views[i].ended() {
			_ = c.api.Do(ctx, http.MethodPost, at(session, "steps", views[i].StepID, "cancel"), nil, nil)
		}
	}
}

// done is the one step's result, or why there is none.
func (c *call) done(session string, s step) (json.RawMessage, error) {
	views, err := c.run(session, "", s)
	if err != nil {
		return nil, err
	}
	if len(views) == 0 || views[0].Status != "COMPLETED" {
		return nil, c.why(session, views)
	}
	return views[0].Result, nil
}

// why says why a step has failed: in its own words or, if it never ran, its session's.
func (c *call) why(session string, views []stepView) error {
	if len(views) == 0 {
		return errors.New("the step is gone")
	}
	v := &views[0]
	if v.Error != nil && v.Status != "CANCELED" {
		return errors.New(v.failure(session))
	}
	var s sessionView
	if err := c.get(at(session), &s); err == nil && s.Status != "READY" {
		return errors.New(s.ended())
	}
	return errors.New("canceled: the step was canceled")
}

// failure is why a step failed, in a few lines.
func (s *stepView) failure(session string) string {
	e := s.Error
	if e == nil {
		return strings.ToLower(s.Status)
	}
	text := e.Code + ": " + e.Message
	if e.WaitedFor != "" {
		text += "\nwaited for: " + e.WaitedFor
	}
	if e.Seen != "" {
		text += "\nseen: " + e.Seen
	}
	if e.ArtifactID != "" {
		text += "\nthe page then: " + artifactURI(session, e.ArtifactID)
	}
	return text
}
