package sender

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="

func post(t *testing.T, target string, timeout time.Duration) (Answer, error) {
	t.Helper()
	s, err := New(secret, "1.2.3", timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	h, err := s.Header("evt_1", time.Now(), []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	return s.Post(t.Context(), target, h, []byte(`{}`))
}

func TestPostSendsWhatAReceiverVerifies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := webhook.Verify(body, r.Header, secret); err != nil || r.UserAgent() != "browserhook/1.2.3" || r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, strings.Repeat("x", 2*maxAnswer))
	}))
	defer server.Close()
	a, err := post(t, server.URL, time.Minute)
	if err != nil || a.Status != http.StatusAccepted || len(a.Body) != maxAnswer || a.Took <= 0 {
		t.Errorf("%d with %d bytes, %v", a.Status, len(a.Body), err)
	}
}

func TestPostFollowsNoRedirect(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	defer server.Close()
	if a, err := post(t, server.URL, time.Minute); err != nil || a.Status != http.StatusTemporaryRedirect {
		t.Errorf("%d, %v", a.Status, err)
	}
}

func TestPostSaysWhyThereIsNoAnswer(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-release
		}
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	defer close(release)
	closed := httptest.NewServer(nil)
	closed.Close()
	for target, want := range map[string]string{
		server.URL + "/hang":          "no answer within 50ms",
		server.URL + "/close":         "it closed the connection without an answer",
		closed.URL:                    "connection refused",
		"http://no.such.host.invalid": "no.such.host.invalid: no such host",
	} {
		timeout := time.Minute
		if strings.HasSuffix(target, "hang") {
			timeout = 50 * time.Millisecond
		}
		_, err := post(t, target, timeout)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", target, err)
		}
		if errors.Is(err, ErrNoAnswer) != strings.HasSuffix(target, "hang") {
			t.Errorf("%s: it is the wrong kind of error", target)
		}
	}
}

func TestNewRefusesWhatCantSign(t *testing.T) {
	for _, secret := range []string{"", "whsec_", "whsec_AAAA", "whsec_?"} {
		if _, err := New(secret, "", time.Second); err == nil {
			t.Errorf("%q is taken", secret)
		}
	}
}
