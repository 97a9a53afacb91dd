package main

import "testing"

// TestANewOperationHasAPlace: who adds one to the API need not know of the SDK.
func TestANewOperationHasAPlace(t *testing.T) {
	got := others(map[string]*operation{
		"create-session": {Tags: []string{"sessions"}}, // has one
		"create":         {Tags: []string{"files"}},
		"freeze-session": {Tags: []string{"sessions"}},
	})
	if len(got) != 2 || got["Sessions"] != " freeze_session=freeze-session" || got["Artifacts"] != " create=create" {
		t.Errorf("%v", got)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"connectUrl": "connect_url", "indexedDB": "indexed_db", "publicKeyId": "public_key_id", "sha256": "sha256",
		"class": "class_", "from": "from_", "setCookies": "set_cookies", "list-viewers": "list_viewers", "durationMs": "duration_ms",
	} {
		if got := snake(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
