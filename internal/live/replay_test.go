package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// archive is a recording of one segment, with an event and a log.
type archive struct {
	events int // so many, each a second after the one before; 0: one

	content []byte
	of      string // the resume token of whose the link is; empty: anybody's
}

var filmed = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

func (a archive) Recording(context.Context, string, string) ([]domain.Segment, error) {
	return []domain.Segment{{Artifact: domain.Artifact{ID: "art_1", Size: int64(len(a.content)), CreatedAt: filmed}, Open: true}}, nil
}

func (a archive) OpenSegment(_ context.Context, _, _, id string) (domain.Segment, io.ReadSeekCloser, error) {
	if id != "art_1" {
		return domain.Segment{}, nil, domain.ErrNotFound
	}
	return domain.Segment{Artifact: domain.Artifact{ContentType: "application/x-pictures"}}, closer{bytes.NewReader(a.content)}, nil
}

type closer struct{ *bytes.Reader }

func (closer) Close() error { return nil }

func (a archive) ReadLog(context.Context, string, string, domain.LogQuery) (domain.LogPage, error) {
	return domain.LogPage{Entries: []domain.LogEntry{
		{Number: 1, Kind: domain.LogRequest, At: filmed, URL: "https://shop.test/?token=hush", Method: "GET", Status: 200, Duration: 12.6},
		{Number: 2, Kind: domain.LogConsole, At: filmed, Type: "log", Text: "at https://shop.test/?token=hush"},
	}}, nil
}

func (a archive) LastEvents(_ context.Context, _, _ string, before int64, limit int) (page []domain.Event, err error) {
	if a.events > 0 {
		if before == 0 {
			before = int64(a.events) + 1
		}
		for at := before - 1; at > 0 && len(page) < min(limit, 300); at-- { // they are long
			page = append(page, domain.Event{Sequence: at, Type: domain.EventStepStarted, Body: []byte(`{}`), CreatedAt: filmed.Add(time.Duration(at-1) * time.Second)})
		}
		return page, nil
	}
	body := `{"data":{"eventType":"step_failed","status":"FAILED","index":1,"result":"hush","error":{"code":"x","message":"No https://shop.test/?token=hush"}}}`
	return []domain.Event{{Sequence: 1, Type: domain.EventStepFailed, Body: []byte(body), CreatedAt: filmed}}, nil
}

func (a archive) Opens(_ domain.Stream, resume string) bool { return a.of == "" || resume == a.of }

func (a archive) Files(context.Context, string, string) ([]domain.Artifact, error) {
	return []domain.Artifact{{ID: "art_2", Kind: "download", Name: "a.html", ContentType: "text/html", Size: 3, CreatedAt: filmed}}, nil
}

func (a archive) OpenFile(_ context.Context, _, _, id string) (domain.Artifact, io.ReadSeekCloser, error) {
	if id != "art_2" {
		return domain.Artifact{}, nil, domain.ErrNotFound
	}
	return domain.Artifact{ID: id, Kind: "download", Name: "a.html", ContentType: "text/html"}, closer{bytes.NewReader([]byte("<p>"))}, nil
}

// TestReplays shows what was recorded to who has a link with replay, and to nobody else,
// while the session runs and when it has ended; of addresses no more than the link shows.
func TestReplays(t *testing.T) {
	paths := []string{"/streams/recording", "/streams/recording/art_1", "/streams/timeline", "/streams/results/0", "/streams/files/art_2"}
	get := func(t *testing.T, s *httptest.Server, path, bytes string) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if bytes != "" {
			r.Header.Set("Range", bytes)
		}
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw), res.Header
	}
	of := func(mode domain.StreamMode, replay bool, status domain.SessionStatus) *fakeSessions {
		return &fakeSessions{
			pages: map[string]*browser.Page{"a": nil}, mode: mode, status: status, replay: replay, archive: archive{content: []byte("pictures")},
			steps: []domain.Step{{Index: 0, Action: "goto", Status: domain.StepCompleted, Params: json.RawMessage(`{"url":"https://shop.test/?token=hush"}`), Result: json.RawMessage(`"hush"`), StartedAt: filmed}},
		}
	}
	for _, h := range []*fakeSessions{of(domain.StreamView, false, ""), of(domain.StreamControl, false, ""), of(domain.StreamView, false, domain.SessionClosed)} {
		s := h.open(t)
		for _, path := range paths {
			if code, raw, _ := get(t, s, path+"?id=a", ""); code != http.StatusNotFound || strings.Contains(raw, "pictures") {
				t.Errorf("a link without replay, %s: %d %s", path, code, raw)
			}
		}
	}
	h := of(domain.StreamView, true, "")
	h.archive.of = "me"
	s := h.open(t)
	for _, path := range paths {
		if code, _, _ := get(t, s, path+"?id=a&viewer=other", ""); code != http.StatusNotFound {
			t.Errorf("another's link, %s: %d", path, code)
		}
		if code, raw, _ := get(t, s, path+"?id=a&viewer=me", ""); code != http.StatusOK {
			t.Errorf("one's own link, %s: %d %s", path, code, raw)
		}
		if code, _, _ := get(t, s, path+"?id=none&viewer=me", ""); code != http.StatusNotFound {
			t.Errorf("no link, %s: %d", path, code)
		}
	}
	h.set(errAway)
	if code, _, _ := get(t, s, paths[0]+"?id=a&viewer=me", ""); code != http.StatusServiceUnavailable {
		t.Errorf("a store that is away: %d", code)
	}

	s = of(domain.StreamView, true, domain.SessionClosed).open(t)
	if code, raw, head := get(t, s, paths[1]+"?id=a", "bytes=3-"); code != http.StatusPartialContent || raw != "tures" || head.Get("Cache-Control") != "no-store" || head.Get("Content-Type") != "application/x-pictures" {
		t.Errorf("a part: %d %q %v", code, raw, head)
	}
	if code, _, _ := get(t, s, paths[1]+"?id=a", "bytes=8-"); code != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("what isn't there yet: %d", code)
	}
	if code, _, _ := get(t, s, "/streams/recording/art_2?id=a", ""); code != http.StatusNotFound {
		t.Errorf("another part: %d", code)
	}
	if code, raw, head := get(t, s, paths[4]+"?id=a", ""); code != http.StatusOK || raw != "<p>" || head.Get("Content-Disposition") != "attachment; filename=a.html" || head.Get("Content-Security-Policy") != "sandbox" {
		t.Errorf("a file: %d %q %v", code, raw, head)
	}
	for _, path := range []string{"/streams/files/art_1", "/streams/results/x", "/streams/results/-1"} {
		if code, _, _ := get(t, s, path+"?id=a", ""); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
	if _, raw, _ := get(t, s, paths[3]+"?id=a", ""); raw != `{"type":"result","number":0,"result":null}`+"\n" {
		t.Errorf("by a link for looking goto answers %s", raw)
	}
	_, raw, _ := get(t, s, paths[0]+"?id=a", "")
	var told struct{ Segments []map[string]any }
	if err := json.Unmarshal([]byte(raw), &told); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]map[string]any{{"id": "art_1", "at": "2026-11-27T10:00:00.000Z", "size": 8.0, "open": true}}, told.Segments); d != "" {
		t.Error(d)
	}
	_, raw, _ = get(t, s, paths[2]+"?id=a", "")
	if strings.Contains(raw, "hush") || strings.Count(raw, "shop.test") != 4 {
		t.Errorf("a link for looking is told %s", raw)
	}
	s = of(domain.StreamControl, true, "").open(t)
	if _, raw, _ = get(t, s, paths[2]+"?id=a", ""); strings.Count(raw, "token=hush") != 4 || strings.Contains(raw, `"hush"`) {
		t.Errorf("one for control is told %s", raw)
	}
}

