package work

import (
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var statuses = []domain.DeliveryStatus{
	domain.DeliveryPending, domain.DeliverySending, domain.DeliveryDelivered, domain.DeliveryFailed, domain.DeliveryCanceled,
}

// TestBulkChanges: a statement can't be declared that the state table forbids, and
// what is declared takes just the rows that its condition picks.
func TestBulkChanges(t *testing.T) {
	for _, s := range statuses {
		if CancelOpen.Changes(s) == s.Ended() {
			t.Errorf("canceling what is open takes %s: %v", s, CancelOpen.Changes(s))
		}
	}
	if SendAgain.To() != "'PENDING'" || SendAgain.From() != "'FAILED', 'CANCELED'" {
		t.Errorf("sending again is from %s to %s", SendAgain.From(), SendAgain.To())
	}
	for _, from := range statuses {
		for _, to := range statuses {
			allowed := (&domain.Delivery{Status: from}).Transition(to) == nil
			if refused := panics(func() { bulk(to, from) }); refused == allowed {
				t.Errorf("from %s to %s: allowed is %v, refused is %v", from, to, allowed, refused)
			}
		}
	}
}

func panics(fn func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	fn()
	return false
}

func TestOutcomesAreChecked(t *testing.T) {
	for _, to := range statuses {
		err := CheckOutcomes([]domain.Outcome{{Delivery: domain.Delivery{Status: domain.DeliveryDelivered}}, {Delivery: domain.Delivery{Status: to}}})
		if _, forbidden := errors.AsType[*domain.TransitionError](err); forbidden != (to == domain.DeliverySending) {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestDecisionsFollowTheTable has a user cancel and retry deliveries in every
// state: what is done is a move of the table, and what isn't is refused with the
// delivery as before.
func TestDecisionsFollowTheTable(t *testing.T) {
	e := &domain.Endpoint{ID: "we_a", Status: domain.EndpointEnabled}
	for _, from := range statuses {
		for name, decide := range map[string]func(*Unit, *domain.Delivery) error{
			"cancel": func(u *Unit, d *domain.Delivery) error { return u.Cancel(d, now) },
			"retry":  func(u *Unit, d *domain.Delivery) error { return u.Retry(d, e, nil, false, now) },
		} {
			var u Unit
			d := domain.Delivery{Status: from, Tries: 3, EndpointID: "we_a"}
			before := d
			err := decide(&u, &d)
			switch again := (&domain.Delivery{Status: from}); {
			case err != nil:
				if d != before || len(u.Commit.Due) > 0 {
					t.Errorf("%s of %s is refused, and has changed it to %+v", name, from, d)
				}
			case d.Status != from && again.Transition(d.Status) != nil:
				t.Errorf("%s went from %s to %s", name, from, d.Status)
			case len(u.Commit.Due) != 1:
				t.Errorf("%s of %s: told of %+v", name, from, u.Commit)
			}
			if want := map[string]bool{"cancel": from.Ended(), "retry": from == domain.DeliverySending}[name]; want != (err != nil) {
				t.Errorf("%s of %s: %v", name, from, err)
			}
		}
	}
}

// TestRetryIsRefused for what can't be sent.
func TestRetryIsRefused(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name   string
		status domain.EndpointStatus
		found  error
		leased bool
		want   error
	}{
		{"deleted", "", domain.ErrNotFound, false, nil},
		{"unreadable", "", broken, false, broken},
		{"paused", domain.EndpointPaused, nil, false, nil},
		{"disabled", domain.EndpointDisabled, nil, false, nil},
		{"on its way", domain.EndpointEnabled, nil, true, nil},
	} {
		var u Unit
		d := domain.Delivery{Status: domain.DeliveryPending}
		err := u.Retry(&d, &domain.Endpoint{Status: tt.status}, tt.found, tt.leased, now)
		e, refused := errors.AsType[*domain.Error](err)
		if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && (!refused || e.Code != domain.CodeConflict) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestTheLastOf an inline endpoint is asked about one time, unless it was given
// back or its session is open.
func TestTheLastOf(t *testing.T) {
	one := func(session string, status domain.DeliveryStatus, attempt string, inline bool) domain.Outcome {
		return domain.Outcome{Inline: inline, Attempt: domain.Attempt{ID: attempt, StartedAt: now}, Delivery: domain.Delivery{SessionID: session, Status: status}}
	}
	outcomes := []domain.Outcome{
		one("over", domain.DeliveryPending, "", true), one("over", domain.DeliveryPending, "att_1", true), one("over", domain.DeliveryDelivered, "att_2", true),
		one("open", domain.DeliveryDelivered, "att_3", true), one("over", domain.DeliveryDelivered, "att_4", false), one("over", domain.DeliveryFailed, "att_5", true),
	}
	outcomes[5].Delivery.EndedAt = now.Add(time.Second)
	keys := []Key{{1, 1}, {2, 1}, {3, 1}, {4, 2}, {5, 3}, {6, 4}}
	last := LastOf(outcomes, keys, func(d *domain.Delivery) bool { return d.SessionID == "open" })
	if len(last) != 2 || last[0].Num != 1 || !last[0].At.Equal(now) || last[1].Num != 4 || !last[1].At.Equal(now.Add(time.Second)) {
		t.Errorf("got %+v", last)
	}
}

func TestExisting(t *testing.T) {
	draft := func(delivery string) domain.Draft { return domain.Draft{Data: domain.EventData{DeliveryID: delivery}} }
	kept, err := Existing([]domain.Draft{draft(""), draft("gone"), draft("there")}, func(_, id string) (bool, error) { return id == "there", nil })
	if err != nil || len(kept) != 2 || kept[1].Data.DeliveryID != "there" {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if _, err := Existing([]domain.Draft{draft("a")}, func(string, string) (bool, error) { return false, errLost }); !errors.Is(err, errLost) {
		t.Errorf("got %v", err)
	}
}

// TestEndpointChanges tells what others have to know of a change.
func TestEndpointChanges(t *testing.T) {
	pair := domain.Secret{Value: domain.PrivateKeyPrefix + "a"}
	for _, tt := range []struct {
		name                string
		before, after       domain.Endpoint
		due, keyPairs, over bool
	}{
		{"nothing", domain.Endpoint{Status: domain.EndpointEnabled}, domain.Endpoint{Status: domain.EndpointEnabled}, false, false, false},
		{"enabled", domain.Endpoint{Status: domain.EndpointPaused}, domain.Endpoint{Status: domain.EndpointEnabled}, true, false, false},
		{"a key pair more", domain.Endpoint{}, domain.Endpoint{Secrets: []domain.Secret{pair}}, false, true, false},
		{"the same key pair", domain.Endpoint{Secrets: []domain.Secret{pair}}, domain.Endpoint{Secrets: []domain.Secret{pair}}, false, false, false},
		{"disabled", domain.Endpoint{}, domain.Endpoint{Status: domain.EndpointDisabled}, false, false, false},
		{"a session's own, disabled", domain.Endpoint{}, domain.Endpoint{Status: domain.EndpointDisabled, SessionID: "browser_a"}, false, false, true},
	} {
		var u Unit
		over := u.EndpointChanged(Before(&tt.before), &tt.after)
		if over != tt.over || (len(u.Commit.Due) > 0) != tt.due || u.Commit.KeyPairs != tt.keyPairs {
			t.Errorf("%s: over %v, told %+v", tt.name, over, u.Commit)
		}
	}
}

// TestRecoveryPicks what happened in its time, and ends after it.
func TestRecoveryPicks(t *testing.T) {
	r := Recovery{Since: now, Until: now.Add(time.Hour)}
	e := &domain.Endpoint{ID: "we_a", EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"step_*"}}, Status: domain.EndpointEnabled}
	for at, want := range map[time.Duration]bool{-1: false, 0: true, time.Hour - 1: true, time.Hour: false} {
		if got := r.Picks(e, &domain.Event{Type: domain.EventStepStarted, CreatedAt: now.Add(at)}); got != want {
			t.Errorf("after %v: %v", at, got)
		}
	}
	if r.Picks(e, &domain.Event{Type: domain.EventBrowserReady, CreatedAt: now}) {
		t.Error("picks what the endpoint doesn't want")
	}
	first, last := domain.IDAt(domain.PrefixEvent, now), domain.IDAt(domain.PrefixEvent, r.Until.Add(2*time.Minute))
	if r.Start().Cursor >= first || r.Over(first) || !r.Over(last) {
		t.Errorf("from %s; over at %v, %v", r.Start().Cursor, r.Over(first), r.Over(last))
	}
}
