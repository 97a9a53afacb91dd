package hop

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestNobodyElseLearnsAnything: whoever listens at a server's address in its place gets
// neither the caller's key, nor a link, nor what is sent.
func TestNobodyElseLearnsAnything(t *testing.T) {
	c := newCluster(t)
	const link, secret = "/streams/ws?id=str_link", `{"steps":[{"value":"hunter2"}]}`
	var got []string
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := httputil.DumpRequest(r, true)
		if err != nil {
			t.Error(err)
		}
		got = append(got, string(raw))
		w.Header().Set("X-Request-Id", "req_stranger")
	}))
	defer stranger.Close()
	c.owner.URL = stranger.URL
	for name, ask := range map[string]func(s *Servers, w http.ResponseWriter, r *http.Request) bool{
		"forward": func(s *Servers, w http.ResponseWriter, r *http.Request) bool { return s.Forward(w, r, "p", "s") },
		"offer": func(s *Servers, w http.ResponseWriter, r *http.Request) bool {
			return s.Offer(w, r, []byte(secret), "p", "s")
		},
	} {
		got, c.ask = nil, ask
		c.get(t, c.a.URL, link, secret)
		if len(got) != 1 {
			t.Fatalf("%s: %d requests", name, len(got))
		}
		for _, word := range []string{"bh_caller", "Authorization", "str_link", "streams", "hunter2", "steps"} {
			if strings.Contains(got[0], word) {
				t.Errorf("%s: it learns %q:\n%s", name, word, got[0])
			}
		}
	}
}

// TestOneOfTheReleaseBefore gets what it understands.
func TestOneOfTheReleaseBefore(t *testing.T) {
	c := newCluster(t)
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set(Header, Served)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+" "+r.RequestURI+" "+string(body))
	}))
	defer old.Close()
	c.owner = domain.Owner{Node: "b", URL: old.URL}
	c.ask = func(s *Servers, w http.ResponseWriter, r *http.Request) bool {
		return s.Offer(w, r, []byte("{}"), "p", "s")
	}
	if _, body, _ := c.get(t, c.a.URL, "/x?y", "{}"); body != "Bearer bh_caller /x?y {}" {
		t.Errorf("%q", body)
	}
	// And so is what it sends here.
	c.owner = domain.Owner{Node: "b", URL: c.b.URL}
	if _, body, _ := c.get(t, c.a.URL, "/x?y", "{}"); body != "b did it" || c.seen[0].Header.Get("Authorization") != "Bearer bh_caller" || c.bodies[0] != "{}" {
		t.Errorf("%q", body)
	}
}

// TestEncryptedBySomebodyElse: it is refused, however it is signed, and so is a body that was
// changed on its way.
func TestEncryptedBySomebodyElse(t *testing.T) {
	c := newCluster(t)
	for name, key := range map[string]string{"another key": "other", "nothing": ""} {
		h := Hop{From: "a", To: "b", At: time.Now(), encrypted: "AAAA"}
		if key != "" {
			in := httptest.NewRequest(http.MethodGet, "/x", nil)
			in.Header.Set("Authorization", "Bearer bh_forged")
			s := &Servers{Keys: [][]byte{[]byte(key)}}
			s.encrypt(&httputil.ProxyRequest{In: in, Out: in.Clone(t.Context())}, &h, nil)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.b.URL+encryptedPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(Header, h.sign([][]byte{[]byte("key")}, http.MethodGet, encryptedPath))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden || len(c.seen) > 0 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	text := encrypt(make([]byte, sha256.Size), []byte("as it was"))
	text[len(text)-1] ^= 1
	body := &encryptedBody{ReadCloser: io.NopCloser(strings.NewReader(string(text))), key: make([]byte, sha256.Size)}
	if raw, err := io.ReadAll(body); err == nil {
		t.Errorf("a changed body: %q", raw)
	}
}

// TestKeysThatChange: the master key does, while one server has the newest only, or only
// the one before.
func TestKeysThatChange(t *testing.T) {
	for name, keys := range map[string][2][][]byte{
		"the other has the newest only": {{[]byte("new"), []byte("key")}, {[]byte("new")}},
		"the other has the one before":  {{[]byte("new"), []byte("key")}, {[]byte("key")}},
		"this one has the one before":   {{[]byte("key")}, {[]byte("new"), []byte("key")}},
	} {
		c := newCluster(t)
		c.servers[0].Keys, c.servers[1].Keys = keys[0], keys[1]
		if _, body, _ := c.get(t, c.a.URL, "/x", ""); body != "b did it" {
			t.Errorf("%s: %q", name, body)
		}
	}
}
