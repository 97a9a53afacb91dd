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
	End(ctx context.Context, project string) (string, error)
	Follow(ctx context.Context, project string, q domain.EventQuery, send func(domain.EventPage) error) error
}

type eventsOutput struct {
	Body struct {
		Data       []any  `json:"data" nullable:"false" doc:"Each as its webhook's body."`
		NextCursor string `json:"nextCursor" doc:"Pass it as after, now or later: it goes on behind all that was looked at, an empty page too."`
	}
}

func (s *server) eventRoutes() {
	operation(s, http.MethodGet, "/events", "list-events",
		"Read the log, oldest first; with Accept: text/event-stream, follow it", 200,
		func(ctx context.Context, in *struct {
			After     string   `query:"after" maxLength:"64" doc:"A nextCursor, or the id of an event, wherever it came from; beginning, the default, is before the oldest that there is. An event that is still there is always a place to go on from; for anything else the answer is 410 with the code cursor_expired when retention has deleted events after it that it never read."`
			SessionID string   `query:"sessionId" maxLength:"64"`
			Types     []string `query:"types,explode" doc:"Only these types: separated by commas, or each in a parameter of its own."`
			Limit     int      `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*eventsOutput, error) {
			var types []domain.EventType
			if len(in.Types) > 0 {
				var err error
				if types, err = eventTypes(in.Types); err != nil {
					return nil, err
				}
			}
			if in.After == beginning {
				in.After = ""
			}
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			page, err := s.Events.Read(ctx, project(ctx), domain.EventQuery{
				After: in.After, SessionID: in.SessionID, Types: types, Limit: in.Limit,
			})
			if err != nil {
				return nil, err
			}
			out := &eventsOutput{}
			out.Body.NextCursor = page.Next
			out.Body.Data = make([]any, len(page.Events))
			for i, e := range page.Events {
				out.Body.Data[i] = json.RawMessage(e.Body)
			}
			return out, nil
		})
	type example struct {
		Type    string `json:"type"`
		Kind    string `json:"kind" enum:"browser,step,webhook"`
		Schema  any    `json:"schema" doc:"JSON Schema of the body."`
		Example any    `json:"example"`
	}
	operation(s, http.MethodGet, "/event-types", "list-event-types", "Every event type with its schema and an example", 200,
		func(context.Context, *empty) (*pageOutput[example], error) {
			return pageOf(domain.EventTypes, "", func(t domain.EventType) example {
				return example{string(t), t.Kind(), eventSchema(t), json.RawMessage(exampleBody(t))}
			}), nil
		})
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

// exampleBody is a body of the type as it would be sent.
func exampleBody(t domain.EventType) []byte {
	p := domain.Payload{
		SessionID: "browser_iwnx132n1", Type: t.Kind(), ID: "evt_06h0vrn6b12g35g6ph5tvdtch0",
		Timestamp: "2026-11-24T11:30:15.123Z", Sequence: 1, Metadata: map[string]string{"order": "7"},
		Data: domain.EventData{EventType: t, Status: "READY", StreamingURL: "https://chromebrowser.stream/streams?id=XXX"},
	}
	index, ms := 0, int64(84)
	step := func(status string) {
		p.Data.Status, p.Data.StepID, p.Data.Index, p.Data.Action = status, "step_06h0vrn6b12g35g6ph5tvdtch0", &index, "click"
		if status != "RUNNING" {
			p.Data.DurationMs = &ms
		}
	}
	switch t {
	case domain.EventBrowserFailed:
		p.Data.Status, p.Data.Error = "FAILED", &domain.Failure{Code: "browser_start_failed", Message: "Chromium ended by itself with exit code 1."}
	case domain.EventBrowserClosed:
		p.Data.Status, p.Data.Reason = "CLOSED", "requested"
	case domain.EventBrowserCrashed:
		p.Data.Status, p.Data.Reason = "CLOSING", "crashed"
		p.Data.Error = &domain.Failure{
			Code: "out_of_memory", Message: "The browser took 2.1 GiB of memory, may have 2.0 GiB, and was ended.",
			Used: 2_254_857_830, Limit: 2 << 30, StepID: "step_06h0vrn6b12g35g6ph5tvdtch0",
		}
	case domain.EventBrowserDownload:
		p.Data.StepID, p.Data.URL, p.Data.PageURL = "step_06h0vrn6b12g35g6ph5tvdtch0", "https://shop.example/invoice.csv", "https://shop.example/orders"
		p.Data.Name, p.Data.ContentType, p.Data.Size, p.Data.ArtifactID = "invoice.csv", "text/csv; charset=utf-8", new(int64(20)), "art_06h0vrn6b12g35g6ph5tvdtch0"
		p.Data.SHA256 = "1f0d2e47cda1b4dc7b4b2b5a8f7f2e4b0c1d3f5a6978869504132f3e5d7c9bab"
		p.Data.ArtifactURL = "https://chromebrowser.stream/v1/sessions/browser_iwnx132n1/artifacts/art_06h0vrn6b12g35g6ph5tvdtch0"
	case domain.EventStepStarted:
		step("RUNNING")
	case domain.EventStepCompleted:
		step("COMPLETED")
		p.Data.Action, p.Data.Result = "extract", json.RawMessage(`{"order":"A-17"}`)
	case domain.EventStepFailed:
		step("FAILED")
		p.Data.Error = &domain.Failure{Code: "target_disabled", Message: "Timed out after 30s.", WaitedFor: "#buy to be enabled", Seen: "<button id=\"buy\"> is disabled"}
	case domain.EventStepCanceled:
		step("CANCELED")
	case domain.EventDeliveryFailed:
		p.SessionID, p.Metadata = "", nil
		p.Data = domain.EventData{
			EventType: t, Status: "FAILED", Reason: domain.ReasonExhausted, EndpointID: "we_06h0vrn6b12g35g6ph5tvdtch0",
			DeliveryID: "dlv_n68d56t0jrm0015k4jtsr4ktj0", EventID: "evt_06h0vrn6b12g35g6ph5tvdtch0",
		}
	case domain.EventEndpointFailing, domain.EventEndpointDisabled, domain.EventWebhookTest:
		p.SessionID, p.Metadata = "", nil
		p.Data = domain.EventData{EventType: t, Status: "ENABLED", EndpointID: "we_06h0vrn6b12g35g6ph5tvdtch0"}
		if t == domain.EventEndpointFailing {
			p.Data.Reason = "failing"
		}
		if t == domain.EventEndpointDisabled {
			p.Data.Status, p.Data.Reason = "DISABLED", "gone"
		}
	}
	body, err := domain.EncodePayload(p)
	if err != nil {
		panic(fmt.Sprintf("example of %s: %v", t, err))
	}
	return body
}

type schema = map[string]any

// ofEachDownload are the members of its event that there are without a file too.
var ofEachDownload = []string{"eventType", "status", "streamingUrl", "name"}

// eventSchema describes a type's body: the members that its example has are
// the ones that it always has.
func eventSchema(t domain.EventType) schema {
	var body map[string]json.RawMessage
	var data map[string]any
	if err := json.Unmarshal(exampleBody(t), &body); err != nil {
		panic(err)
	}
	if err := json.Unmarshal(body["data"], &data); err != nil {
		panic(err)
	}
	kinds := schema{}
	names := make([]string, 0, len(data))
	for name, v := range data {
		if name == "result" {
			kinds[name] = schema{}
			continue
		}
		if t != domain.EventBrowserDownload || slices.Contains(ofEachDownload, name) {
			names = append(names, name)
		}
		switch v.(type) {
		case float64:
			kinds[name] = schema{"type": "integer"}
		case map[string]any:
			kinds[name] = schema{"type": "object", "required": []string{"code", "message"}}
		default:
			kinds[name] = schema{"type": "string"}
		}
	}
	slices.Sort(names)
	if t == domain.EventBrowserDownload {
		kinds["error"] = schema{"type": "object", "required": []string{"code", "message"}}
	}
	kinds["eventType"] = schema{"const": string(t)}
	return schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
		"required": []string{"sessionId", "type", "data", "id", "timestamp", "sequence", "metadata"},
		"properties": schema{
			"sessionId": schema{"type": "string"}, "type": schema{"const": t.Kind()}, "id": schema{"type": "string"},
			"timestamp": schema{"type": "string", "format": "date-time"}, "sequence": schema{"type": "integer", "minimum": 1},
			"metadata": schema{"type": "object", "additionalProperties": schema{"type": "string"}},
			"data":     schema{"type": "object", "required": names, "properties": kinds},
		},
	}
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
		s.problem(ctx, err).write(w)
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
	q := domain.EventQuery{After: v.Get("after"), SessionID: v.Get("sessionId")}
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
