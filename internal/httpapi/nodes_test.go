package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/hop"
	"github.com/browserhook/browserhook/internal/httpapi"
)

// TestTheQueue: sessions of a project that has as many as it may wait, and say which is
// next.
func TestTheQueue(t *testing.T) {
	onBothStores(t, func(r *rig) {
		operator := "Authorization: Bearer " + r.newKey(domain.RoleOperator)
		limit := func(sessions string) reply {
			return r.ask("PATCH", "/v1/projects/"+r.project, `{"sessions":`+sessions+`}`, operator)
		}
		if a := limit("1"); a.status != http.StatusOK || a.body["sessions"] != 1.0 {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		if a := r.ask("PATCH", "/v1/projects/"+r.project, `{}`, operator); a.status != http.StatusOK || a.body["sessions"] != 1.0 {
			t.Errorf("nothing is changed: %d %s", a.status, a.raw)
		}
		is := func(id, status string, position any) {
			r.t.Helper()
			var a reply
			for late := time.Now().Add(time.Minute); time.Now().Before(late); {
				if a = r.ask("GET", "/v1/sessions/"+id, ""); a.body["status"] == status && a.body["queuePosition"] == position {
					return
				}
			}
			t.Fatalf("it is %s at %v, want %s at %v", a.body["status"], a.body["queuePosition"], status, position)
		}
		make := func() string { return r.made("POST", "/v1/sessions", "{}", "sessionId") }
		first := make()
		is(first, "STARTING", nil)
		second := r.ask("POST", "/v1/sessions", "{}")
		if second.body["status"] != "QUEUED" || second.body["queuePosition"] != 1.0 {
			t.Errorf("made: %s", second.raw)
		}
		third := make()
		is(third, "QUEUED", 2.0)
		list, _ := r.ask("GET", "/v1/sessions?status=QUEUED", "").body["data"].([]any)
		got := ""
		for _, one := range list {
			got += fmt.Sprint(one.(map[string]any)["queuePosition"], " ")
		}
		if got != "2 1 " {
			t.Errorf("listed, newest first: %s", got)
		}
		if a := r.ask("DELETE", "/v1/sessions/"+fmt.Sprint(second.body["sessionId"]), ""); a.body["status"] != "CLOSED" || a.body["queuePosition"] != nil {
			t.Errorf("closed: %s", a.raw)
		}
		is(third, "QUEUED", 1.0)
		if a := limit("null"); a.status != http.StatusOK || a.body["sessions"] != nil {
			t.Errorf("%d %s", a.status, a.raw)
		}
		is(third, "STARTING", nil)
		for _, wrong := range []string{"-1", "100001", `"many"`, "1.5"} {
			if a := limit(wrong); a.status != http.StatusUnprocessableEntity || a.field() != "sessions" {
				t.Errorf("%s: %d %s", wrong, a.status, a.raw)
			}
		}
		if a := r.ask("PATCH", "/v1/projects/proj_none", `{"sessions":1}`, operator); a.status != http.StatusNotFound {
			t.Errorf("no such project: %d", a.status)
		}
		made := r.ask("POST", "/v1/projects", `{"name":"limited","sessions":3}`, operator)
		if made.status != http.StatusCreated || made.body["sessions"] != 3.0 {
			t.Errorf("%d %s", made.status, made.raw)
		}
	})
}

// TestHops: steps and logs are passed on to the server that runs the session, and what is
// asked of it otherwise isn't; while one of the two stops, no step is lost or added twice.
func TestHops(t *testing.T) {
	onBothStores(t, func(r *rig) {
		var came []string
		var mu sync.Mutex
		seen := func() string {
			mu.Lock()
			defer mu.Unlock()
			defer func() { came = nil }()
			return strings.Join(came, " ")
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		owner := domain.Owner{Node: "b", Hops: hop.Encrypting}
		serve := func(name string, stopping context.Context, draining <-chan struct{}) *httptest.Server {
			cfg := r.config
			cfg.Draining = draining
			hops := hop.New(&hop.Servers{
				Self: name, Keys: [][]byte{[]byte("key")}, Here: func(string) bool { return name == "b" }, Stopping: stopping, Ended: t.Context(), Refuse: httpapi.Refuse, Log: cfg.Log,
				Owner: func(context.Context, string, string) (domain.Owner, error) { return owner, nil },
			})
			cfg.Hops = hops
			api := httpapi.New(cfg)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.Header.Get(hop.Header) != "" {
					mu.Lock()
					came = append(came, req.Method+req.URL.Path[strings.LastIndex(req.URL.Path, "/"):])
					mu.Unlock()
				}
				api.ServeHTTP(w, req)
			}))
			t.Cleanup(func() {
				srv.Close()
				hops.Close()
			})
			return srv
		}
		drainB := make(chan struct{})
		b := serve("b", t.Context(), drainB)
		owner.URL = b.URL
		direct := r.Server
		defer func() { r.Server = direct }()
		r.Server = serve("a", ctx, ctx.Done())
		session := "/v1/sessions/" + r.made("POST", "/v1/sessions", "{}", "sessionId")
		add := func(header ...string) reply {
			return r.ask("POST", session+"/steps", `{"steps":[{"action":"reload"}]}`, header...)
		}
		if a := add(); a.status != http.StatusAccepted || seen() != "POST/pass" || a.header.Get(hop.Header) != "" {
			t.Errorf("a step: %d %s", a.status, a.raw)
		}
		if a := r.ask("GET", session+"/logs", ""); a.status != http.StatusOK || seen() != "GET/pass" {
			t.Errorf("a log: %d %s", a.status, a.raw)
		}
		if a := r.ask("GET", session, ""); a.status != http.StatusOK || seen() != "" {
			t.Errorf("a session: %d %s", a.status, a.raw)
		}
		close(drainB)
		if a := add(); a.status != http.StatusAccepted || seen() != "POST/pass" {
			t.Errorf("a step while the other stops: %d %s", a.status, a.raw)
		}
		steps := func() int { return len(r.ask("GET", session+"/steps", "").body["data"].([]any)) }
		if n := steps(); n != 2 {
			t.Errorf("there are %d steps", n)
		}
		owner.URL = serve("b", t.Context(), nil).URL
		waited := make(chan reply)
		go func() { waited <- add("Prefer: wait=60") }()
		for n := 0; n < 3; n = steps() {
		}
		stop()
		a := <-waited
		if got := seen(); got != "POST/pass POST/hurry" {
			t.Errorf("passed on: %s", got)
		}
		if data, _ := a.body["data"].([]any); a.status != http.StatusAccepted || len(data) != 1 || steps() != 3 {
			t.Errorf("a step that was waited for: %d %s, and %d in all", a.status, a.raw, steps())
		}
	})
}

func TestNodes(t *testing.T) {
	onBothStores(t, func(r *rig) {
		operator := "Authorization: Bearer " + r.newKey(domain.RoleOperator)
		const node = `"nodeId":"node_1","url":"http://10.0.0.5:8080","version":"0.1.0","browsers":["shell"],"state":"READY","sessions":2,"freeSlots":3,"startedAt":"2026-03-04T05:06:07.000Z","lastSeen":"2026-03-04T05:06:07.000Z"`
		if a := r.ask("GET", "/v1/nodes", "", operator); a.status != http.StatusOK || a.raw != `{"data":[{`+node+"}]}\n" {
			t.Errorf("%d %s", a.status, a.raw)
		}
		if a := r.ask("POST", "/v1/nodes/node_1/drain", "", operator); a.status != http.StatusOK || a.body["state"] != "DRAINING" || a.body["freeSlots"] != 0.0 {
			t.Errorf("%d %s", a.status, a.raw)
		}
		if a := r.ask("POST", "/v1/nodes/node_2/drain", "", operator); a.status != http.StatusNotFound {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}
