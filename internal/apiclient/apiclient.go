// Package apiclient calls a server's API for the commands that work with one
// that may be on another machine.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/sender"
)

// maxAnswer is more than any answer that the commands ask for.
const maxAnswer = 1 << 20

// Client calls one server with one key.
type Client struct {
	URL    string
	Key    string
	client *http.Client
}

// New makes a client; timeout bounds the time until an answer begins.
func New(url, key string, timeout time.Duration) *Client {
	return &Client{URL: strings.TrimSuffix(url, "/"), Key: key, client: &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: timeout},
	}}
}

// Close ends the connections that are kept for the next call.
func (c *Client) Close() { c.client.CloseIdleConnections() }

// Get asks for a path below /v1 and returns the answer, whatever its status.
func (c *Client) Get(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	return c.send(ctx, http.MethodGet, path, nil, header)
}

// Do sends in as JSON, unless it is nil, and reads the answer into out, unless
// that is nil. An answer that isn't 2xx is a *RefusedError.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	return c.do(ctx, method, path, http.Header{}, in, out)
}

// Make is Do with a POST that makes something: of all calls with one key, which
// isn't used for anything else, only one makes it, and each gets its answer.
func (c *Client) Make(ctx context.Context, path, key string, in, out any) error {
	return c.do(ctx, http.MethodPost, path, http.Header{"Idempotency-Key": {key}}, in, out)
}

func (c *Client) do(ctx context.Context, method, path string, header http.Header, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		header.Set("Content-Type", "application/json")
	}
	res, err := c.send(ctx, method, path, body, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return Refusal(res)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return sender.Plain(err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return &RefusedError{Status: res.StatusCode, Detail: "and nothing that can be read: " + isItOurs}
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, body []byte, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	res, err := c.client.Do(req)
	if err != nil {
		return nil, sender.Plain(err)
	}
	return res, nil
}

// RefusedError is a server's answer that isn't what was asked for.
type RefusedError struct {
	Status int
	Code   string // of a problem of RFC 9457
	Field  string // of the request, that is wrong; "": none is named
	Detail string
}

func (e *RefusedError) Error() string {
	if e.Status == http.StatusUnauthorized {
		return "the server doesn't accept the key: is --key one of its API keys?"
	}
	return fmt.Sprintf("the server answers %d %s", e.Status, e.Detail)
}

// Final says whether asking again is of no use.
func (e *RefusedError) Final() bool {
	return e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout
}

const isItOurs = "is --url the address of a browserhook server?"

// Refusal reads what the server says, a problem of RFC 9457 as a rule.
func Refusal(res *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return sender.Plain(err)
	}
	e := &RefusedError{Status: res.StatusCode, Detail: http.StatusText(res.StatusCode)}
	var problem struct {
		Code, Detail string
		Errors       []struct{ Field string }
	}
	switch {
	case json.Unmarshal(raw, &problem) == nil && problem.Detail != "":
		e.Code, e.Detail = problem.Code, problem.Detail
		if len(problem.Errors) > 0 {
			e.Field = problem.Errors[0].Field
		}
	case res.StatusCode == http.StatusOK:
		e.Detail = "and not what was asked for: " + isItOurs
	case e.Final():
		e.Detail += ": " + isItOurs
	}
	return e
}

const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// Pause is how long to wait after so many failures in a row: it doubles, and a
// random part keeps clients from coming back all at once.
func Pause(failures int) time.Duration { return pause(failures, rand.Float64()) }

func pause(failures int, random float64) time.Duration {
	d := firstPause << min(failures, 10)
	return time.Duration(float64(min(d, longestPause)) * (0.75 + random/2))
}
