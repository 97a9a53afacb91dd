package browserhook

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
)

// Events is the project's log.
type Events struct{ api *Client }

// Event is something that happened, as webhooks tell it.
type Event = webhook.Event

// Beginning is the cursor before the oldest event that there is.
const Beginning = "beginning"

// List reads the events that there are, the oldest first.
func (e *Events) List(ctx context.Context, p ListEventsParams) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			got, err := e.Page(ctx, p)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, one := range got.Data {
				if !yield(one, nil) {
					return
				}
			}
			if len(got.Data) == 0 {
				return
			}
			p.Cursor = got.NextCursor
		}
	}
}

// Page reads a part of the list. It always has a NextCursor, to ask with again later.
func (e *Events) Page(ctx context.Context, p ListEventsParams) (*Page[Event], error) {
	got, err := page[json.RawMessage](ctx, e.api, path("events"), p.query())
	if err != nil {
		return nil, err
	}
	out := &Page[Event]{make([]Event, len(got.Data)), got.NextCursor}
	for i, raw := range got.Data {
		if out.Data[i], err = webhook.Parse(raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Get reads an event.
func (e *Events) Get(ctx context.Context, id string) (Event, error) {
	raw, err := ask[json.RawMessage](ctx, e.api, request{method: http.MethodGet, path: path("events", id)})
	if err != nil {
		return Event{}, err
	}
	return webhook.Parse(*raw)
}

// FollowParams choose what is followed.
type FollowParams struct {
	// After is an event's id, or [Beginning]: what came after it comes first. Empty: what
	// happens from now on.
	After     string
	SessionID string   // only this session's
	Types     []string // only these
	// Connection, unless it is nil, is told how the stream is: nil when it is open, and why
	// it was lost before it is opened again.
	Connection func(lost error)
}

// Follow reads events as they happen. When the connection is lost it goes on behind the
// last one: none is missed, and none comes twice. It ends with an error: that of ctx, or
// what the server refuses.
func (e *Events) Follow(ctx context.Context, p FollowParams) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) { e.api.follow(ctx, p, nil, yield) }
}

func (c *Client) follow(ctx context.Context, p FollowParams, quiet func() bool, yield func(Event, error) bool) {
	q := url.Values{}
	set(q, "cursor", p.After)
	set(q, "sessionId", p.SessionID)
	set(q, "types", p.Types)
	s := &stream{api: c, query: q, quiet: quiet, told: p.Connection, event: func(data []byte) bool {
		e, err := webhook.Parse(data)
		return yield(e, err) && err == nil
	}}
	if err := s.run(ctx); err != nil {
		yield(Event{}, err)
	}
}

// Events reads all of the session's events, from its first on and as they happen, and ends
// with the session.
func (s *Session) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		seen := false
		// Of a session that ended long ago there may be no events any more.
		quiet := func() bool {
			if seen {
				return true
			}
			now, err := s.api.Sessions.Get(ctx, s.SessionID)
			return err != nil || !now.Ended() || time.Since(now.EndedAt) < silence
		}
		s.api.follow(ctx, FollowParams{After: Beginning, SessionID: s.SessionID}, quiet, func(e Event, err error) bool {
			seen = true
			over := e.Type == "browser" && (e.Data.Status == string(SessionClosed) || e.Data.Status == string(SessionFailed))
			return yield(e, err) && !over
		})
	}
}

// Types reads the types of events, each with its schema and an example.
func (e *Events) Types(ctx context.Context, p ListParams) iter.Seq2[EventTypeDescription, error] {
	return list[EventTypeDescription](ctx, e.api, path("event-types"), p.query())
}

// Explain says, for each endpoint, what has become of an event's delivery, and why.
func (e *Events) Explain(ctx context.Context, eventID string, p ListParams) iter.Seq2[Explanation, error] {
	return list[Explanation](ctx, e.api, path("events", eventID, "explain"), p.query())
}
