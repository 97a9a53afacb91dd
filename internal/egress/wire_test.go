package egress

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// TestWhatIsStoredGoesOverTheWire: with a space in a query the request line had
// four words, and the receiver's server answered 400 to every delivery.
func TestWhatIsStoredGoesOverTheWire(t *testing.T) {
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Host+r.RequestURI+" "+r.URL.Query().Get("q"))
	}))
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	c := newClient(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for raw, want := range map[string]string{
		srv.URL + "/hook?q=a b":             "/hook?q=a%20b a b",
		srv.URL + "/a b%2Fc?q=é":            "/a%20b%2Fc?q=%C3%A9 é",
		srv.URL + "?q=50%":                  "/?q=50%25 50%",
		"HTTP://" + host + `/"<x>"?q={"a"}`: `/%22%3Cx%3E%22?q=%7B%22a%22%7D {"a"}`,
	} {
		written, err := c.Guard.CheckURL("url", raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		u := mustURL(t, written)
		if !strings.HasPrefix(want, u.RequestURI()+" ") {
			t.Errorf("%q is stored as %q", raw, written)
		}
		for name, post := range map[string]func() (Answer, error){
			"directly": func() (Answer, error) {
				a, done, err := c.direct.exchange(background, u, http.Header{}, nil)
				if !done {
					t.Errorf("%q is not written directly", written)
				}
				return a, err
			},
			"by net/http": func() (Answer, error) { return c.viaTransport(background, u, http.Header{}, nil) },
		} {
			seen = nil
			if a, err := post(); err != nil || a.StatusCode != 200 || len(seen) != 1 || seen[0] != host+want {
				t.Errorf("%s, %q: %d %v, %q, want %q", name, raw, a.StatusCode, err, seen, host+want)
			}
		}
	}
}
