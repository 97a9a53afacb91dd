// Package hop is how a server passes a request on to the one that runs the session,
// when several share a database: as it came, with the caller's own key or link, which
// is judged there again, and with a header that shows where it comes from.
//
// The header is signed with a key that all of them derive from the master key. It is
// of one request (method, path, query, body), from one server to one other, at one
// time. What came with one is never passed on again. Path, query, the caller's key and
// the body are encrypted with such a key: whoever else answers at a server's address, or
// reads on the way, learns neither keys nor links nor what steps are given.
package hop

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Header is what a request has that a server has passed on. Fields are added to it and
// never changed, so that servers of two releases understand each other: what one
// doesn't know it passes over.
const Header = "Browserhook-Hop"

// within is how far the clocks of two servers may be apart, with the time on the way.
const within = 90 * time.Second

// Hop is what a server says of a request that it passes on.
type Hop struct {
	From, To string    // servers' ids
	At       time.Time // when it was passed on
	Request  string    // id that it has in both servers' logs
	Client   string    // address that it came from there; empty: nobody says
	Body     [sha256.Size]byte

	encrypted string // what only the other server reads, with each of the keys; empty: the request is open
	hurried   <-chan struct{}
}

// key tells it from others that come here.
func (h *Hop) key() string { return h.From + " " + h.Request }

// Carries says whether it was made for a request with this body.
func (h *Hop) Carries(body []byte) bool { return h.Body == sha256.Sum256(body) }

// text is what is signed, but for the request.
func (h *Hop) text() string {
	body := ";body=" + hex.EncodeToString(h.Body[:])
	if h.encrypted != "" {
		body = ";sealed=" + h.encrypted // which has it
	}
	client := ""
	if h.Client != "" {
		client = ";client=" + h.Client
	}
	return "v=1;from=" + h.From + ";to=" + h.To + ";t=" + strconv.FormatInt(h.At.Unix(), 10) + ";id=" + h.Request + client + body
}

const macs = ";mac="

// sign makes the header for a request, with each of the keys: the other server may know
// the newest only, or only the one before.
func (h *Hop) sign(keys [][]byte, method, uri string) string {
	text := h.text()
	all := make([]string, len(keys))
	for i, key := range keys {
		all[i] = hex.EncodeToString(mac(key, method, uri, text))
	}
	return text + macs + strings.Join(all, ",")
}

func mac(key []byte, method, uri, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(method + "\n" + uri + "\n" + text))
	return m.Sum(nil)
}

var errForged = errors.New("it is not from a server of this cluster")

// read reads a header that is for this server now, and for this request.
func read(header string, keys [][]byte, to, method, uri string, now time.Time) (*Hop, error) {
	text, signed, ok := strings.Cut(header, macs)
	if !ok || !genuine(keys, signed, method, uri, text) {
		return nil, errForged
	}
	h := &Hop{}
	for field := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "from":
			h.From = value
		case "to":
			h.To = value
		case "id":
			h.Request = value
		case "client":
			h.Client = value
		case "sealed":
			h.encrypted = value
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return nil, errForged
			}
			h.At = time.Unix(seconds, 0)
		case "body":
			if n, err := hex.Decode(h.Body[:], []byte(value[:min(len(value), 2*len(h.Body))])); err != nil || n != len(h.Body) {
				return nil, errForged
			}
		}
	}
	if h.To != to || now.Sub(h.At).Abs() > within {
		return nil, errForged
	}
	return h, nil
}

// genuine says whether one of the signatures is by one of the keys.
func genuine(keys [][]byte, signed, method, uri, text string) bool {
	found := false
	for one := range strings.SplitSeq(signed, ",") {
		got, err := hex.DecodeString(one)
		if err != nil {
			return false
		}
		for _, key := range keys {
			found = found || hmac.Equal(got, mac(key, method, uri, text))
		}
	}
	return found
}

type contextKey struct{}

// Of is how a request came here from another server; nil: it didn't.
func Of(ctx context.Context) *Hop {
	h, _ := ctx.Value(contextKey{}).(*Hop)
	return h
}

// Arrived is a request as it is to be served: what came from another server is known
// by Of, and has the address that it came from there. The error is for a request that only says that it does.
func (s *Servers) Arrived(r *http.Request) (*http.Request, error) {
	lines := r.Header.Values(Header)
	if len(lines) == 0 {
		return r, nil
	}
	if len(lines) > 1 {
		return r, errForged
	}
	h, err := read(lines[0], s.Keys, s.Self, r.Method, r.RequestURI, time.Now())
	if err != nil {
		return r, err
	}
	if err := h.decrypt(s.Keys, r); err != nil {
		return r, err
	}
	r.Header.Del(Header)
	if h.Client != "" {
		r.RemoteAddr = h.Client
	}
	if r.URL.Path != hurryPath {
		s.expect(r.Context(), h)
	}
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, h)), nil
}
