package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/test/harness"
)

// TestCursorsOfTheLog polls, follows and remembers an event's id, over a log that
// has few of the events asked for, and over one that retention has overtaken.
func TestCursorsOfTheLog(t *testing.T) {
	data := filepath.Join(harness.Isolate(t), "data")
	server := harness.Start(t, data)
	c := server.Client()
	get := func(path string) harness.Object {
		t.Helper()
		got, err := c.Do(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	events := func(after string) (ids []string, next string) {
		t.Helper()
		page := get("/v1/events?after=" + after)
		for _, e := range page.List("data") {
			ids = append(ids, e.String("id"))
		}
		return ids, page.String("nextCursor")
	}
	refused := func(err error, status int, code string) {
		t.Helper()
		got, ok := errors.AsType[*harness.StatusError](err)
		if !ok || got.Status != status || !strings.Contains(got.Body, `"`+code+`"`) {
			t.Errorf("got %v, want %d %s", err, status, code)
		}
	}

	// An empty log has a cursor, which stays where it is.
	empty, start := events("")
	if again, next := events(start); len(empty) != 0 || start == "" || len(again) != 0 || next != start {
		t.Fatalf("an empty log: %v, %q, then %q", empty, start, next)
	}
	receiver := harness.NewReceiver(t)
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{"url": receiver.URL, "events": []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	test := func() string {
		t.Helper()
		got, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints/"+made.String("endpointId")+"/test", nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.String("eventId")
	}
	want := []string{test(), test(), test()}
	if got, _ := events(start); !slices.Equal(got, want) {
		t.Errorf("after the empty log: %v, want %v", got, want)
	}
	// Nothing is picked, and yet it has been looked at.
	none := get("/v1/events?types=browser_ready&limit=1")
	if got, _ := events(none.String("nextCursor")); len(none.List("data")) != 0 || len(got) != 0 {
		t.Errorf("behind an empty page: %v %v", none, got)
	}
	// The id that a webhook has is a cursor of polling and of the stream, and
	// what polling answers is one of the stream.
	_, afterFirst := events("")
	receiver.Wait(t, "all", func(d []harness.Delivery) bool { return len(d) == 3 })
	id := receiver.Deliveries()[0].ID()
	at := slices.Index(want, id)
	if got, _ := events(id); !slices.Equal(got, want[at+1:]) {
		t.Errorf("polled after the webhook %s: %v", id, got)
	}
	fourth := test()
	for _, cursor := range []string{want[2], afterFirst, none.String("nextCursor")} {
		if got := stream(t, c, cursor, 1); got[0] != fourth {
			t.Errorf("followed after %s: %v", cursor, got)
		}
	}
	refused(second(c.Do(t.Context(), http.MethodGet, "/v1/events?after=cur_06h0vrn6b12g35g6ph5tvdtch0", nil)), 422, "invalid_request")

	// Retention deletes the four, and two more come.
	receiver.Wait(t, "all", func(d []harness.Delivery) bool { return len(d) == 4 })
	_, end := events("")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	prune(t, data)
	server = harness.Start(t, data)
	c = server.Client()
	later := []string{test(), test()}
	for _, cursor := range []string{want[0], start, afterFirst} {
		refused(second(c.Do(t.Context(), http.MethodGet, "/v1/events?after="+cursor, nil)), 410, "cursor_expired")
		following := c.With("Accept", "text/event-stream").With("Last-Event-ID", cursor)
		refused(second(following.Do(t.Context(), http.MethodGet, "/v1/events", nil)), 410, "cursor_expired")
	}
	// Who had read all of them goes on.
	for _, cursor := range []string{end, fourth, "beginning"} {
		if got, _ := events(cursor); !slices.Equal(got, later) {
			t.Errorf("polled after %s: %v, want %v", cursor, got, later)
		}
		if got := stream(t, c, cursor, 2); !slices.Equal(got, later) {
			t.Errorf("followed after %s: %v, want %v", cursor, got, later)
		}
	}
}

func second[A any](_ A, err error) error { return err }

// prune deletes all events of a server that is stopped.
func prune(t *testing.T, data string) {
	t.Helper()
	box, err := seal.Load(filepath.Join(data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(data, "browserhook.db"), box, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if n, err := store.Prune(t.Context(), time.Now().Add(time.Hour)); err != nil || n == 0 {
		t.Fatalf("pruned %d: %v", n, err)
	}
}

// stream reads the ids of n events of the stream after a cursor.
func stream(t *testing.T, c *harness.Client, after string, n int) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Last-Event-ID", after)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); len(ids) < n && lines.Scan(); {
		if body, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var e domain.Payload
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, e.ID)
		}
	}
	if len(ids) < n {
		t.Fatalf("the stream ended after %v", ids)
	}
	return ids
}
