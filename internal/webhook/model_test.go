package webhook

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

// event is one thing that happens to a server; the numbers pick to whom.
type event struct {
	What string
	A, B int
}

// happenings is what can happen, each as often as it is listed.
var happenings = []string{
	"news", "news", "news", "news", "others' news", "ready", "moment", "moment", "moment", "seconds", "minutes", "hours", "mood", "mood",
	"pause", "resume", "disable", "enable", "retry", "retry", "cancel", "session ends", "trouble", "kill", "stop", "start", "add", "delete",
}

var moods = []string{"good", "flaky", "flaky", "down", "hangs", "refuses", "busy", "slow", "gone"}

// TestDeliveriesAreNeverLostOrDoubled has an engine live through whatever rapid
// thinks of: see ledger for what must hold.
func TestDeliveriesAreNeverLostOrDoubled(t *testing.T) {
	events := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) event {
		return event{rapid.SampledFrom(happenings).Draw(r, "what"), rapid.IntRange(0, 99).Draw(r, "a"), rapid.IntRange(0, 99).Draw(r, "b")}
	}), 1, 60)
	rapid.Check(t, func(r *rapid.T) {
		seed, story := rapid.IntRange(0, 1000).Draw(r, "seed"), events.Draw(r, "events")
		var l *ledger
		synctest.Test(t, func(*testing.T) { l = live(seed, story) })
		if len(l.problems) > 0 {
			r.Fatal(l.report())
		}
	})
}

// live plays the story and then lets everything come to its end.
func live(seed int, story []event) *ledger {
	l := newLedger(seed)
	l.add(domain.EndpointSettings{})
	l.add(domain.EndpointSettings{Ordered: true})
	l.start()
	for _, e := range story {
		synctest.Wait()
		l.happen(e)
		if len(l.problems) > 0 {
			l.problem("after %v", e)
			break
		}
	}
	synctest.Wait()
	l.mu.Lock()
	l.trouble = 0
	for _, t := range l.endpoints {
		t.mood = "good"
	}
	l.mu.Unlock()
	l.start()
	time.Sleep(time.Minute) // what is under way may still disable one
	synctest.Wait()
	for _, t := range l.endpoints {
		l.set(t, domain.EndpointEnabled)
	}
	time.Sleep(44 * time.Hour) // longer than any wait for a next try
	synctest.Wait()
	if len(l.problems) == 0 {
		l.balance()
	}
	claims := l.claims
	time.Sleep(24 * time.Hour)
	synctest.Wait()
	if l.claims != claims {
		l.problem("%d claims in an idle day", l.claims-claims)
	}
	for _, t := range l.endpoints {
		if e := l.life.engine; t.gone && e.lanes[t.now.ID] != nil {
			l.problem("%s is no more, and the engine remembers it", t.now.ID)
		}
	}
	l.end()
	return l
}

func (l *ledger) happen(e event) {
	t := l.endpoints[e.A%len(l.endpoints)]
	session := fmt.Sprintf("browser_%d", e.A%3)
	switch e.What {
	case "news":
		for range 1 + e.B%6 {
			l.tell(session, domain.EventStepStarted, false)
		}
	case "others' news":
		for range 1 + e.B%20 {
			l.tell(session, domain.EventStepStarted, true)
		}
	case "ready":
		l.tell(session, domain.EventBrowserReady, false)
	case "session ends":
		l.mu.Lock()
		l.ended[session] = true
		l.mu.Unlock()
	case "moment":
		time.Sleep(time.Duration(1+e.B) * time.Millisecond)
	case "seconds":
		time.Sleep(time.Duration(1+e.B%30) * time.Second)
	case "minutes":
		time.Sleep(time.Duration(1+e.B) * time.Minute)
	case "hours":
		time.Sleep(time.Duration(1+e.B%20) * time.Hour)
	case "mood":
		l.mu.Lock()
		t.mood = moods[e.B%len(moods)]
		l.mu.Unlock()
	case "pause":
		if t.now.Status != domain.EndpointDisabled {
			l.set(t, domain.EndpointPaused)
		}
	case "disable":
		l.set(t, domain.EndpointDisabled)
	case "resume", "enable":
		l.set(t, domain.EndpointEnabled)
	case "add":
		if len(l.endpoints) < 5 {
			l.add([]domain.EndpointSettings{{SkipStale: true}, {Ordered: true, SkipStale: e.B%8 < 4}, {Concurrency: 2, RetrySchedule: []time.Duration{time.Second, time.Minute}}, {RateLimit: 5}}[e.B%4])
		}
	case "delete":
		l.remove(t)
	case "retry":
		if len(l.rows) > 0 {
			l.retry(l.rows[e.B%len(l.rows)])
		}
	case "cancel":
		if len(l.rows) > 0 {
			l.cancel(l.rows[len(l.rows)-1-e.B%len(l.rows)])
		}
	case "trouble":
		l.mu.Lock()
		l.trouble = 1 + e.B%3
		l.mu.Unlock()
	case "kill":
		l.kill()
	case "stop":
		l.end()
	case "start":
		l.start()
	}
}
