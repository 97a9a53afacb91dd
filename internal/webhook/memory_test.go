package webhook

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestShareOfMemory(t *testing.T) {
	const free = fullAt / quotaPart
	for _, c := range []struct {
		name   string
		used   budget
		limit  int
		capped bool
		want   domain.Capacity
	}{
		{"one that copes with much", budget{}, maxLimit, false, domain.Capacity{Deliveries: free, Bytes: maxBytes / quotaPart}},
		{"a new one", budget{}, firstLimit, false, domain.Capacity{Deliveries: firstLimit * queueFactor, Bytes: maxBytes / quotaPart}},
		{"one that is down", budget{}, 1, false, domain.Capacity{Deliveries: queueFactor, Bytes: maxBytes / quotaPart}},
		{"one with an order or a rate", budget{}, maxLimit, true, domain.Capacity{Deliveries: maxQueue, Bytes: maxBytes / quotaPart}},
		{"half is used", budget{deliveries: fullAt / 2, bytes: maxBytes / 2}, maxLimit, false, domain.Capacity{Deliveries: free / 2, Bytes: maxBytes / 2 / quotaPart}},
		{"all is used", budget{deliveries: fullAt, bytes: maxBytes}, maxLimit, false, domain.Capacity{Deliveries: minQueue, Bytes: minBytes}},
	} {
		if got := c.used.quota(c.limit, c.capped); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestClaimable(t *testing.T) {
	for _, c := range []struct {
		name string
		used budget
		want bool
	}{
		{"nothing is used", budget{}, true},
		{"one is free", budget{deliveries: fullAt - 1, bytes: maxBytes - 1, claims: maxClaims - 1}, true},
		{"too many deliveries", budget{deliveries: fullAt}, false},
		{"too many bytes", budget{bytes: maxBytes}, false},
		{"too many claims", budget{claims: maxClaims}, false},
	} {
		if c.used.claimable() != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
}

// TestAccountsAddUp has lanes reserve, hand off, abandon, claim, send and evict
// at random: the budget is always the sum of what they have, and nothing when
// all of it is gone. Bodies are sometimes of another length than was reserved.
func TestAccountsAddUp(t *testing.T) {
	type lane struct {
		account
		queue, inFlight, coming []int // bytes of each
	}
	rapid.Check(t, func(r *rapid.T) {
		var b budget
		lanes := []*lane{{account: account{budget: &b}}, {account: account{budget: &b}}}
		var claims []domain.Capacity
		pop := func(of *[]int) (n int, ok bool) {
			if len(*of) == 0 {
				return 0, false
			}
			n, *of = (*of)[0], (*of)[1:]
			return n, true
		}
		step := func(l *lane, what, size int) {
			switch what {
			case 0:
				l.reserve(size)
				l.coming = append(l.coming, size)
			case 1:
				if n, ok := pop(&l.coming); ok {
					if size%3 == 0 {
						n += size
					}
					revoked := l.revoked
					if queued := l.handOff(n); queued == revoked {
						r.Fatalf("revoked: %v, queued: %v", revoked, queued)
					} else if queued {
						l.account.queue(n)
						l.queue = append(l.queue, n)
					}
				}
			case 2:
				if _, ok := pop(&l.coming); ok {
					l.abandon()
				}
			case 3:
				l.revoke()
			case 4:
				room := domain.Capacity{Deliveries: 1 + size%7, Bytes: size}
				b.beginClaim(room)
				claims = append(claims, room)
			case 5:
				if len(claims) > 0 {
					b.endClaim(claims[0])
					for range claims[0].Deliveries / 2 {
						b.deliveries++
						l.account.queue(size)
						l.queue = append(l.queue, size)
					}
					claims = claims[1:]
				}
			case 6:
				if n, ok := pop(&l.queue); ok {
					l.send(n)
					l.inFlight = append(l.inFlight, n)
				}
			case 7:
				if n, ok := pop(&l.inFlight); ok {
					l.sent(n)
				}
			case 8:
				if n, ok := pop(&l.queue); ok {
					l.evict(n)
				}
			}
		}
		check := func() {
			want := budget{claims: len(claims)}
			for _, c := range claims {
				want.add(c.Deliveries, c.Bytes)
			}
			for _, l := range lanes {
				queued := 0
				for _, n := range l.queue {
					queued += n
				}
				if l.reserved != len(l.coming) || l.queued != queued || l.reserved == 0 && (l.promised != 0 || l.revoked) {
					r.Fatalf("%+v, want %d reserved, %d bytes queued", l.account, len(l.coming), queued)
				}
				want.add(len(l.queue)+len(l.inFlight)+l.reserved, queued+l.promised)
				for _, n := range l.inFlight {
					want.bytes += n
				}
			}
			if b != want {
				r.Fatalf("%+v, want %+v", b, want)
			}
		}
		for range rapid.IntRange(1, 100).Draw(r, "steps") {
			l := rapid.SampledFrom(lanes).Draw(r, "lane")
			step(l, rapid.IntRange(0, 8).Draw(r, "what"), rapid.IntRange(0, 100_000).Draw(r, "size"))
			check()
		}
		for _, l := range lanes {
			for len(l.coming)+len(l.queue)+len(l.inFlight)+len(claims) > 0 {
				for _, what := range []int{2, 5, 8, 7} {
					step(l, what, 1)
				}
			}
		}
		if check(); b != (budget{}) {
			r.Fatalf("%+v is left", b)
		}
	})
}
