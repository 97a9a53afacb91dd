package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
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

func TestNodes(t *testing.T) {
	onBothStores(t, func(r *rig) {
		operator := "Authorization: Bearer " + r.newKey(domain.RoleOperator)
		const node = `"nodeId":"node_1","url":"http://10.0.0.5:8080","version":"0.1.0","state":"READY","sessions":2,"room":3,"startedAt":"2026-03-04T05:06:07.000Z","lastSeen":"2026-03-04T05:06:07.000Z"`
		if a := r.ask("GET", "/v1/nodes", "", operator); a.status != http.StatusOK || a.raw != `{"data":[{`+node+"}]}\n" {
			t.Errorf("%d %s", a.status, a.raw)
		}
		if a := r.ask("POST", "/v1/nodes/node_1/drain", "", operator); a.status != http.StatusOK || a.body["state"] != "DRAINING" || a.body["room"] != 0.0 {
			t.Errorf("%d %s", a.status, a.raw)
		}
		if a := r.ask("POST", "/v1/nodes/node_2/drain", "", operator); a.status != http.StatusNotFound {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}
