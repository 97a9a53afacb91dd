package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/access"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestKeysAndProjects is an operator's day: a project, a key for it, which works
// and is shown once, and its end.
func TestKeysAndProjects(t *testing.T) {
	onBothStores(t, func(r *rig) {
		operator := "Authorization: Bearer " + r.newKey(domain.RoleOperator)
		again := "Idempotency-Key: once"
		p := r.ask("POST", "/v1/projects", `{"name":"shop"}`, operator, again)
		project, _ := p.body["projectId"].(string)
		if p.status != 201 || p.body["name"] != "shop" || !strings.HasPrefix(project, "proj_") {
			t.Fatalf("project: %d %s", p.status, p.raw)
		}
		if a := r.ask("POST", "/v1/projects", `{"name":"shop"}`, operator, again); a.status != 201 || a.body["projectId"] != project || a.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("repeated: %d %s", a.status, a.raw)
		}
		if a := r.ask("POST", "/v1/projects", `{"name":"shop"}`, operator); a.status != 409 || a.body["code"] != "conflict" {
			t.Errorf("a name twice: %d %s", a.status, a.raw)
		}
		made := r.ask("POST", "/v1/keys", `{"projectId":"`+project+`","role":"viewer","name":"ci"}`, operator, "Idempotency-Key: key")
		key, _ := made.body["key"].(string)
		id, _ := made.body["keyId"].(string)
		if made.status != 201 || len(key) != 43 || made.body["role"] != "viewer" || made.body["projectId"] != project || made.body["prefix"] != key[:11] {
			t.Fatalf("key: %d %s", made.status, made.raw)
		}
		// Repeated, the call makes nothing and tells which key it was, but not the key.
		if a := r.ask("POST", "/v1/keys", `{"projectId":"`+project+`","role":"viewer","name":"ci"}`, operator, "Idempotency-Key: key"); a.status != 201 ||
			a.body["keyId"] != id || a.body["key"] != nil || a.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("repeated: %d %s", a.status, a.raw)
		}
		if a := r.ask("GET", "/v1/sessions", "", "Authorization: Bearer "+key); a.status != 200 {
			t.Errorf("the new key: %d %s", a.status, a.raw)
		}
		if a := r.ask("GET", "/v1/keys", "", operator); a.status != 200 || strings.Contains(a.raw, key) || !strings.Contains(a.raw, id) || strings.Contains(a.raw, "hash") {
			t.Errorf("list: %d %s", a.status, a.raw)
		}
		if a := r.ask("GET", "/v1/projects", "", operator); a.status != 200 || !strings.Contains(a.raw, project) {
			t.Errorf("projects: %d %s", a.status, a.raw)
		}
		for body, field := range map[string]string{
			`{"projectId":"proj_none"}`: "projectId", `{"role":"god"}`: "role", `{"name":"a\u0000b"}`: "name",
		} {
			if a := r.ask("POST", "/v1/keys", body, operator); a.status != 422 || a.field() != field {
				t.Errorf("%s: %d %s", body, a.status, a.raw)
			}
		}
		for range 2 {
			if a := r.ask("DELETE", "/v1/keys/"+id, "", operator); a.status != 204 {
				t.Errorf("revoke: %d %s", a.status, a.raw)
			}
		}
		if a := r.ask("GET", "/v1/sessions", "", "Authorization: Bearer "+key); a.status != 401 {
			t.Errorf("the revoked key: %d %s", a.status, a.raw)
		}
		if a := r.ask("DELETE", "/v1/keys/key_none", "", operator); a.status != 404 {
			t.Errorf("no key: %d %s", a.status, a.raw)
		}
	})
}

