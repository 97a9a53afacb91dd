package webhook

import (
	"fmt"
	"testing"
	"time"
)

// TestClaimTransitions walks the whole table: what isn't named here changes nothing.
func TestClaimTransitions(t *testing.T) {
	states := []claimState{claimIdle, claimWaiting, claimActive, claimOutdated}
	events := []claimEvent{claimBegins, claimDenied, claimRetried, claimInvalidated, claimEnds}
	want := map[string]claimState{
		fmt.Sprint(claimIdle, claimBegins): claimActive, fmt.Sprint(claimIdle, claimDenied): claimWaiting,
		fmt.Sprint(claimWaiting, claimBegins): claimActive, fmt.Sprint(claimWaiting, claimRetried): claimIdle,
		fmt.Sprint(claimActive, claimInvalidated): claimOutdated, fmt.Sprint(claimActive, claimEnds): claimIdle,
		fmt.Sprint(claimOutdated, claimEnds): claimIdle,
	}
	if len(claimTransitions) != len(states) {
		t.Errorf("the table has %d rows for %d states", len(claimTransitions), len(states))
	}
	for _, from := range states {
		for _, e := range events {
			to, ok := want[fmt.Sprint(from, e)]
			if !ok {
				to = from
			}
			got := from
			if got.on(e); got != to {
				t.Errorf("%d on %d: %d, want %d", from, e, got, to)
			}
		}
		if active := from == claimActive || from == claimOutdated; from.active() != active {
			t.Errorf("%d is active: %v", from, from.active())
		}
	}
}

func TestBacklog(t *testing.T) {
	soon, late := now.Add(time.Second), now.Add(time.Hour)
	for _, c := range []struct {
		name string
		do   func(*backlog)
		want backlog
	}{
		{"nothing", func(b *backlog) { b.advance(now) }, backlog{}},
		{"another server's", func(b *backlog) { b.note(dueSome) }, backlog{due: dueSome}},
		{"an own one, too", func(b *backlog) { b.note(dueSome); b.note(dueOwn); b.note(dueSome) }, backlog{due: dueOwn}},
		{"the earliest counts", func(b *backlog) { b.expect(late); b.expect(soon); b.expect(late) }, backlog{next: soon}},
		{"its time has not come", func(b *backlog) { b.expect(soon); b.advance(now) }, backlog{next: soon}},
		{"its time has come", func(b *backlog) { b.expect(soon); b.advance(soon) }, backlog{due: dueOwn}},
		{"a claim of everything", func(b *backlog) { b.note(dueOwn); b.claim() }, backlog{claimed: dueOwn}},
		{"a claim that left some", func(b *backlog) { b.note(dueOwn); b.claim(); b.unclaim() }, backlog{due: dueOwn, claimed: dueOwn}},
		{"a claim that left another server's", func(b *backlog) { b.note(dueSome); b.claim(); b.unclaim() }, backlog{due: dueSome, claimed: dueSome}},
		{"some more during a claim", func(b *backlog) { b.note(dueSome); b.claim(); b.note(dueOwn); b.unclaim() }, backlog{due: dueOwn, claimed: dueSome}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b backlog
			if c.do(&b); b != c.want {
				t.Errorf("%+v, want %+v", b, c.want)
			}
			b.claimed = dueNone
			if b.empty() != (b == backlog{}) {
				t.Errorf("%+v is empty: %v", b, b.empty())
			}
		})
	}
}
