package webhook

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

func jobOf(id int, session string) domain.Job {
	return domain.Job{Delivery: domain.Delivery{ID: fmt.Sprint(id), SessionID: session}}
}

// TestQueue compares it with a plain list: what it gives out is the first of
// all, or of an ordered endpoint the first whose session has none in flight.
func TestQueue(t *testing.T) {
	for _, begins := range []bool{false, true} {
		t.Run(fmt.Sprint("ordered ", begins), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				q, ordered := queue{ordered: begins}, begins
				var list, inFlight []domain.Job
				busy := map[string]bool{}
				same := func(a, b domain.Job) bool { return a.Delivery.ID == b.Delivery.ID }
				of := func(jobs []domain.Job, session string) int {
					return slices.IndexFunc(jobs, func(j domain.Job) bool { return j.Delivery.SessionID == session })
				}
				session := rapid.SampledFrom([]string{"", "a", "b", "c"})
				for i := range rapid.IntRange(1, 100).Draw(r, "steps") {
					switch s := session.Draw(r, "session"); rapid.IntRange(0, 8).Draw(r, "what") {
					case 8: // the endpoint has changed
						ordered = rapid.Bool().Draw(r, "ordered")
						q.order(ordered)
					case 0, 1, 2:
						j := jobOf(i, s)
						q.push(j)
						list = append(list, j)
					case 3, 4:
						if len(inFlight) > 0 {
							at := rapid.IntRange(0, len(inFlight)-1).Draw(r, "which")
							q.done(inFlight[at].Delivery.SessionID)
							delete(busy, inFlight[at].Delivery.SessionID)
							inFlight = slices.Delete(inFlight, at, at+1)
						}
					case 5:
						if rapid.IntRange(0, 5).Draw(r, "all") == 0 {
							if got := q.evict(); !slices.EqualFunc(got, list, same) {
								r.Fatalf("it evicts %v of %v", got, list)
							}
							list = nil
							break
						}
						var want []domain.Job
						list = slices.DeleteFunc(list, func(j domain.Job) bool {
							if j.Delivery.SessionID == s {
								want = append(want, j)
							}
							return j.Delivery.SessionID == s
						})
						if got := q.evictSession(s); !slices.EqualFunc(got, want, same) {
							r.Fatalf("it evicts %v of %s, want %v", got, s, want)
						}
					default:
						at := slices.IndexFunc(list, func(j domain.Job) bool { return !ordered || !busy[j.Delivery.SessionID] })
						if q.ready() != (at >= 0) {
							r.Fatalf("ready: %v of %v while %v are in flight", q.ready(), list, inFlight)
						}
						if at >= 0 {
							got := q.pop()
							if !same(got, list[at]) {
								r.Fatalf("it gives out %v of %v", got, list)
							}
							busy[got.Delivery.SessionID] = ordered || busy[got.Delivery.SessionID]
							inFlight, list = append(inFlight, got), slices.Delete(list, at, at+1)
						}
					}
					if !slices.EqualFunc(q.jobs, list, same) || q.hasSession("a") != (of(list, "a") >= 0) {
						r.Fatalf("it has %v, want %v", q.jobs, list)
					}
					for _, j := range inFlight {
						if q.contains(j.Delivery.ID) {
							r.Fatalf("%s is queued and in flight", j.Delivery.ID)
						}
					}
				}
			})
		})
	}
}
