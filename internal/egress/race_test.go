package egress

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// raced is a connection that was made.
type raced struct {
	net.Conn
	to     string
	closed bool
}

func (r *raced) Close() error {
	r.closed = true
	return nil
}

// TestRace: an address that says nothing costs a quarter of a second, and nothing is left
// of those that were slower.
func TestRace(t *testing.T) {
	const never = time.Hour
	no := errors.New("no")
	type way struct {
		takes time.Duration
		err   error
	}
	for name, tt := range map[string]struct {
		ways  map[string]way // by target, each of which begins with its place
		want  string
		after time.Duration
		tried int
	}{
		"one":                        {map[string]way{"1": {time.Second, nil}}, "1", time.Second, 1},
		"the first answers":          {map[string]way{"1": {200 * time.Millisecond, nil}, "2": {0, nil}}, "1", 200 * time.Millisecond, 1},
		"the first says nothing":     {map[string]way{"1": {never, nil}, "2": {time.Second, nil}, "3": {never, nil}}, "2", 1250 * time.Millisecond, 3},
		"the first fails":            {map[string]way{"1": {time.Millisecond, no}, "2": {time.Millisecond, nil}}, "2", 2 * time.Millisecond, 2},
		"the first is slow and wins": {map[string]way{"1": {400 * time.Millisecond, nil}, "2": {time.Second, nil}}, "1", 400 * time.Millisecond, 2},
		"all fail":                   {map[string]way{"1": {time.Second, no}, "2": {time.Second, no}}, "", 1250 * time.Millisecond, 2},
		"all say nothing":            {map[string]way{"1": {never, nil}, "2": {never, nil}}, "", 30 * time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				var targets []string
				for target := range tt.ways {
					targets = append(targets, target)
				}
				slices.Sort(targets)
				tries := make(chan *raced, len(targets))
				began := time.Now()
				nc, err := race(ctx, targets, func(ctx context.Context, target string) (net.Conn, error) {
					r := &raced{to: target}
					tries <- r
					select {
					case <-time.After(tt.ways[target].takes):
						if err := tt.ways[target].err; err != nil {
							return nil, err
						}
						return r, nil
					case <-ctx.Done():
						if tt.ways[target].takes == never {
							return nil, ctx.Err()
						}
						return r, nil // at the last moment
					}
				})
				if took := time.Since(began); took != tt.after {
					t.Errorf("it took %s", took)
				}
				close(tries)
				n := 0
				for r := range tries {
					n++
					if w := tt.ways[r.to]; w.err == nil && w.takes != never && (r.to == tt.want) == r.closed {
						t.Errorf("%s is closed: %v", r.to, r.closed)
					}
				}
				if n != tt.tried {
					t.Errorf("%d were tried", n)
				}
				if tt.want == "" {
					if err == nil {
						t.Errorf("connected to %v", nc)
					}
					return
				}
				if err != nil || nc.(*raced).to != tt.want {
					t.Errorf("connected to %v, %v", nc, err)
				}
			})
		})
	}
}

// TestAlternate: addresses of both families in turn, from the first one's on.
func TestAlternate(t *testing.T) {
	got := alternate([]string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "192.0.2.1:1", "192.0.2.2:1"})
	want := []string{"[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "192.0.2.2:1", "[2001:db8::3]:1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
