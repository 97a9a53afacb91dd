package httpapi_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/webhook"
)

// published are the keys that anybody is told, by their ids.
func (r *rig) published() map[string]string {
	r.t.Helper()
	a := r.ask("GET", "/.well-known/jwks.json", "", "Authorization: none")
	keys, _ := a.body["keys"].([]any)
	if a.status != 200 || a.body["keys"] == nil {
		r.t.Fatalf("%d %s", a.status, a.raw)
	}
	all := map[string]string{}
	for _, raw := range keys {
		key, _ := raw.(map[string]any)
		all[fmt.Sprint(key["kid"])] = fmt.Sprint(key["x"])
	}
	if len(all) != len(keys) {
		r.t.Errorf("ids that are there twice: %s", a.raw)
	}
	return all
}

// TestPublicKeysAreKnownByTheirThumbprint goes through a rotation: both keys are
// there, under names of their own that say nothing of the endpoint, and asking
// reads the store only after something has changed.
func TestPublicKeysAreKnownByTheirThumbprint(t *testing.T) {
	onBothStores(t, func(r *rig) {
		if keys := r.published(); len(keys) != 0 {
			r.t.Errorf("at first: %v", keys)
		}
		made := r.ask("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","keyPair":true}`)
		id := fmt.Sprint(made.body["endpointId"])
		first := r.published()
		check := func(a reply, keys map[string]string) {
			r.t.Helper()
			public, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fmt.Sprint(a.body["publicKey"]), "whpk_"))
			if err != nil || len(public) != ed25519.PublicKeySize {
				r.t.Fatalf("%s: %v", a.raw, err)
			}
			kid := webhook.Thumbprint(public)
			if keys[kid] != base64.RawURLEncoding.EncodeToString(public) || a.body["publicKeyId"] != kid {
				r.t.Errorf("%s is not among %v", kid, keys)
			}
		}
		check(made, first)
		rotated := r.ask("POST", "/v1/webhook-endpoints/"+id+"/rotate-secret", `{"overlap":"1h"}`)
		both := r.published()
		check(made, both)
		check(rotated, both)
		if raw := r.ask("GET", "/.well-known/jwks.json", "").raw; strings.Contains(raw, strings.TrimPrefix(id, "we_")) || strings.Contains(raw, r.project) {
			r.t.Errorf("it tells whose they are: %s", raw)
		}
		r.ask("POST", "/v1/webhook-endpoints/"+id+"/rotate-secret", `{"overlap":"0s"}`)
		if keys := r.published(); len(keys) != 2 {
			r.t.Errorf("%d keys: the one whose time is not over, and the newest", len(keys))
		}

		reads := r.reads.n.Load()
		r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
		r.ask("PATCH", "/v1/webhook-endpoints/"+id, `{"description":"d"}`)
		r.ask("POST", "/v1/webhook-endpoints/"+id+"/test", "")
		a := r.ask("GET", "/.well-known/jwks.json", "")
		for range 20 {
			if again := r.ask("GET", "/.well-known/jwks.json", "", "If-None-Match: "+a.header.Get("ETag")); again.status != 304 || again.raw != "" {
				r.t.Fatalf("%d %s", again.status, again.raw)
			}
		}
		if n := r.reads.n.Load() - reads; n != 0 {
			r.t.Errorf("asking reads the store %d times", n)
		}
		if !strings.Contains(a.header.Get("Cache-Control"), "max-age=") {
			r.t.Errorf("it may not be kept: %v", a.header)
		}
		r.ask("DELETE", "/v1/webhook-endpoints/"+id, "")
		if keys := r.published(); len(keys) != 0 {
			r.t.Errorf("after the endpoint: %v", keys)
		}
	})
}
