package work

import (
	"context"
	"errors"

	"github.com/browserhook/browserhook/internal/domain"
)

// Update runs a function in a transaction of a store, whose kind is T. The
// function may run more than once; the last time counts.
type Update[T any] func(ctx context.Context, fn func(T) error) error

// Pass goes through rows, some of them in each transaction: whoever works on a
// million of them is not to hold up everybody else. part does those after a
// place, counts what it has done, and says where the next part begins; the zero
// place ends it.
func Pass[T any, P comparable](ctx context.Context, update Update[T], part func(t T, after P) (done int, next P, err error)) (done int, err error) {
	var start P
	for after := start; ; {
		n, next := 0, start
		if err := update(ctx, func(t T) (err error) {
			n, next, err = part(t, after)
			return err
		}); err != nil {
			return done, err
		}
		if done += n; next == start {
			return done, nil
		}
		after = next
	}
}

// Repeat is Pass for what is gone when it is done, so that the next part is
// always the first. It ends with a part that has found fewer than atOnce.
func Repeat[T any](ctx context.Context, update Update[T], atOnce int, part func(T) (int, error)) (done int, err error) {
	return Pass(ctx, update, func(t T, _ bool) (int, bool, error) {
		n, err := part(t)
		return n, n == atOnce, err
	})
}

// Place is where a pass through old rows is: by time, then by number.
type Place struct{ At, Num int64 }

// notStart is a place that isn't the zero one, which would end the pass.
func (p Place) notStart() Place {
	if p == (Place{}) {
		return Place{At: 0, Num: -1}
	}
	return p
}

// Prune is a part of a [Pass] that deletes rows, which are in the order of their
// places. one deletes one, if it may be, and says whether something of it is
// left, which comes first in the next part.
func Prune[R any](rows []R, atOnce int, after Place, place func(*R) Place, one func(*R) (gone, more bool, err error)) (deleted int, next Place, err error) {
	for i := range rows {
		gone, more, err := one(&rows[i])
		if err != nil {
			return deleted, Place{}, err
		}
		if more {
			return deleted, after.notStart(), nil
		}
		if gone {
			deleted++
		}
		after = place(&rows[i])
	}
	if len(rows) == atOnce {
		next = after
	}
	return deleted, next, nil
}

// Old is an event that may be deleted for its age.
type Old struct {
	Position int64
	ID       string
	Free     bool // nothing needs it
}

// Free are those of old events that may go, and the last of them.
func Free(all []Old, needed map[int64]bool) (positions []int64, latest Old) {
	for _, o := range all {
		if !o.Free || needed[o.Position] {
			continue
		}
		positions = append(positions, o.Position)
		if o.Position > latest.Position {
			latest = o
		}
	}
	return positions, latest
}

// Recorder is a transaction that keeps how far a request has come under its
// idempotency key, which may be nil.
type Recorder interface {
	// Resume says how far it has come: it begins with from.
	Resume(project string, i *domain.Idempotency, from Progress) (Progress, error)
	Reach(project string, i *domain.Idempotency, at Progress) error
}

// Request is one of many transactions, which is recorded under a project's
// idempotency key.
type Request struct {
	Project     string
	Idempotency *domain.Idempotency
}

// Run makes a request in parts, each of which goes on where the last one
// stood, and says how much was done.
func Run[T Recorder](ctx context.Context, update Update[T], r Request, from Progress, part func(t T, at Progress) (Progress, error)) (int, error) {
	for at := from; ; {
		reached := at
		if err := update(ctx, func(t T) (err error) {
			if reached, err = t.Resume(r.Project, r.Idempotency, at); err != nil {
				return err
			}
			if reached, err = part(t, reached); err != nil {
				return err
			}
			return t.Reach(r.Project, r.Idempotency, reached)
		}); err != nil {
			return at.Done, err
		}
		if at = reached; at.Ended {
			return at.Done, nil
		}
	}
}

// List reads a page of deliveries, and the cursor of the next.
type List func(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error)

// eachAtOnce is how many deliveries Each does something to in one transaction:
// whoever has a million isn't to hold up the others.
const eachAtOnce = 100

// Each does something to all deliveries that a filter picks, some at a time, and
// counts those to which it could be done. They are listed outside of the
// transactions.
func Each[T Recorder](ctx context.Context, update Update[T], r Request, f domain.DeliveryFilter, list List, do func(t T, delivery string) error) (int, error) {
	f.Limit = eachAtOnce
	for at := (Progress{}); ; {
		f.Cursor = at.Cursor
		deliveries, next, err := list(ctx, r.Project, f)
		if err != nil {
			return at.Done, err
		}
		reached := at
		if err := update(ctx, func(t T) (err error) {
			if reached, err = t.Resume(r.Project, r.Idempotency, at); err != nil || reached != at {
				return err // the same request has come further before: the page is another
			}
			for i := range deliveries {
				if err := do(t, deliveries[i].ID); err == nil {
					reached.Done++
				} else if !refused(err) {
					return err
				}
			}
			reached.Cursor, reached.Ended = next, next == ""
			return t.Reach(r.Project, r.Idempotency, reached)
		}); err != nil {
			return at.Done, err
		}
		if at = reached; at.Ended {
			return at.Done, nil
		}
	}
}

// refused says that something can't be done to one delivery, which is no reason
// not to do it to the others: its state forbids it, or its session was deleted
// since it was read.
func refused(err error) bool {
	if errors.Is(err, domain.ErrNotFound) {
		return true
	}
	e, ok := errors.AsType[*domain.Error](err)
	return ok && e.Code != domain.CodeUnavailable
}
