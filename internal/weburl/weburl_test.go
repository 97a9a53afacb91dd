package weburl_test

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/weburl"
)

func TestParseWritesWhatGoesOverTheWire(t *testing.T) {
	for raw, want := range map[string]string{
		"http://a.test":                              "http://a.test",
		"HTTPS://A.Test:8443/":                       "https://a.test:8443/",
		"http://a.test/b c":                          "http://a.test/b%20c",
		"http://a.test/b%20c%2Fd":                    "http://a.test/b%20c%2Fd",
		"http://a.test/b c%2Fd":                      "http://a.test/b%20c%2Fd",
		"http://a.test/?q=b c":                       "http://a.test/?q=b%20c",
		"http://a.test/?q=b+c%20d":                   "http://a.test/?q=b+c%20d",
		"http://a.test?q=50%":                        "http://a.test?q=50%25",
		"http://a.test/?q=%zz&r=%4":                  "http://a.test/?q=%25zz&r=%254",
		"http://a.test/?b=2&a=1&b&;=":                "http://a.test/?b=2&a=1&b&;=",
		"http://a.test/é?ü=ß":                        "http://a.test/%C3%A9?%C3%BC=%C3%9F",
		"http://a.test/\xff?\xff":                    "http://a.test/%FF?%FF",
		"http://a.test/\"<>\\^`{|}?\"<>\\^`{|}":      "http://a.test/%22%3C%3E%5C%5E%60%7B%7C%7D?%22%3C%3E%5C%5E%60%7B%7C%7D",
		"http://a.test/[x]?y[]=1":                    "http://a.test/[x]?y[]=1",
		"http://a.test/?":                            "http://a.test/?",
		"http://a.test/a/../b/./c//d":                "http://a.test/a/../b/./c//d",
		"http://MÜNCHEN.test/":                       "http://xn--mnchen-3ya.test/",
		"http://[::1]:80/":                           "http://[::1]:80/",
		"http://u:p w@a.test/#x y%2F":                "",
		"http://u:p%20w@a.test/#x y%2F":              "http://u:p%20w@a.test/#x%20y%2F",
		"http://a.test/#/b/é":                        "http://a.test/#/b/%C3%A9",
		"http://a.test/b\nc":                         "",
		"http://a.test/%zz":                          "",
		"http:a.test":                                "",
		"http:///b":                                  "",
		"http://:80/":                                "",
		"//a.test/":                                  "",
		"a.test":                                     "",
		"ftp://a.test/":                              "",
		"http://a b.test/":                           "",
		"":                                           "",
		" http://a.test/":                            "",
		"http://a.test/?q=" + strings.Repeat("é", 3): "http://a.test/?q=%C3%A9%C3%A9%C3%A9",
	} {
		u, err := weburl.Parse(raw)
		got := ""
		if err == nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("%q: %q (%v), want %q", raw, got, err, want)
		}
	}
}

// FuzzParse: what is read is written the same from then on, is nothing but
// visible ASCII, and is a request that net/http's server reads as it was meant.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{
		"http://a.test/b c?d e", "https://A.test:1/%2F?%zz#é", "http://münchen.test", "http://[::1%25x]/", "http://u:p@a.test//b", "http://a.test/\"?<>",
		"http://a.test?", "http://a.test/?a=b?c=d&e", "http://a.test/%C3%28", "http://a.test:/", "http://*/", "http://a<b/", "http://a.test/*",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := weburl.Parse(raw)
		if err != nil {
			return
		}
		text := u.String()
		again, err := weburl.Parse(text)
		if err != nil || again.String() != text || again.RequestURI() != u.RequestURI() || again.Host != u.Host {
			t.Fatalf("%q is %q, and then %v, %v", raw, text, again, err)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q is %q", raw, text)
		}
		var wire bytes.Buffer
		if err := (&http.Request{Method: "POST", URL: u, Host: u.Host, Header: http.Header{}}).Write(&wire); err != nil {
			return // of a host that no request can be made to
		}
		read, err := http.ReadRequest(bufio.NewReader(&wire))
		if err != nil || read.RequestURI != u.RequestURI() || read.URL.Path != cmpPath(u.Path) || read.URL.RawQuery != u.RawQuery {
			t.Fatalf("%q is %q, and is read as %+v, %v", raw, text, read, err)
		}
	})
}

func cmpPath(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
