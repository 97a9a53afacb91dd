package app

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/browserhook/browserhook/internal/domain"
)

// logged are the events that an operator wants to see in the log too.
var logged = map[domain.EventType]string{
	domain.EventBrowserFailed:    "a session failed: its browser could not be started",
	domain.EventBrowserCrashed:   "a session failed: its browser was lost",
	domain.EventEndpointDisabled: "an endpoint was disabled",
}

// logEvents writes a line for each such event that this server committed.
func logEvents(log *slog.Logger, events []domain.Event) {
	for _, e := range events {
		what, ok := logged[e.Type]
		if !ok {
			continue
		}
		var body struct{ Data domain.EventData }
		if err := json.Unmarshal(e.Body, &body); err != nil {
			log.Error("read an event of our own", "event", e.ID, "err", err)
			continue
		}
		attrs := []any{"project", e.ProjectID}
		for _, a := range []slog.Attr{
			slog.String("session", e.SessionID), slog.String("endpoint", body.Data.EndpointID), slog.String("reason", body.Data.Reason),
		} {
			if a.Value.String() != "" {
				attrs = append(attrs, a)
			}
		}
		if f := body.Data.Error; f != nil {
			attrs = append(attrs, "code", f.Code, "err", f.Message)
		}
		log.InfoContext(domain.WithTrace(context.Background(), e.Trace), what, attrs...)
	}
}
