package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestNewsOfFailuresAreLogged: what an operator wants to see is a line, once,
// and everything else is none.
func TestNewsOfFailuresAreLogged(t *testing.T) {
	event := func(kind domain.EventType, body string) domain.Event {
		return domain.Event{ID: "evt_1", ProjectID: "proj_1", SessionID: "browser_1", Type: kind, Body: []byte(body)}
	}
	for _, c := range []struct {
		event domain.Event
		want  string
	}{
		{event(domain.EventBrowserFailed, `{"data":{"error":{"code":"browser_start_failed","message":"It ended."}}}`),
			`level=INFO msg="a session failed: its browser could not be started" project=proj_1 session=browser_1 code=browser_start_failed err="It ended."`},
		{event(domain.EventBrowserCrashed, `{"data":{"error":{"code":"browser_crashed","message":"Its process crashed."}}}`),
			`level=INFO msg="a session failed: its browser was lost" project=proj_1 session=browser_1 code=browser_crashed err="Its process crashed."`},
		{domain.Event{ProjectID: "proj_1", Type: domain.EventEndpointDisabled, Body: []byte(`{"data":{"endpointId":"we_1","reason":"gone"}}`)},
			`level=INFO msg="an endpoint was disabled" project=proj_1 endpoint=we_1 reason=gone`},
		{event(domain.EventStepFailed, `{"data":{"error":{"code":"timeout"}}}`), ""},
		{event(domain.EventBrowserClosed, `{}`), ""},
	} {
		var out bytes.Buffer
		logEvents(slog.New(slog.NewTextHandler(&out, nil)), []domain.Event{c.event})
		_, got, _ := strings.Cut(strings.TrimSpace(out.String()), " ")
		if got != c.want {
			t.Errorf("%s: logged %s", c.event.Type, got)
		}
	}
}
