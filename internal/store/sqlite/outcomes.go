package sqlite

import (
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// finished is what became of a delivery.
type finished struct {
	key     work.Key
	outcome *domain.Outcome
}

// writeOutcome writes what an attempt did to its delivery, and the attempt. The
// first attempt of a delivery is kept in its row, since most have no other. OR
// FAIL is as in [inserts].
func (t *tx) writeOutcome(k work.Key, o *domain.Outcome) error {
	d, a := &o.Delivery, &o.Attempt
	var first any
	if a.ID != "" && a.Number == 1 {
		first = codec.PackAttempt(a)
	}
	query := `UPDATE OR FAIL deliveries SET status = ?, reason = ?, attempts = ?, tries = ?, next_at = ?, ended_at = ?, first = COALESCE(?, first)
		WHERE event = ? AND endpoint = ? AND ended_at = 0`
	args := []any{d.Status, d.Reason, d.Attempts, d.Tries, codec.Micros(d.NextAt), codec.Micros(d.EndedAt), first, k.Event, k.Endpoint}
	if d.Status == domain.DeliveryDelivered {
		// Nearly all are, and what needn't be bound is half of the time.
		query = `UPDATE OR FAIL deliveries SET status = 'DELIVERED', attempts = ?, tries = ?, ended_at = ?, first = COALESCE(?, first)
			WHERE event = ? AND endpoint = ? AND ended_at = 0`
		args = []any{d.Attempts, d.Tries, codec.Micros(d.EndedAt), first, k.Event, k.Endpoint}
	}
	res, err := t.w.result(query, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 { // it was canceled, or forgotten
		res, err := t.w.result(`UPDATE OR FAIL deliveries SET attempts = ?, first = COALESCE(?, first) WHERE event = ? AND endpoint = ?`,
			d.Attempts, first, k.Event, k.Endpoint)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
	}
	if a.ID == "" || first != nil {
		return nil
	}
	return t.w.exec(`INSERT INTO attempts (event, endpoint, number, packed) VALUES (?,?,?,?)`, k.Event, k.Endpoint, a.Number, codec.PackAttempt(a))
}
