package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Object is a JSON object as a test looks at it.
type Object map[string]any

// String is a member that must be text; "" when it isn't there.
func (o Object) String(name string) string { s, _ := o[name].(string); return s }

// List is a member that must be a list of objects.
func (o Object) List(name string) []Object {
	raw, _ := o[name].([]any)
	list := make([]Object, 0, len(raw))
	for _, r := range raw {
		if m, ok := r.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// Client calls the API of one server.
type Client struct {
	URL string
	Key string
	// Header is sent with every request, beside the key.
	Header http.Header
}

// Client is for the server's first key.
func (s *Server) Client() *Client { return &Client{URL: s.URL, Key: Key} }

// StatusError is an answer that isn't 2xx.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// With is the client with one more header.
func (c *Client) With(name, value string) *Client {
	d := *c
	d.Header = c.Header.Clone()
	if d.Header == nil {
		d.Header = http.Header{}
	}
	d.Header.Set(name, value)
	return &d
}

// Do sends body as JSON (nil: none) and reads the answer's object.
func (c *Client) Do(ctx context.Context, method, path string, body any) (Object, error) {
	var send io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		send = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, send)
	if err != nil {
		return nil, err
	}
	for name, values := range c.Header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, &StatusError{Status: res.StatusCode, Body: string(raw)}
	}
	var got Object
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &got); err != nil {
			return nil, fmt.Errorf("%s %s answered no JSON object: %w", method, path, err)
		}
	}
	return got, nil
}

// All reads every page of a list.
func (c *Client) All(ctx context.Context, path string) ([]Object, error) {
	sep := "?"
	if bytes.ContainsRune([]byte(path), '?') {
		sep = "&"
	}
	var all []Object
	cursor := ""
	for range 10_000 {
		page, err := c.Do(ctx, http.MethodGet, path+sep+"limit=100"+cursor, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, page.List("data")...)
		next := page.String("nextCursor")
		if next == "" {
			return all, nil
		}
		cursor = "&cursor=" + next
	}
	return nil, fmt.Errorf("%s has no end", path)
}

// WaitSession asks until the session is in one of the states, or gives up.
func (c *Client) WaitSession(ctx context.Context, id string, states ...string) (Object, error) {
	var got Object
	err := Until(ctx, func() (bool, error) {
		var err error
		if got, err = c.Do(ctx, http.MethodGet, "/v1/sessions/"+id, nil); err != nil {
			return false, err
		}
		for _, s := range states {
			if got.String("status") == s {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return got, fmt.Errorf("session %s is %s, waited for %v: %w", id, got.String("status"), states, err)
	}
	return got, nil
}

// Until asks check again and again until it is true, at most for Deadline. It
// is for what only polling can tell: another process, the kernel's tables.
func Until(ctx context.Context, check func() (bool, error)) error {
	return UntilWithin(ctx, Deadline, check)
}

// UntilWithin is Until for what takes another time.
func UntilWithin(ctx context.Context, limit time.Duration, check func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %s", limit))
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := check(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
