package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	heartbeat = 15 * time.Second
	// beginning is the cursor before the first event.
	beginning = "beginning"
)

// Events is the log.
type Events interface {
	Read(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error)
	Event(ctx context.Context, project, id string) (domain.Event, error)
	End(ctx context.Context, project string) (string, error)
	Follow(ctx context.Context, project string, q domain.EventQuery, send func(domain.EventPage) error) error
}

type eventsOutput struct {
	Body struct {
		Data       []any  `json:"data" nullable:"false" doc:"Each as its webhook's body."`
		NextCursor string `json:"nextCursor" doc:"Pass it as cursor, now or later: it goes on behind all that was looked at, an empty page too."`
	}
}

type eventTypeView struct {
	Type    string         `json:"type" doc:"The event type."`
	Kind    string         `json:"kind" enum:"browser,step,webhook" doc:"The type of its body."`
	Schema  map[string]any `json:"schema" doc:"JSON Schema of the body."`
	Example any            `json:"example" doc:"A body."`
}

func (s *server) eventRoutes() {
	operation(s, http.MethodGet, "/events", "list-events",
		"Read the log, or follow it", 200,
		func(ctx context.Context, in *struct {
			Cursor    string   `query:"cursor" maxLength:"64" doc:"A nextCursor, or the id of an event, wherever it came from; beginning, the default, is before the oldest that there is. An event that is still there is always a place to go on from; for anything else the answer is 410 with the code cursor_expired when retention has deleted events after it that it never read."`
			After     string   `query:"after" maxLength:"64" doc:"The same as cursor, of which it is the older name."`
			SessionID string   `query:"sessionId" maxLength:"64" doc:"Only events of this session."`
			Types     []string `query:"types,explode" doc:"Only these types: separated by commas, or each in a parameter of its own."`
			Limit     int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many there are on a page, at most."`
		}) (*eventsOutput, error) {
			var types []domain.EventType
			if len(in.Types) > 0 {
				var err error
				if types, err = eventTypes(in.Types); err != nil {
					return nil, err
				}
			}
			after, err := cursorOf(in.Cursor, in.After)
			if err != nil {
				return nil, err
			}
			if after == beginning {
				after = ""
			}
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			page, err := s.Events.Read(ctx, project(ctx), domain.EventQuery{
				After: after, SessionID: in.SessionID, Types: types, Limit: in.Limit,
			})
			if err != nil {
				return nil, ofCursor(err, in.Cursor)
			}
			out := &eventsOutput{}
			out.Body.NextCursor = page.Next
			out.Body.Data = make([]any, len(page.Events))
			for i, e := range page.Events {
				out.Body.Data[i] = json.RawMessage(e.Body)
			}
			return out, nil
		})
	operation(s, http.MethodGet, "/events/{eventId}", "get-event", "Read an event", 200,
		func(ctx context.Context, in *struct {
			EventID string `path:"eventId" maxLength:"64" doc:"The event."`
		}) (*struct{ Body any }, error) {
			e, err := s.Events.Event(ctx, project(ctx), in.EventID)
			return &struct{ Body any }{json.RawMessage(e.Body)}, err
		})
	operation(s, http.MethodGet, "/event-types", "list-event-types", "List the types of events", 200,
		func(_ context.Context, in *WholePaging) (*pageOutput[eventTypeView], error) {
			return pageOfAll(domain.EventTypes, in, func(t domain.EventType) string { return string(t) }, func(t domain.EventType) eventTypeView {
				return eventTypeView{string(t), t.Kind(), eventSchema(t), json.RawMessage(exampleBody(t))}
			})
		})
}

// cursorOf is the cursor of the log by either of its names.
func cursorOf(cursor, after string) (string, error) {
	if cursor != "" && after != "" {
		return "", domain.Invalid("after", "is the same as cursor: give one of them")
	}
	return cmp.Or(cursor, after), nil
}

// ofCursor is a log's error, which says after, for who has said cursor.
func ofCursor(err error, cursor string) error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Field == "after" && cursor != "" {
		one := *e
		one.Field = "cursor"
		return &one
	}
	return err
}

// eventTypes reads lists of types, each separated by commas.
func eventTypes(lists []string) ([]domain.EventType, error) {
	names := strings.Split(strings.Join(lists, ","), ",")
	if len(names) > len(domain.EventTypes) {
		return nil, domain.Invalid("types", "names %d types; there are %d", len(names), len(domain.EventTypes))
	}
	types := make([]domain.EventType, len(names))
	for i, n := range names {
		var err error
		if types[i], err = eventType("types", n); err != nil {
			return nil, err
		}
	}
	return types, nil
}

