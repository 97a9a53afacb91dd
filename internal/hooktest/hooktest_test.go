package hooktest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/sender"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="

// run tests a receiver and returns its verdicts.
func run(t *testing.T, h http.Handler) (*Report, map[string]Result) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	s, err := sender.New(secret, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	told := map[string]Result{}
	report, err := Run(t.Context(), s, server.URL, func(r Result) { told[r.Check] = r })
	if err != nil {
		t.Fatal(err)
	}
	// How fast this machine is isn't what is tested here.
	report.Results[len(checks)].Verdict, report.Results[len(checks)].Advice = OK, ""
	if len(report.Results) != len(checks)+1 || len(told) != len(report.Results) {
		t.Errorf("%d results, %d told", len(report.Results), len(told))
	}
	return report, told
}

// official verifies with the official library before it hands on.
func official(next func(w http.ResponseWriter, r *http.Request, body []byte)) http.Handler {
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		panic(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || hook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	})
}

func TestGoodReceiversPass(t *testing.T) {
	ours, err := webhook.NewHandler(func(context.Context, webhook.Event) error { return nil }, secret)
	if err != nil {
		t.Fatal(err)
	}
	ours.Log = slog.New(slog.DiscardHandler)
	for name, h := range map[string]http.Handler{
		"client/webhook":       ours,
		"the official library": official(func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusOK) }),
	} {
		report, _ := run(t, h)
		if !report.Passed() || report.Count(OK) != len(report.Results) {
			t.Errorf("%s: %+v", name, report.Results)
		}
	}
}

// TestFaultsAreFound gives each check a receiver with the fault that it is for.
func TestFaultsAreFound(t *testing.T) {
	answer := func(status int) func(http.ResponseWriter, *http.Request, []byte) {
		return func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(status) }
	}
	seen, highest := map[string]bool{}, map[string]int64{}
	for name, c := range map[string]struct {
		receiver http.Handler
		wrong    string // checks that come out wrong, by name
		improve  string
	}{
		"takes everything": {
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
			"wrong signature, changed body, changed id, missing headers, old timestamp, future timestamp", "",
		},
		"ignores the time": {
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hook, _ := standardwebhooks.NewWebhook(secret)
				body, _ := io.ReadAll(r.Body)
				if hook.VerifyIgnoringTimestamp(body, r.Header) != nil {
					w.WriteHeader(http.StatusForbidden)
				}
			}), "old timestamp, future timestamp", "",
		},
		"reads the first signature only": {
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				first, _, _ := strings.Cut(r.Header.Get(webhook.HeaderSignature), " ")
				r.Header.Set(webhook.HeaderSignature, first)
				official(answer(http.StatusOK)).ServeHTTP(w, r)
			}), "rotated secret", "",
		},
		"fails on duplicates": {
			official(func(w http.ResponseWriter, r *http.Request, _ []byte) {
				if id := r.Header.Get(webhook.HeaderID); seen[id] {
					w.WriteHeader(http.StatusConflict)
				} else {
					seen[id] = true
				}
			}), "", "duplicate",
		},
		"insists on order": {
			official(func(w http.ResponseWriter, _ *http.Request, body []byte) {
				e, _ := webhook.Parse(body)
				if e.Sequence < highest[e.SessionID] {
					w.WriteHeader(http.StatusInternalServerError)
				}
				highest[e.SessionID] = e.Sequence
			}), "", "out of order",
		},
		"knows its types only": {
			official(func(w http.ResponseWriter, _ *http.Request, body []byte) {
				if strings.Contains(string(body), "something_new") {
					w.WriteHeader(http.StatusBadRequest)
				}
			}), "", "unknown event type",
		},
		"knows its members only": {
			official(func(w http.ResponseWriter, _ *http.Request, body []byte) {
				if strings.Contains(string(body), "ewMember") {
					w.WriteHeader(http.StatusBadRequest)
				}
			}), "", "unknown members",
		},
		"takes small bodies": {
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 100_000 {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					return
				}
				official(answer(http.StatusOK)).ServeHTTP(w, r)
			}), "", "big body, 1 MiB",
		},
		"crashes on what isn't verified": {
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if webhook.Verify(body, r.Header, secret) != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}), "wrong signature, changed body, changed id, missing headers, old timestamp, future timestamp", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, _ := run(t, c.receiver)
			var wrong, improve []string
			for _, r := range report.Results {
				if r.Verdict == Wrong {
					wrong = append(wrong, r.Check)
				}
				if r.Verdict == Improve {
					improve = append(improve, r.Check)
				}
				if (r.Verdict == OK) != (r.Advice == "") {
					t.Errorf("%s is %s, and the advice is %q", r.Check, r.Verdict, r.Advice)
				}
			}
			if got := strings.Join(wrong, ", "); got != c.wrong || report.Passed() != (c.wrong == "") {
				t.Errorf("wrong: %s", got)
			}
			if got := strings.Join(improve, ", "); got != c.improve {
				t.Errorf("to improve: %s", got)
			}
		})
	}
}

func TestNothingIsToldWithoutAValidEvent(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusFound, http.StatusGone, http.StatusInternalServerError} {
		report, told := run(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if report.Passed() || report.Count(Skipped) != len(checks)-1 || told["valid event"].Verdict != Wrong {
			t.Errorf("%d: %+v", status, report.Results)
		}
	}
}

func TestSlowAnswers(t *testing.T) {
	for took, want := range map[time.Duration]Verdict{time.Second: OK, 3 * time.Second: Improve} {
		if got := (&tester{answers: 1, slowest: took}).inTime(); got.Verdict != want {
			t.Errorf("%s: %+v", took, got)
		}
	}
}
