package session

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestOptionsAreChecked whoever asks: what is wrong is named by its path.
func TestOptionsAreChecked(t *testing.T) {
	if o := DefaultOptions(); checkOptions(&o) != nil || o.Timeout != 30*time.Minute || o.IdleTimeout != 5*time.Minute || o.Viewport.Width == 0 {
		t.Errorf("the defaults are %+v", o)
	}
	header := func(name, value string) func(*domain.SessionOptions) {
		return func(o *domain.SessionOptions) {
			o.Headers = []domain.Header{{Name: "x-first", Value: "1"}, {Name: name, Value: value}}
		}
	}
	origin := func(raw string) func(*domain.SessionOptions) {
		return func(o *domain.SessionOptions) { o.Credentials = &domain.HTTPCredentials{Origin: raw} }
	}
	for _, tt := range []struct {
		field  string // empty: it is fine
		change func(*domain.SessionOptions)
	}{
		{"", func(o *domain.SessionOptions) { o.IdleTimeout = 0 }},
		{"idleTimeout", func(o *domain.SessionOptions) { o.IdleTimeout = time.Millisecond }},
		{"timeout", func(o *domain.SessionOptions) { o.Timeout = 0 }},
		{"timeout", func(o *domain.SessionOptions) { o.Timeout = 25 * time.Hour }},
		{"url", func(o *domain.SessionOptions) { o.URL = "nowhere" }},
		{"userAgent", func(o *domain.SessionOptions) { o.UserAgent = "a\nb" }},
		{"", func(o *domain.SessionOptions) { o.Locale, o.Timezone = "de-AT", "Asia/Tokyo" }},
		{"locale", func(o *domain.SessionOptions) { o.Locale = "de_AT" }},
		{"timezone", func(o *domain.SessionOptions) { o.Timezone = "Local" }},
		{"", header("x-second", "2")},
		{"headers[1].name", header("a b", "")},
		{"headers[1].name", header("X-First", "")},
		{"headers[1].name", header("sec-fetch-mode", "")},
		{"headers[1].name", header("cookie", "")},
		{"headers[1].value", header("X", "a\nb")},
		{"", origin("https://example.com:443/")},
		{"httpCredentials.origin", origin("https://example.com/path")},
		{"", func(o *domain.SessionOptions) {
			o.Network = &domain.Network{Allow: []string{"*.Example.com", "10.0.0.1"}, Deny: []string{"[::1]"}}
			o.Proxy = "socks5://me:mine@proxy.example:1080"
		}},
		{"network.allow", func(o *domain.SessionOptions) { o.Network = &domain.Network{Allow: []string{"a*.example.com"}} }},
		{"network.allow", func(o *domain.SessionOptions) { o.Network = &domain.Network{Allow: []string{}} }},
		{"network.deny", func(o *domain.SessionOptions) { o.Network = &domain.Network{Deny: []string{"http://example.com"}} }},
		{"proxy", func(o *domain.SessionOptions) { o.Proxy = "ftp://proxy.example:21" }},
		{"proxy", func(o *domain.SessionOptions) { o.Proxy = "http://proxy.example" }},
		{"proxy", func(o *domain.SessionOptions) { o.Proxy = "http://127.1:3128" }},
	} {
		o := DefaultOptions()
		tt.change(&o)
		err := checkOptions(&o)
		wrong, _ := err.(*domain.Error)
		if tt.field == "" && err != nil || tt.field != "" && (wrong == nil || wrong.Field != tt.field) {
			t.Errorf("%+v: got %v, want an error of %q", o, err, tt.field)
		}
	}
}

// TestOptionsAreSpelledAsBrowsersDo, and what was given stays as it was.
func TestOptionsAreSpelledAsBrowsersDo(t *testing.T) {
	given := domain.HTTPCredentials{Username: "u", Password: "p", Origin: "HTTPS://Example.com:443/"}
	o := DefaultOptions()
	o.Headers, o.Credentials = []domain.Header{{Name: "x-tenant", Value: "acme", Secret: true}}, &given
	network := domain.Network{Allow: []string{"*.Example.COM."}}
	o.Network = &network
	if err := checkOptions(&o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]domain.Header{{Name: "X-Tenant", Value: "acme", Secret: true}}, o.Headers); diff != "" {
		t.Error(diff)
	}
	if o.Network.Allow[0] != "*.example.com" || network.Allow[0] != "*.Example.COM." {
		t.Errorf("%q of %q", o.Network.Allow, network.Allow)
	}
	if !strings.EqualFold(o.Credentials.Origin, "https://example.com") || given.Origin != "HTTPS://Example.com:443/" {
		t.Errorf("%q of %q", o.Credentials.Origin, given.Origin)
	}
}
