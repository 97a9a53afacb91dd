package work

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// book is a store of one number a key, whose transactions fail when told so.
type book struct {
	fails  int // the how many-th transaction from now
	again  bool
	kept   map[string]Progress
	replay bool
}

func (b *book) update(_ context.Context, fn func(*page) error) error {
	p := &page{book: b, recorded: map[string]Progress{}}
	if b.again {
		_ = fn(&page{book: b, recorded: map[string]Progress{}}) // it has lost against another, and is made anew
	}
	if err := fn(p); err != nil {
		return err
	}
	if b.fails--; b.fails == 0 {
		return errLost
	}
	for k, at := range p.recorded {
		b.kept[k] = at
	}
	return nil
}

var errLost = errors.New("lost")

type page struct {
	*book
	recorded map[string]Progress
}

func (p *page) Resume(_ string, i *domain.Idempotency, from Progress) (Progress, error) {
	if i == nil {
		return from, nil
	}
	if at, ok := p.kept[i.Key]; ok {
		return Resume(Replayed(!p.replay, at.Refs()), from)
	}
	return Resume(nil, from)
}

func (p *page) Reach(_ string, i *domain.Idempotency, at Progress) error {
	if i != nil {
		p.recorded[i.Key] = at
	}
	return nil
}

// TestPass goes through ten rows, three in each transaction, also when each is
// made more than once; it counts what was committed.
func TestPass(t *testing.T) {
	for _, again := range []bool{false, true} {
		for fails := range 6 {
			b := &book{again: again, fails: fails}
			done, err := Pass(t.Context(), b.update, func(_ *page, after int) (int, int, error) {
				n := min(3, 10-after)
				if after+n == 10 {
					return n, 0, nil
				}
				return n, after + n, nil
			})
			want, failed := 10, fails >= 1 && fails <= 4
			if failed {
				want = 3 * (fails - 1)
			}
			if done != want || failed != errors.Is(err, errLost) {
				t.Errorf("transaction %d fails: %d done, %v", fails, done, err)
			}
		}
	}
}

func TestRepeat(t *testing.T) {
	left := 7
	b := &book{}
	done, err := Repeat(t.Context(), b.update, 3, func(*page) (int, error) {
		n := min(3, left)
		left -= n
		return n, nil
	})
	if done != 7 || left != 0 || err != nil {
		t.Errorf("%d done, %d left, %v", done, left, err)
	}
}

// TestPrune: what has more left comes first in the next part, also at the
// start, and a full part is followed by another.
func TestPrune(t *testing.T) {
	type row struct {
		num        int64
		gone, more bool
	}
	place := func(r *row) Place { return Place{1, r.num} }
	one := func(r *row) (bool, bool, error) { return r.gone, r.more, nil }
	for _, tt := range []struct {
		name    string
		rows    []row
		deleted int
		next    Place
	}{
		{"none", nil, 0, Place{}},
		{"fewer", []row{{num: 1, gone: true}, {num: 2}}, 1, Place{}},
		{"full", []row{{num: 1, gone: true}, {num: 2}, {num: 3, gone: true}}, 2, Place{1, 3}},
		{"the first has more", []row{{num: 1, more: true}, {num: 2, gone: true}}, 0, Place{0, -1}},
		{"the second has more", []row{{num: 1, gone: true}, {num: 2, more: true}}, 1, Place{1, 1}},
	} {
		if deleted, next, err := Prune(tt.rows, 3, Place{}, place, one); deleted != tt.deleted || next != tt.next || err != nil {
			t.Errorf("%s: %d deleted, next %v, %v", tt.name, deleted, next, err)
		}
	}
}

func TestFree(t *testing.T) {
	all := []Old{{5, "a", true}, {9, "b", true}, {7, "c", true}, {11, "d", false}}
	positions, latest := Free(all, map[int64]bool{5: true})
	if !cmp.Equal(positions, []int64{9, 7}) || latest.ID != "b" {
		t.Errorf("%v may go, the last is %v", positions, latest)
	}
}

// TestEach counts what could be done, goes on past what can't, and stops at a
// store that fails.
func TestEach(t *testing.T) {
	away := domain.Refuse(domain.CodeUnavailable, "away")
	for _, tt := range []struct {
		name string
		at   map[string]error
		done int
		err  error
	}{
		{"all", nil, 7, nil},
		{"refused and forgotten", map[string]error{"2": domain.Refuse(domain.CodeConflict, "ended"), "5": domain.ErrNotFound}, 5, nil},
		{"away", map[string]error{"4": away}, 3, away},
		{"broken", map[string]error{"1": errLost}, 0, errLost},
	} {
		b := &book{}
		done, err := Each(t.Context(), b.update, Request{}, domain.DeliveryFilter{}, threes, func(_ *page, id string) error { return tt.at[id] })
		if done != tt.done || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d done, %v", tt.name, done, err)
		}
	}
}

// threes lists the deliveries 0 to 6, three on a page.
func threes(_ context.Context, _ string, f domain.DeliveryFilter) (page []domain.Delivery, next string, err error) {
	from := 0
	if f.Cursor != "" {
		if from, err = strconv.Atoi(f.Cursor); err != nil {
			return nil, "", err
		}
	}
	for i := from; i < min(from+3, 7); i++ {
		page = append(page, domain.Delivery{ID: strconv.Itoa(i)})
	}
	if from+3 < 7 {
		next = strconv.Itoa(from + 3)
	}
	return page, next, nil
}

// TestARequestGoesOn where it stood when it is made again under its key, and is
// answered as before once it has ended.
func TestARequestGoesOn(t *testing.T) {
	for _, kind := range []string{"each", "run"} {
		for fails := range 5 {
			b := &book{kept: map[string]Progress{}, fails: fails}
			r := Request{Project: "proj_a", Idempotency: &domain.Idempotency{Key: "k"}}
			did := map[string]int{}
			request := func() (int, error) {
				if kind == "each" {
					return Each(t.Context(), b.update, r, domain.DeliveryFilter{}, threes, func(_ *page, id string) error {
						did[id]++
						return nil
					})
				}
				return Run(t.Context(), b.update, r, Progress{}, func(_ *page, at Progress) (Progress, error) {
					page, next, err := threes(t.Context(), "", domain.DeliveryFilter{Cursor: at.Cursor})
					for _, d := range page {
						did[d.ID]++
						at.Done++
					}
					at.Cursor, at.Ended = next, next == ""
					return at, err
				})
			}
			if _, err := request(); fails >= 1 && fails <= 3 {
				if !errors.Is(err, errLost) {
					t.Fatalf("%s: %v", kind, err)
				}
				if done, err := request(); done != 7 || err != nil {
					t.Errorf("%s, repeated after transaction %d failed: %d done, %v", kind, fails, done, err)
				}
			}
			for id, n := range did {
				if n > 2 || n == 2 && fails == 0 {
					t.Errorf("%s: %s was done %d times", kind, id, n)
				}
			}
			_, err := request()
			if replay, ok := errors.AsType[*domain.Replay](err); !ok || !cmp.Equal(replay.Refs, []string{"7"}) {
				t.Errorf("%s, made again: %v", kind, err)
			}
			b.replay = true
			if _, err := request(); !conflicts(err) {
				t.Errorf("%s, another request under the key: %v", kind, err)
			}
		}
	}
}

func conflicts(err error) bool {
	e, ok := errors.AsType[*domain.Error](err)
	return ok && e.Code == domain.CodeIdempotency
}
