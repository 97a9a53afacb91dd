package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// long is what a step's result may be at most.
var long = json.RawMessage(`"` + strings.Repeat("x", 256<<10-2) + `"`)

// longSession makes a session with steps that have ended with long results, and
// an event for each.
func (r *rig) longSession(steps int) string {
	r.t.Helper()
	body := `{"steps":[` + strings.TrimSuffix(strings.Repeat(`{"action":"evaluate","expression":"1"},`, steps), ",") + `]}`
	id := r.made("POST", "/v1/sessions", body, "sessionId")
	if err := r.store.ChangeSession(r.t.Context(), r.project, id, func(c *domain.SessionChange) error {
		for _, st := range c.Open {
			st.Status, st.Result, st.FinishedAt = domain.StepCompleted, long, time.Now()
			c.Drafts = append(c.Drafts, domain.DraftStep(c.Session, st, domain.EventStepCompleted, "http://browserhook.test", time.Now()))
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return id
}

// largest is how long an answer may be: a page ends with what reaches 4 MiB.
const largest = 4<<20 + 300<<10

// pages reads a list to its end and says how much there was.
func (r *rig) pages(path, cursor string) (items int) {
	for next := ""; ; {
		a := r.ask("GET", path+next, "")
		data, _ := a.body["data"].([]any)
		if a.status != http.StatusOK || len(a.raw) > largest {
			r.t.Errorf("%s: %d, %d bytes", path+next, a.status, len(a.raw))
			return items
		}
		items += len(data)
		after, _ := a.body["nextCursor"].(string)
		if after == "" || len(data) == 0 {
			return items
		}
		next = "&" + cursor + "=" + after
	}
}

// TestAnswersAreBoundedInBytes: a page of what is long ends before its limit,
// and the cursor leads on.
func TestAnswersAreBoundedInBytes(t *testing.T) {
	onBothStores(t, func(r *rig) {
		id := r.longSession(20)
		for path, cursor := range map[string]string{
			"/v1/events?limit=1000": "after", "/v1/events?limit=1000&sessionId=" + id: "after", "/v1/sessions/" + id + "/steps?limit=100": "cursor",
		} {
			if n := r.pages(path, cursor); n != 20 {
				t.Errorf("%s: %d of 20", path, n)
			}
		}
	})
}

// TestWaitsAndRepeatedCallsAreBoundedInBytes: they answer with the first of the
// steps, whole, and the cursor leads to the others.
func TestWaitsAndRepeatedCallsAreBoundedInBytes(t *testing.T) {
	onBothStores(t, func(r *rig) {
		id := r.made("POST", "/v1/sessions", `{}`, "sessionId")
		path := "/v1/sessions/" + id + "/steps"
		body := `{"steps":[` + strings.TrimSuffix(strings.Repeat(`{"action":"evaluate","expression":"1"},`, 20), ",") + `]}`
		if a := r.ask("POST", path, body, "Idempotency-Key: once"); a.status != http.StatusAccepted {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		if err := r.store.ChangeSession(t.Context(), r.project, id, func(c *domain.SessionChange) error {
			for _, st := range c.Open {
				st.Status, st.Result, st.FinishedAt = domain.StepCompleted, long, time.Now()
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for prefer, want := range map[string]int{"wait=0": http.StatusAccepted, "wait=5": http.StatusOK} {
			a := r.ask("POST", path, body, "Idempotency-Key: once", "Prefer: "+prefer)
			data, _ := a.body["data"].([]any)
			next, _ := a.body["nextCursor"].(string)
			if a.status != want || len(a.raw) > largest || len(data) == 0 || next == "" {
				t.Fatalf("%s: %d, %d bytes, %d steps, then %q", prefer, a.status, len(a.raw), len(data), next)
			}
			first, _ := data[0].(map[string]any)
			if result, _ := first["result"].(string); len(result) != len(long)-2 || first["step"] == nil {
				t.Errorf("%s: the first step has a result of %d bytes", prefer, len(result))
			}
			rest := r.ask("GET", path+"?limit=100&cursor="+next, "")
			if more, _ := rest.body["data"].([]any); len(more) == 0 || more[0].(map[string]any)["index"] != float64(len(data)) {
				t.Errorf("%s: the cursor doesn't go on behind %d steps", prefer, len(data))
			}
		}
	})
}

// TestListsThatGrowHavePages: attempts and artifacts are told a page at a time.
func TestListsThatGrowHavePages(t *testing.T) {
	onBothStores(t, func(r *rig) {
		id := r.made("POST", "/v1/sessions", `{"steps":[{"action":"evaluate","expression":"1"}]}`, "sessionId")
		if err := r.store.ChangeSession(t.Context(), r.project, id, func(c *domain.SessionChange) error {
			for range 5 {
				c.Artifacts = append(c.Artifacts, domain.Artifact{
					ID: domain.NewID(domain.PrefixArtifact), ProjectID: r.project, SessionID: id, StepID: c.Open[0].ID, Kind: "screenshot", CreatedAt: time.Now(),
				})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		hook := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
		delivery := r.made("POST", "/v1/webhook-endpoints/"+hook+"/test", "", "deliveryId")
		for n := range 5 {
			claim, err := r.store.Claim(t.Context(), hook, time.Now().Add(time.Hour), domain.Capacity{Deliveries: 1, Bytes: 1 << 20})
			if err != nil || len(claim.Jobs) != 1 {
				t.Fatalf("%+v, %v", claim, err)
			}
			d := claim.Jobs[0].Delivery
			d.Status, d.Attempts = domain.DeliveryPending, n+1
			if err := r.store.Finish(t.Context(), []domain.Outcome{{Delivery: d, Attempt: domain.Attempt{
				ID: domain.NewID(domain.PrefixAttempt), ProjectID: r.project, DeliveryID: d.ID, Number: n + 1, StartedAt: time.Now(),
			}}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{"/v1/deliveries/" + delivery + "/attempts", "/v1/sessions/" + id + "/artifacts"} {
			if n := r.pages(path+"?limit=2", "cursor"); n != 5 {
				t.Errorf("%s: %d of 5", path, n)
			}
			if a := r.ask("GET", path+"?cursor=odd", ""); a.status != 422 || a.field() != "cursor" {
				t.Errorf("%s: %d %s", path, a.status, a.raw)
			}
		}
	})
}

// TestEightReadersOfALongLog at the same time take a bounded amount of memory.
func TestEightReadersOfALongLog(t *testing.T) {
	onBothStores(t, func(r *rig) {
		for range 2 {
			r.longSession(40)
		}
		debug.FreeOSMemory()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		done, peak := make(chan struct{}), make(chan uint64)
		go func() {
			var most uint64
			for tick := time.NewTicker(5 * time.Millisecond); ; {
				select {
				case <-tick.C:
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapInuse)
				case <-done:
					peak <- most
					return
				}
			}
		}()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL+"/v1/events?limit=1000", nil)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+r.key)
				res, err := r.Client().Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if n, err := io.Copy(io.Discard, res.Body); err != nil || n < 4<<20 || n > largest {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		}
		wg.Wait()
		close(done)
		took := int64(<-peak) - int64(before.HeapInuse)
		t.Logf("%d MB at most", took>>20)
		if took > 256<<20 {
			t.Errorf("it took %d MB", took>>20)
		}
	})
}
