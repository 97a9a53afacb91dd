package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// ended is what became of a delivery.
type ended struct {
	key     deliveryKey
	outcome *domain.Outcome
}

// writeOutcome writes what an attempt did to its delivery, and the attempt. The
// first attempt of a delivery is kept in its row, since most have no other. OR
// FAIL is as in [inserts].
func (t *tx) writeOutcome(k deliveryKey, o *domain.Outcome) error {
	d, a := &o.Delivery, &o.Attempt
	var first any
	if a.ID != "" && a.Number == 1 {
		first = packAttempt(a)
	}
	query := `UPDATE OR FAIL deliveries SET status = ?, reason = ?, attempts = ?, tries = ?, next_at = ?, ended_at = ?, first = COALESCE(?, first)
		WHERE event = ? AND endpoint = ? AND ended_at = 0`
	args := []any{d.Status, d.Reason, d.Attempts, d.Tries, micros(d.NextAt), micros(d.EndedAt), first, k.event, k.endpoint}
	if d.Status == domain.DeliveryDelivered {
		// Nearly all are, and what needn't be bound is half of the time.
		query = `UPDATE OR FAIL deliveries SET status = 'DELIVERED', attempts = ?, tries = ?, ended_at = ?, first = COALESCE(?, first)
			WHERE event = ? AND endpoint = ? AND ended_at = 0`
		args = []any{d.Attempts, d.Tries, micros(d.EndedAt), first, k.event, k.endpoint}
	}
	res, err := t.w.result(query, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 { // it was canceled
		if err := t.w.exec(`UPDATE OR FAIL deliveries SET attempts = ?, first = COALESCE(?, first) WHERE event = ? AND endpoint = ?`,
			d.Attempts, first, k.event, k.endpoint); err != nil {
			return err
		}
	}
	if a.ID == "" || first != nil {
		return nil
	}
	return t.w.exec(`INSERT INTO attempts (event, endpoint, number, packed) VALUES (?,?,?,?)`, k.event, k.endpoint, a.Number, packAttempt(a))
}

// packAttempt is an attempt as it is stored: what is only ever read whole is
// written whole.
func packAttempt(a *domain.Attempt) []byte {
	b := make([]byte, 0, 96+len(a.Response)+len(a.Error))
	b = binary.AppendVarint(b, micros(a.StartedAt))
	b = binary.AppendVarint(b, a.Duration.Microseconds())
	b = binary.AppendVarint(b, int64(a.StatusCode))
	for _, text := range []string{a.ID, a.RemoteAddr, a.ErrorClass, a.Error} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return append(b, a.Response...)
}

// attemptColumn scans what packAttempt made.
type attemptColumn struct{ a *domain.Attempt }

func (c attemptColumn) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("an attempt's column holds %T", v)
	}
	broken := false
	number := func() int64 {
		v, n := binary.Varint(b)
		broken = broken || n <= 0
		b = b[max(n, 0):]
		return v
	}
	text := func() string {
		v, n := binary.Uvarint(b)
		if broken = broken || n <= 0 || v > uint64(len(b)-n); broken {
			return ""
		}
		s := string(b[n : n+int(v)])
		b = b[n+int(v):]
		return s
	}
	c.a.StartedAt = fromMicros(number())
	c.a.Duration = time.Duration(number()) * time.Microsecond
	c.a.StatusCode = int(number())
	c.a.ID, c.a.RemoteAddr, c.a.ErrorClass, c.a.Error = text(), text(), text(), text()
	if broken {
		return errors.New("an attempt's column is cut off")
	}
	c.a.Response = append([]byte{}, b...)
	return nil
}
