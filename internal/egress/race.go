package egress

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// headStart is how long an address has to answer before the next one is tried beside it
// (RFC 8305).
const headStart = 250 * time.Millisecond

// race connects to the first of some addresses that answers. Each is tried when the one
// before has failed, or has used up its head start.
func race(ctx context.Context, targets []string, dial func(ctx context.Context, target string) (net.Conn, error)) (won net.Conn, err error) {
	if len(targets) == 1 {
		return dial(ctx, targets[0])
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var dialing sync.WaitGroup
	defer dialing.Wait()
	type result struct {
		nc  net.Conn
		err error
	}
	results := make(chan result)
	begin := make(chan string, len(targets))
	for _, target := range alternate(targets) {
		begin <- target
	}
	late := time.NewTimer(0) // the first has nobody to wait for
	defer late.Stop()
	for running := 0; running > 0 || won == nil && len(begin) > 0; {
		var next chan string
		select {
		case <-late.C:
			next = begin
		case r := <-results:
			running--
			switch {
			case r.err != nil && won == nil:
				err, next = r.err, begin
			case won == nil:
				won = r.nc
				cancel()
			case r.nc != nil:
				r.nc.Close()
			}
		}
		if won != nil || next == nil {
			continue
		}
		select {
		case target := <-next:
			running++
			dialing.Go(func() {
				nc, err := dial(ctx, target)
				results <- result{nc, err}
			})
			late.Reset(headStart)
		default: // all are under way
		}
	}
	if won != nil {
		return won, nil
	}
	return nil, err
}

// alternate has addresses of IPv4 and IPv6 in turn, as far as there are both, so that one
// family that leads nowhere holds up the other only once.
func alternate(targets []string) (all []string) {
	var kinds [2][]string
	is6 := func(target string) int {
		if ap, err := netip.ParseAddrPort(target); err == nil && ap.Addr().Is6() {
			return 1
		}
		return 0
	}
	for _, target := range targets {
		kinds[is6(target)] = append(kinds[is6(target)], target)
	}
	for kind := is6(targets[0]); len(all) < len(targets); kind = 1 - kind {
		if len(kinds[kind]) > 0 {
			all, kinds[kind] = append(all, kinds[kind][0]), kinds[kind][1:]
		}
	}
	return all
}
