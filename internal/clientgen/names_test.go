package main

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"sessionId": "SessionID", "connectUrl": "ConnectURL", "httpCredentials": "HTTPCredentials", "browser-closed": "BrowserClosed",
		"deviceScaleFactor": "DeviceScaleFactor", "ids": "IDs", "sha256": "SHA256", "x": "X",
	} {
		if got := exported(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string][]string{"": {""}, "list-event-types": {"list", "event", "types"}, "fullURL": {"full", "URL"}, "Range": {"Range"}} {
		if got := words(name); !slices.Equal(got, want) {
			t.Errorf("%s has the words %q, want %q", name, got, want)
		}
	}
	for text, want := range map[string]string{"Makes a session.": "makes a session.", "JSON.": "JSON.", "A": "A", "": ""} {
		if got := lower(text); got != want {
			t.Errorf("%q goes on as %q, want %q", text, got, want)
		}
	}
}
