package webhook

import (
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestDecide(t *testing.T) {
	status := func(code int, header ...string) (egress.Answer, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return egress.Answer{StatusCode: code, Header: h, Body: []byte("said")}, &egress.Error{Class: egress.ClassStatus, Message: "no"}
	}
	for _, tt := range []struct {
		name   string
		tries  int
		answer func() (egress.Answer, error)
		random float64
		want   domain.DeliveryStatus
		wait   time.Duration
		reason string
	}{
		{"2xx", 0, func() (egress.Answer, error) { return egress.Answer{StatusCode: 204}, nil }, 0, domain.DeliveryDelivered, 0, ""},
		{"first failure", 0, func() (egress.Answer, error) { return status(500) }, 0, domain.DeliveryPending, 5 * time.Second, ""},
		{"jitter is only later", 0, func() (egress.Answer, error) { return status(500) }, 0.5, domain.DeliveryPending, 5250 * time.Millisecond, ""},
		{"second", 1, func() (egress.Answer, error) { return status(404) }, 0, domain.DeliveryPending, 30 * time.Second, ""},
		{"ninth", 8, func() (egress.Answer, error) { return status(500) }, 0, domain.DeliveryPending, 39 * time.Hour, ""},
		{"tenth", 9, func() (egress.Answer, error) { return status(500) }, 0, domain.DeliveryFailed, 0, "exhausted"},
		{"Retry-After", 0, func() (egress.Answer, error) { return status(503, "Retry-After", "60") }, 0, domain.DeliveryPending, time.Minute, ""},
		{"short Retry-After", 1, func() (egress.Answer, error) { return status(503, "Retry-After", "1") }, 0, domain.DeliveryPending, 30 * time.Second, ""},
		{"a year", 0, func() (egress.Answer, error) { return status(503, "Retry-After", "31536000") }, 0, domain.DeliveryPending, 24 * time.Hour, ""},
		{"gone", 0, func() (egress.Answer, error) { return status(410) }, 0, domain.DeliveryFailed, 0, "gone"},
		{"no answer", 0, func() (egress.Answer, error) {
			return egress.Answer{}, &egress.Error{Class: egress.ClassTimeout, Message: "slow"}
		}, 0, domain.DeliveryPending, 5 * time.Second, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := tt.answer()
			d := domain.Delivery{ID: "dlv_1", ProjectID: "proj_1", Status: domain.DeliverySending, Attempts: 3, Tries: tt.tries}
			o := decide(d, schedule, answer, err, now.Add(-time.Second), now, tt.random)
			if o.Delivery.Status != tt.want || o.Delivery.Reason != tt.reason || o.Delivery.Attempts != 4 || o.Delivery.Tries != tt.tries+1 {
				t.Errorf("got %+v", o)
			}
			if tt.want == domain.DeliveryPending && o.Delivery.NextAt.Sub(now) != tt.wait {
				t.Errorf("next after %s, want %s", o.Delivery.NextAt.Sub(now), tt.wait)
			}
			if (o.Delivery.Status == domain.DeliveryPending) != o.Delivery.EndedAt.IsZero() {
				t.Errorf("ended at %s", o.Delivery.EndedAt)
			}
			a := o.Attempt
			if a.Number != 4 || a.Duration != time.Second || a.StatusCode != answer.StatusCode || (err != nil) != (a.ErrorClass != "") {
				t.Errorf("attempt %+v", a)
			}
			if err := (&domain.Delivery{Status: domain.DeliverySending}).Transition(o.Delivery.Status); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTheProxysFailureIsNotTheEndpoints is tried again like any other, but says
// nothing of the endpoint's health.
func TestTheProxysFailureIsNotTheEndpoints(t *testing.T) {
	d := domain.Delivery{ID: "dlv_1", Status: domain.DeliverySending}
	for class, want := range map[egress.Class]domain.Health{egress.ClassProxy: domain.HealthUnknown, egress.ClassConnect: domain.HealthBad} {
		o := decide(d, []time.Duration{time.Second}, egress.Answer{}, &egress.Error{Class: class, Message: "no"}, now, now, 0)
		if o.Health != want || o.Delivery.Status != domain.DeliveryPending || o.Attempt.ErrorClass != string(class) {
			t.Errorf("%s: %+v", class, o)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "5": 5 * time.Second, " 7 ": 7 * time.Second, "-1": 0, "1.5": 0, "soon": 0,
		"99999999999999999999999":       24 * time.Hour,
		"Tue, 24 Nov 2026 12:01:00 GMT": time.Minute, "Tue, 24 Nov 2026 11:00:00 GMT": 0, "Fri, 24 Nov 2028 12:00:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestSignaturesVerify(t *testing.T) {
	old, current := NewSecret(), NewSecret()
	body := []byte(`{"a":1}`)
	at := time.Now()
	signer, err := newSigner([]domain.Secret{{Value: current}, {Value: old, ExpiresAt: at.Add(time.Second)}, {Value: NewSecret(), ExpiresAt: at}})
	if err != nil {
		t.Fatal(err)
	}
	signature := signer.sign("evt_1", at, body)
	if n := strings.Count(signature, "v1,"); n != 2 {
		t.Errorf("%d signatures, want those of the two live secrets", n)
	}
	header := func() http.Header {
		h := http.Header{}
		h.Set("webhook-id", "evt_1")
		h.Set("webhook-timestamp", itoa(at.Unix()))
		h.Set("webhook-signature", signature)
		return h
	}
	for _, secret := range []string{old, current} {
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.Verify(body, header()); err != nil {
			t.Errorf("a live secret: %v", err)
		}
		if hook.Verify([]byte(`{"a":2}`), header()) == nil {
			t.Error("another body was accepted")
		}
		for name, value := range map[string]string{"webhook-id": "evt_2", "webhook-timestamp": itoa(at.Unix() - 1)} {
			h := header()
			h.Set(name, value)
			if hook.Verify(body, h) == nil {
				t.Errorf("another %s was accepted", name)
			}
		}
	}
	other, err := standardwebhooks.NewWebhook(NewSecret())
	if err != nil {
		t.Fatal(err)
	}
	if other.Verify(body, header()) == nil {
		t.Error("another secret was accepted")
	}
	if _, err := newSigner([]domain.Secret{{Value: "whsec_!"}}); err == nil {
		t.Error("a secret that is none was used")
	}
}

// TestTheNextTryIsExplained: which it is, of how many that the endpoint's own
// schedule has.
func TestTheNextTryIsExplained(t *testing.T) {
	for _, tt := range []struct {
		settings domain.EndpointSettings
		tries    int
		want     string
	}{
		{domain.EndpointSettings{}, 1, "next try, 2 of 10, on "},
		{domain.EndpointSettings{Ordered: true}, 3, "next try, 4 of 7, on "},
		{domain.EndpointSettings{RetrySchedule: []time.Duration{time.Second, time.Minute}}, 2, "next try, 3 of 3, on "},
		{domain.EndpointSettings{RetrySchedule: []time.Duration{}}, 4, "next try, 5 of 5, on "}, // it was longer before
	} {
		d := domain.Delivery{Status: domain.DeliveryPending, Tries: tt.tries, NextAt: now.Add(time.Hour)}
		e := domain.Endpoint{Status: domain.EndpointEnabled, EndpointSettings: tt.settings}
		code, sentence, next := waiting(&d, &e, nil, LaneState{}, now)
		if code != "retry_scheduled" || !strings.Contains(sentence, tt.want) || !next.Equal(d.NextAt) {
			t.Errorf("%s: %s, %s; want %q", code, sentence, next, tt.want)
		}
	}
}
