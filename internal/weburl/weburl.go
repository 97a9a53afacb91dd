// Package weburl reads the http and https addresses that people give us: once,
// by the standard library, and such that what its String writes is what goes
// over the wire.
package weburl

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// What is wrong with an address; each goes on after its name.
var (
	errNoURL  = errors.New("is not a URL")
	errScheme = errors.New("must start with http:// or https://")
	errHost   = errors.New("has no host")
)

// Parse reads an absolute http or https URL. Scheme and host are in lower case
// afterwards, an international name is in its xn-- form, and what may not stand
// in a path, a query or a fragment is percent-encoded: spaces, quotes, what is
// no ASCII, and a "%" that encodes nothing. Reading the URL's String gives the
// same again.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errNoURL
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errScheme
	case u.Hostname() == "":
		return nil, errHost
	}
	if u.Host, err = host(u); err != nil {
		return nil, errNoURL
	}
	// Where these are as they were written, escaping keeps them so: "%2F" is
	// not "/". Without them, the path and the fragment are written by net/url.
	u.RawPath, u.RawFragment = escape(u.RawPath), escape(u.RawFragment)
	u.RawQuery = escape(u.RawQuery)
	// What was changed may not be written as it will be read: once more.
	if u, err = url.Parse(u.String()); err != nil {
		return nil, errNoURL
	}
	return u, nil
}

// host is the URL's host and port in ASCII. An international name is mapped as
// browsers do.
func host(u *url.URL) (string, error) {
	if !strings.ContainsFunc(u.Host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return strings.ToLower(u.Host), nil
	}
	name, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return "", err
	}
	return name + strings.TrimPrefix(u.Host, u.Hostname()), nil
}

// escape encodes the bytes that may not stand in a URL (RFC 3986; brackets are
// let stand, as all do), and keeps all others as they are.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			b.WriteString("%25")
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~!$&'()*+,;=:@/?%[]", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString(url.PathEscape(s[i : i+1]))
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