// TestTheLastOperatorsKeyStays: whoever revokes it over the API would lock
// everybody out.
func TestTheLastOperatorsKeyStays(t *testing.T) {
	onBothStores(t, func(r *rig) {
		made, secret, err := r.access.CreateKey(t.Context(), access.NewKey{Project: r.project, Role: domain.RoleOperator}, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := r.ask("DELETE", "/v1/keys/"+made.ID, "", "Authorization: Bearer "+secret); a.status != 409 || a.body["code"] != "conflict" {
			t.Errorf("%d %s", a.status, a.raw)
		}
		if a := r.ask("GET", "/v1/keys", "", "Authorization: Bearer "+secret); a.status != 200 {
			t.Errorf("afterwards: %d %s", a.status, a.raw)
		}
	})
}

// TestARevokedKeyLosesWhatItHoldsOpen: its stream of events and its waiting
// request end by themselves, also when the server isn't told of the revocation,
// as when another process makes it in the same SQLite file.
func TestARevokedKeyLosesWhatItHoldsOpen(t *testing.T) {
	for name, behind := range map[string]bool{"told": false, "behind its back": true} {
		t.Run(name, func(t *testing.T) {
			onBothStores(t, func(r *rig) { losesAll(r, behind) })
		})
	}
}

func losesAll(r *rig, behind bool) {
	t := r.t
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	key, secret, err := r.access.CreateKey(ctx, access.NewKey{Project: r.project, Role: domain.RoleProject}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	auth := "Authorization: Bearer " + secret
	session := r.made("POST", "/v1/sessions", `{}`, "sessionId")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Accept", "text/event-stream")
	stream, err := r.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	if !lines.Scan() { // it has begun
		t.Fatal(lines.Err())
	}
	link := r.ask("POST", "/v1/sessions/"+session+"/streams", `{}`, auth)
	viewers := map[string]*websocket.Conn{}
	for whose, url := range map[string]any{"the key's": link.body["streamingUrl"], "the session's": r.ask("GET", "/v1/sessions/"+session, "").body["streamingUrl"]} {
		_, token, _ := strings.Cut(fmt.Sprint(url), "?id=")
		conn, _, err := websocket.Dial(ctx, r.URL+"/streams/ws?id="+token, nil)
		if err != nil {
			t.Fatalf("%s link: %v", whose, err)
		}
		defer func() { _ = conn.CloseNow() }()
		if _, _, err := conn.Read(ctx); err != nil { // what it shows first
			t.Fatalf("%s link: %v", whose, err)
		}
		viewers[whose] = conn
	}
	waited := make(chan reply, 1)
	go func() {
		waited <- r.ask("POST", "/v1/sessions/"+session+"/steps", `{"steps":[{"action":"reload"}]}`, auth, "Prefer: wait=60")
	}()
	// When the step is there, the request is known to hold something.
	for steps := []any(nil); len(steps) == 0; <-time.After(time.Millisecond) {
		steps, _ = r.ask("GET", "/v1/sessions/"+session+"/steps", "").body["data"].([]any)
	}
	if behind {
		r.deaf.Store(true)
		looking, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- r.access.Run(looking) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
	}
	if err := r.store.RevokeKey(ctx, key.ID, time.Now(), true); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // to its end
	}
	if err := lines.Err(); err != nil || ctx.Err() != nil {
		t.Errorf("the stream's end: %v", err)
	}
	for {
		_, _, err := viewers["the key's"].Read(ctx)
		if code := websocket.CloseStatus(err); err != nil && code != 4001 {
			t.Errorf("the viewer of its link: %v", err)
		}
		if err != nil {
			break
		}
	}
	if _, token, _ := strings.Cut(fmt.Sprint(link.body["streamingUrl"]), "?id="); r.ask("GET", "/streams?id="+token, "").status != http.StatusGone {
		t.Error("its link still opens")
	}
	if a := <-waited; a.status != http.StatusUnauthorized || a.body["code"] != "unauthorized" {
		t.Errorf("the waiting request: %d %s", a.status, a.raw)
	}
	r.deaf.Store(false)
	r.ask("DELETE", "/v1/sessions/"+session, "")
	for shown := ""; !strings.Contains(shown, "CLOSED"); {
		_, raw, err := viewers["the session's"].Read(ctx)
		if err != nil {
			t.Fatalf("the viewer of the session's own link: %v", err)
		}
		shown = string(raw)
	}
}
