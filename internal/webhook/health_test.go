package webhook

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

var attribute = regexp.MustCompile(`(msg|endpoint|status|err)=("[^"]*"|\S+)`)

// lines are what was logged at info, as far as a test can know it.
func lines(log *bytes.Buffer) []string {
	var said []string
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=INFO") {
			said = append(said, strings.Join(attribute.FindAllString(line, -1), " "))
		}
	}
	return said
}

// TestAnEndpointsHealthIsLogged: that it fails is a line when it begins, and
// another when it is over, however many deliveries there are.
func TestAnEndpointsHealthIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("p/a", 100)
		m.add("p/b", 1)
		var log bytes.Buffer
		var up atomic.Bool
		e := NewEngine(m, network{"b": ok, "a": func(context.Context) (egress.Answer, error) {
			if up.Load() {
				return egress.Answer{StatusCode: 204}, nil
			}
			return egress.Answer{StatusCode: 500}, &egress.Error{Class: egress.ClassStatus, Message: "answered 500"}
		}}, "test", slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		settle()
		time.Sleep(time.Minute)
		up.Store(true)
		time.Sleep(time.Hour)
		settle()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want := []string{
			`msg="an endpoint fails" endpoint=p/a status=500 err="answered 500"`,
			`msg="an endpoint works again" endpoint=p/a status=204 err=""`,
		}
		if got := lines(&log); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("logged:\n%s", strings.Join(got, "\n"))
		}
	})
}

// TestWhatTheStoreKnowsIsNoNews: an endpoint that failed before this server
// started is not told of as if it had just begun.
func TestWhatTheStoreKnowsIsNoNews(t *testing.T) {
	failed := domain.Outcome{Attempt: domain.Attempt{ID: "att_1"}, Delivery: domain.Delivery{Status: domain.DeliveryPending}}
	good := domain.Outcome{Attempt: domain.Attempt{ID: "att_2"}, Delivery: domain.Delivery{Status: domain.DeliveryDelivered}}
	var h health
	for i, c := range []struct {
		o       *domain.Outcome
		failing bool
		want    string
	}{
		{&domain.Outcome{Delivery: domain.Delivery{Status: domain.DeliveryPending}}, true, ""}, // given back
		{&failed, true, ""},
		{&good, true, "an endpoint works again"},
		{&good, true, ""}, // claimed before that was recorded
		{&failed, false, "an endpoint fails"},
		{&failed, false, ""},
	} {
		stored := healthy
		if c.failing {
			stored = failing
		}
		if got := h.observe(c.o, stored); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}
