package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// end ends a session behind the API's back: the rig's browsers never start.
func (r *rig) end(session string) {
	r.t.Helper()
	if err := r.store.ChangeSession(r.t.Context(), r.project, session, func(c *domain.SessionChange) error {
		c.Session.Status, c.Session.EndedAt, c.Session.CloseReason = domain.SessionClosed, time.Now(), domain.ClosedRequested
		c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventBrowserClosed, "", time.Now()))
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
}

func TestForgetSession(t *testing.T) {
	onBothStores(t, func(r *rig) {
		const body = `{"webhook":{"url":"http://127.0.0.1:9/hook"},"steps":[{"action":"reload"}]}`
		header := "Idempotency-Key: once"
		created := r.ask("POST", "/v1/sessions", body, header)
		id, _ := created.body["sessionId"].(string)
		if created.status != http.StatusCreated || id == "" {
			t.Fatalf("create: %d %s", created.status, created.raw)
		}
		path := "/v1/sessions/" + id
		steps := r.ask("POST", path+"/steps", `{"steps":[{"action":"back"}]}`, "Idempotency-Key: steps")
		link := r.ask("POST", path+"/streams", `{"mode":"view"}`, "Idempotency-Key: link")
		if steps.status != http.StatusAccepted || link.status != http.StatusCreated {
			t.Fatalf("steps %d, link %d", steps.status, link.status)
		}
		if a := r.ask("DELETE", path+"/data", ""); a.status != http.StatusConflict || a.body["code"] != "conflict" {
			t.Errorf("while it is open: %d %s", a.status, a.raw)
		}
		r.end(id)
		if a := r.ask("DELETE", "/v1/sessions/"+domain.NewID(domain.PrefixSession)+"/data", ""); a.status != http.StatusNotFound {
			t.Errorf("another one: %d %s", a.status, a.raw)
		}
		if a := r.ask("DELETE", path+"/data", ""); a.status != http.StatusNoContent || a.raw != "" {
			t.Errorf("after its end: %d %s", a.status, a.raw)
		}
		for _, rest := range []string{"", "/steps", "/artifacts"} {
			if a := r.ask("GET", path+rest, ""); a.status != http.StatusNotFound {
				t.Errorf("GET %s afterwards: %d %s", rest, a.status, a.raw)
			}
		}
		if a := r.ask("DELETE", path+"/data", ""); a.status != http.StatusNotFound {
			t.Errorf("again: %d %s", a.status, a.raw)
		}
		for path, body := range map[string]string{"/v1/sessions": body, path + "/steps": `{"steps":[{"action":"back"}]}`, path + "/streams": `{"mode":"view"}`} {
			key := map[string]string{"/v1/sessions": "once", "/v1/sessions/" + id + "/steps": "steps", "/v1/sessions/" + id + "/streams": "link"}[path]
			if a := r.ask("POST", path, body, "Idempotency-Key: "+key); a.status != http.StatusNotFound {
				t.Errorf("POST %s under the same key: %d %s", path, a.status, a.raw)
			}
		}
		for _, list := range []string{"/v1/events", "/v1/deliveries", "/v1/sessions", "/v1/webhook-endpoints"} {
			if a := r.ask("GET", list, ""); a.status != http.StatusOK || len(a.body["data"].([]any)) != 0 {
				t.Errorf("%s afterwards: %d %s", list, a.status, a.raw)
			}
		}
	})
}
