package main

import (
	"errors"
	"testing"

	"github.com/alecthomas/kong"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/commands"
)

// TestRefusalsNameWhatWasTyped, not the API's field that it became.
func TestRefusalsNameWhatWasTyped(t *testing.T) {
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(detail string) error {
		return commands.Kind(&browserhook.Error{Status: 422, Code: "invalid_request", Detail: detail})
	}
	for _, tt := range []struct {
		command []string
		err     error
		want    string
	}{
		{[]string{"events"}, refused("cursor: is no event"), "--after: is no event (invalid_request)"},
		{[]string{"events"}, refused("types[1]: is no type"), "--types[1]: is no type (invalid_request)"},
		{[]string{"listen", "--forward=http://a"}, refused("cursor: is no event"), "--since: is no event (invalid_request)"},
		{[]string{"listen", "--forward=http://a"}, refused("types: is no type"), "--events: is no type (invalid_request)"},
		{[]string{"deliveries", "list"}, refused("endpointId: is no id"), "--endpoint: is no id (invalid_request)"},
		{[]string{"session", "create"}, refused("idleTimeout: must be longer"), "--idle-timeout: must be longer (invalid_request)"},
		{[]string{"session", "create"}, refused("url: must be an address"), "<url>: must be an address (invalid_request)"},
		{[]string{"session", "create"}, refused("metadata.order: must be a text"), "--metadata.order: must be a text (invalid_request)"},
		{[]string{"session", "open", "browser_1"}, refused("expiresIn: must be from 1s"), "--expires-in: must be from 1s (invalid_request)"},
		{[]string{"session", "list"}, refused("The request is not valid."), "The request is not valid. (invalid_request)"},
		{[]string{"session", "list"}, errors.New("limit: of files"), "limit: of files"}, // not the API's
	} {
		parsed, err := parser.Parse(append(tt.command, "--key=bh_x"))
		if err != nil {
			t.Fatal(err)
		}
		if got := asTyped(tt.err, parsed.Selected()); got != tt.want {
			t.Errorf("%q says %q, want %q", tt.command, got, tt.want)
		}
	}
}