func eventType(field, name string) (domain.EventType, error) {
	t := domain.EventType(name)
	if !slices.Contains(domain.EventTypes, t) {
		return "", domain.Invalid(field, "%q is not an event type; see GET /v1/event-types", name)
	}
	return t, nil
}

// follow answers GET /v1/events as server-sent events, from the cursor or from
// now on.
func (s *server) follow(w http.ResponseWriter, r *http.Request) {
	held, release := s.Access.WithKey(r.Context(), caller(r.Context()).ID)
	defer release()
	ctx, cancel := context.WithCancelCause(held)
	defer cancel(nil)
	p := checkIdempotencyKey(r, false)
	if p == nil {
		p = s.checkBodyShape(requestBody(ctx), s.api.OpenAPI().Paths["/v1/events"].Get)
	}
	if p != nil {
		p.write(w)
		return
	}
	q, err := s.followQuery(r)
	if err == nil && q.After != "" {
		// A cursor that isn't one is told before the stream begins.
		one := q
		one.Limit = 1
		_, err = s.Events.Read(ctx, project(ctx), one)
	}
	if err != nil {
		s.problem(ctx, ofCursor(err, r.URL.Query().Get("cursor"))).write(w)
		return
	}
	rc := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out, written := make(chan domain.EventPage), make(chan struct{}, 1)
	write := func(text string) error {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return rc.Flush()
	}
	// The cursor comes first, so that whoever loses the stream before the first
	// event misses none either.
	cursor := cmp.Or(q.After, beginning)
	if write(fmt.Sprintf(": follows\nid: %s\n\n", cursor)) != nil {
		return
	}
	told := cursor
	writeAll := func(page domain.EventPage) error {
		for _, e := range page.Events {
			// As it is: a copy of what is long would be held by every slow reader.
			if _, err := fmt.Fprintf(w, "id: %s\nevent: %s\ndata: ", e.ID, e.Type); err != nil {
				return err
			}
			if _, err := w.Write(e.Body); err != nil {
				return err
			}
			if err := write("\n\n"); err != nil {
				return err
			}
			if s.stopping() {
				return errStops
			}
		}
		cursor = page.Next
		return nil
	}
	done := make(chan error, 1)
	var following sync.WaitGroup
	following.Go(func() {
		done <- s.Events.Follow(ctx, project(ctx), q, func(page domain.EventPage) error {
			select {
			case out <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			// The next page is read when this one is not held any more.
			select {
			case <-written:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case page := <-out:
			if err = writeAll(page); err == nil {
				written <- struct{}{}
			}
		case <-beat.C:
			text := ": alive\n\n"
			if cursor != told {
				// Who has picked few of the events moves on with the log too.
				text = ": alive\nid: " + cursor + "\n\n"
				told = cursor
			}
			err = write(text)
		case <-s.Stopping:
			err = errStops
		case err = <-done:
			// One that retention has overtaken hears of it when it comes back.
			if e, ok := errors.AsType[*domain.Error](err); err != nil && ctx.Err() == nil && (!ok || e.Code != domain.CodeExpired) {
				s.Log.Error("follow events", "request", requestID(ctx), "err", err)
			}
			return
		}
		if err != nil {
			cancel(err)
			following.Wait()
			return
		}
	}
}

var errStops = errors.New("the server stops")

func (s *server) stopping() bool {
	select {
	case <-s.Stopping:
		return true
	default:
		return false
	}
}

func (s *server) followQuery(r *http.Request) (domain.EventQuery, error) {
	// It is the list's, without a limit.
	list := s.api.OpenAPI().Paths["/v1/events"].Get.Parameters
	params := slices.DeleteFunc(slices.Clone(list), func(p *huma.Param) bool { return p.Name == "limit" })
	if problem := checkQuery(r, params); problem != nil {
		return domain.EventQuery{}, problem
	}
	v := r.URL.Query()
	after, err := cursorOf(v.Get("cursor"), v.Get("after"))
	if err != nil {
		return domain.EventQuery{}, err
	}
	q := domain.EventQuery{After: after, SessionID: v.Get("sessionId")}
	if last := r.Header.Get("Last-Event-ID"); !isText(last) {
		return q, domain.Invalid("Last-Event-ID", "must be text")
	} else if last != "" {
		q.After = last
	}
	if t := v["types"]; len(t) > 0 && t[0] != "" {
		var err error
		if q.Types, err = eventTypes(t); err != nil {
			return q, err
		}
	}
	switch q.After {
	case beginning:
		q.After = ""
	case "":
		end, err := s.Events.End(r.Context(), project(r.Context()))
		if err != nil {
			return q, err
		}
		q.After = end
	}
	return q, nil
}
