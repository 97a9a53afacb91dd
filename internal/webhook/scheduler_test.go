package webhook

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// lineUp makes lanes of projects, each ready and of endpoints that answer.
func lineUp(s *scheduler, projects ...string) (turns []*turn) {
	for _, p := range projects {
		t := &turn{of: &scheduled{lane: lane{endpoint: fmt.Sprint(p, len(turns))}}}
		s.join(t, p)
		s.set(t, false, true)
		turns = append(turns, t)
	}
	return turns
}

// picks sends so many and returns whose they were.
func picks(s *scheduler, n int) (names []string) {
	for range n {
		t := s.next()
		if t == nil {
			break
		}
		s.sends(t)
		s.set(t, t.share.key.suspect, true)
		names = append(names, t.of.endpoint)
	}
	return names
}

func TestSchedulerTakesTurns(t *testing.T) {
	for _, c := range []struct {
		name     string
		projects []string
		before   func(*scheduler, []*turn)
		want     []string
	}{
		{"lanes of a project", []string{"a", "a", "a"}, nil, []string{"a0", "a1", "a2", "a0", "a1"}},
		{"projects, however many lanes each has", []string{"a", "a", "b"}, nil, []string{"a0", "b2", "a1", "b2", "a0", "b2"}},
		{"one that has none in flight comes first", []string{"a", "b"}, func(s *scheduler, t []*turn) { s.sends(t[0]); s.sends(t[0]) }, []string{"b1", "b1", "a0", "b1"}},
		{"what has ended counts no more", []string{"a", "b"}, func(s *scheduler, t []*turn) { s.sends(t[0]); s.sends(t[0]); s.sent(t[0]); s.sent(t[0]) }, []string{"a0", "b1"}},
		{"one that isn't ready is left out", []string{"a", "a", "b"}, func(s *scheduler, t []*turn) { s.set(t[0], false, false) }, []string{"a1", "b2", "a1", "b2"}},
		{"suspect ones are a share of their own", []string{"a", "a", "a", "b"}, func(s *scheduler, t []*turn) { s.set(t[0], true, true); s.set(t[2], true, true) }, []string{"a1", "a0", "b3", "a2", "a1", "b3"}},
		{"a lane takes along what it has in flight", []string{"a", "b"}, func(s *scheduler, t []*turn) { s.sends(t[0]); s.set(t[0], true, true) }, []string{"b1", "a0", "b1", "a0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScheduler()
			turns := lineUp(&s, c.projects...)
			if c.before != nil {
				c.before(&s, turns)
			}
			got := picks(&s, len(c.want))
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestSchedulerIsBounded(t *testing.T) {
	s := newScheduler()
	turns := lineUp(&s, "bad", "good")
	s.set(turns[0], true, true)
	s.set(turns[1], false, false)
	if got := len(picks(&s, 2*maxInFlight)); got != maxSuspect {
		t.Errorf("%d requests to those that are suspect", got)
	}
	s.set(turns[1], false, true)
	if got := len(picks(&s, 2*maxInFlight)); got != maxInFlight-maxSuspect || s.next() != nil {
		t.Errorf("%d more to others", got)
	}
	s.sent(turns[0])
	if got := picks(&s, 2); !slices.Equal(got, []string{"good1"}) {
		t.Errorf("after one has ended: %v", got)
	}
}

// TestSchedulerAddsUp does everything at random: what is counted is what was
// sent, who is ready has exactly one place, and the next is the first of a share
// that has as few in flight as any.
func TestSchedulerAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newScheduler()
		turns := lineUp(&s, "a", "a", "b", "b", "c")
		for range rapid.IntRange(1, 200).Draw(r, "steps") {
			one := rapid.SampledFrom(turns).Draw(r, "lane")
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				s.set(one, rapid.Bool().Draw(r, "suspect"), rapid.Bool().Draw(r, "ready"))
			case 1:
				if one.inFlight > 0 {
					s.sent(one)
				}
			case 2:
				s.remove(one)
			default:
				var least *share
				for _, sh := range s.ready {
					if least == nil || sh.inFlight < least.inFlight {
						least = sh
					}
				}
				first := map[*share]*turn{}
				for _, sh := range s.ready {
					first[sh] = sh.ready[0]
				}
				got := s.next()
				if (got == nil) != (least == nil) || got != nil && (got.share.inFlight != least.inFlight || got != first[got.share]) {
					r.Fatalf("next is %+v, and %+v has the fewest", got, least)
				}
				if got != nil {
					s.sends(got)
					s.set(got, got.share.key.suspect, rapid.Bool().Draw(r, "still"))
				}
			}
			all, suspect := 0, 0
			shares := map[*share]int{}
			for _, one := range turns {
				all += one.inFlight
				shares[one.share] += one.inFlight
				if one.share.key.suspect {
					suspect += one.inFlight
				}
				places := 0
				for _, other := range one.share.ready {
					if other == one {
						places++
					}
				}
				if (places == 1) != one.ready || places > 1 || one.ready != slices.Contains(one.share.ready, one) {
					r.Fatalf("%s is ready: %v, and has %d places", one.of.endpoint, one.ready, places)
				}
			}
			if s.inFlight != all || s.suspect != suspect {
				r.Fatalf("%d in flight, %d suspect; want %d and %d", s.inFlight, s.suspect, all, suspect)
			}
			for _, sh := range s.shares {
				if sh.inFlight != shares[sh] || (len(sh.ready) > 0) != slices.Contains(s.ready, sh) {
					r.Fatalf("share %+v has %d in flight, want %d; ready %v", sh.key, sh.inFlight, shares[sh], s.ready)
				}
			}
		}
	})
}