// TestALinkEndsWithItsSession: who comes later is told that, and when; who has one with
// replay is told of the steps too.
func TestALinkEndsWithItsSession(t *testing.T) {
	for _, replay := range []bool{false, true} {
		h := &fakeSessions{
			pages: map[string]*browser.Page{"a": nil}, status: domain.SessionClosed, reason: domain.ClosedIdle, replay: replay,
			steps: []domain.Step{{Index: 0, Action: "reload", Status: domain.StepCompleted}},
		}
		conn := look(t, h.open(t), "a")
		_, raw, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var said map[string]any
		if err := json.Unmarshal(raw, &said); err != nil {
			t.Fatal(err)
		}
		steps, _ := said["steps"].([]any)
		if said["status"] != "CLOSED" || said["reason"] != "idle" || said["late"] == true == replay || (len(steps) == 1) != replay {
			t.Errorf("replay %t: it is told %s", replay, raw)
		}
		if !replay && slices.ContainsFunc([]string{"reload", "https"}, func(s string) bool { return strings.Contains(string(raw), s) }) {
			t.Errorf("it is told %s", raw)
		}
	}
}

// TestALinkThatIsOverAnswersNothing: not even before the server knows that it is.
func TestALinkThatIsOverAnswersNothing(t *testing.T) {
	for name, over := range map[string]func(*fakeSessions){
		"its session has ended": func(h *fakeSessions) { h.status = domain.SessionClosed },
		"it was revoked":        func(h *fakeSessions) { h.revoked = filmed },
		"its key was revoked":   func(h *fakeSessions) { h.revoke() },
	} {
		t.Run(name, func(t *testing.T) {
			h := &fakeSessions{
				pages: map[string]*browser.Page{"a": nil}, mode: domain.StreamControl, held: make(chan struct{}), opened: make(chan struct{}, 1), letIn: make(chan struct{}, 1),
				steps: []domain.Step{{Index: 0, Action: "evaluate", Status: domain.StepCompleted, Result: json.RawMessage(`"hush"`)}},
			}
			release := sync.OnceFunc(func() { close(h.held) })
			defer release()
			conn := look(t, h.open(t), "a")
			<-h.opened
			<-h.letIn
			h.mu.Lock()
			over(h)
			h.mu.Unlock()
			tell(t, conn, `{"type":"result","number":0}`)
			said := make(chan string)
			go func() {
				defer close(said)
				for {
					_, raw, err := conn.Read(t.Context())
					if err != nil {
						return
					}
					said <- string(raw)
				}
			}()
			select {
			case <-h.opened: // it was looked at again
			case one, open := <-said:
				if open {
					t.Fatalf("it answers %s", one)
				}
			}
			release()
			for one := range said {
				if strings.Contains(one, "hush") {
					t.Errorf("it answers %s", one)
				}
			}
		})
	}
}

// TestALongTimeLine has the latest events of a session with many.
func TestALongTimeLine(t *testing.T) {
	const many = 2300
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, mode: domain.StreamView, replay: true, archive: archive{events: many}}
	res, err := http.Get(h.open(t).URL + "/streams/timeline?id=a")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var told struct{ Events []struct{ At time.Time } }
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil {
		t.Fatal(err)
	}
	last := func(n int) time.Time { return filmed.Add(time.Duration(n) * time.Second) }
	if n := len(told.Events); n != 1000 || !told.Events[0].At.Equal(last(many-1000)) || !told.Events[n-1].At.Equal(last(many-1)) {
		t.Errorf("%d events are told", n)
	}
}
