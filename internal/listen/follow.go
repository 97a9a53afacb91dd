package listen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/browserhook/browserhook/internal/apiclient"
	"github.com/browserhook/browserhook/internal/sender"
)

const (
	// silence is how long a stream may be quiet: the server beats every 15 s.
	silence = 45 * time.Second
	// maxEvent is more than any event that a server sends.
	maxEvent = 16 << 20
)

// beginning is the cursor before the oldest event that there is.
const beginning = "beginning"

// overtaken says whether the server has deleted what would have come next.
func overtaken(e *apiclient.RefusedError) bool { return e.Code == "cursor_expired" }

// follower reads the stream, and knows where it was when it broke.
type follower struct {
	client  *apiclient.Client
	path    string
	last    string // id of the last event; "": from now on
	silence time.Duration
}

func newFollower(c Config) *follower {
	q := url.Values{}
	if c.Session != "" {
		q.Set("sessionId", c.Session)
	}
	if len(c.Events) > 0 {
		q.Set("types", strings.Join(c.Events, ","))
	}
	path := "/events"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return &follower{client: apiclient.New(c.URL, c.Key, silence), path: path, last: c.Since, silence: silence}
}

// once opens the stream, calls opened, and gives each event to take until the
// stream breaks, which it always does in the end.
func (f *follower) once(ctx context.Context, opened func(), take func(id, body string)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	header := http.Header{"Accept": {"text/event-stream"}}
	if f.last != "" {
		header.Set("Last-Event-ID", f.last)
	}
	res, err := f.client.Get(ctx, f.path, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); res.StatusCode != http.StatusOK || err != nil || kind != "text/event-stream" {
		return apiclient.Refusal(res)
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
