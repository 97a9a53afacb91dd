package listen

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/browserhook/browserhook/internal/sender"
)

const (
	// silence is how long a stream may be quiet: the server beats every 15 s.
	silence = 45 * time.Second
	// maxEvent is more than any event that a server sends.
	maxEvent = 16 << 20
)

// RefusedError is a server's answer that isn't a stream.
type RefusedError struct {
	Status int
	Code   string // of a problem of RFC 9457
	Detail string
}

func (e *RefusedError) Error() string {
	if e.Status == http.StatusUnauthorized {
		return "the server doesn't accept the key: is --key one of its API keys?"
	}
	return fmt.Sprintf("the server answers %d %s", e.Status, e.Detail)
}

// overtaken says whether the server has deleted what would have come next.
func (e *RefusedError) overtaken() bool { return e.Code == "cursor_expired" }

// final says whether asking again is of no use.
func (e *RefusedError) final() bool {
	return e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout
}

// beginning is the cursor before the oldest event that there is.
const beginning = "beginning"

// follower reads the stream, and knows where it was when it broke.
type follower struct {
	client  *http.Client
	request *http.Request
	last    string // id of the last event; "": from now on
	silence time.Duration
}

func newFollower(c Config) (*follower, error) {
	q := url.Values{}
	if c.Session != "" {
		q.Set("sessionId", c.Session)
	}
	if len(c.Events) > 0 {
		q.Set("types", strings.Join(c.Events, ","))
	}
	target := strings.TrimSuffix(c.URL, "/") + "/v1/events"
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+c.Key)
	return &follower{
		client:  &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: silence}},
		request: req, last: c.Since, silence: silence,
	}, nil
}

// once opens the stream, calls opened, and gives each event to take until the
// stream breaks, which it always does in the end.
func (f *follower) once(ctx context.Context, opened func(), take func(id, body string)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req := f.request.Clone(ctx)
	if f.last != "" {
		req.Header.Set("Last-Event-ID", f.last)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return sender.Plain(err)
	}
	defer res.Body.Close()
	if kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); res.StatusCode != http.StatusOK || err != nil || kind != "text/event-stream" {
		return refusal(res)
	}
	opened()
	watch := time.AfterFunc(f.silence, func() { cancel(fmt.Errorf("it was silent for %s", f.silence)) })
	defer watch.Stop()
	for event, err := range sse.Read(&watched{res.Body, watch, f.silence}, &sse.ReadConfig{MaxEventSize: maxEvent}) {
		if err != nil {
			return cmp.Or(context.Cause(ctx), sender.Plain(err))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if event.Data != "" {
			// A receiver that takes its time is no silence of the server's.
			watch.Stop()
			take(event.LastEventID, event.Data)
			watch.Reset(f.silence)
		}
		f.last = event.LastEventID
	}
	return errors.New("the stream ended")
}

// watched puts the watch off with all that is read.
type watched struct {
	io.Reader
	watch *time.Timer
	again time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.watch.Reset(w.again)
	return n, err
}

// refusal reads what the server says, a problem of RFC 9457 as a rule.
func refusal(res *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return sender.Plain(err)
	}
	e := &RefusedError{Status: res.StatusCode, Detail: http.StatusText(res.StatusCode)}
	var problem struct{ Code, Detail string }
	switch {
	case res.StatusCode == http.StatusOK:
		e.Detail = "and no stream of events: is --url the address of a browserhook server?"
	case json.Unmarshal(raw, &problem) == nil && problem.Detail != "":
		e.Code, e.Detail = problem.Code, problem.Detail
	}
	return e
}
