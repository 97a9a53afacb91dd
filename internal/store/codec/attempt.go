package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// PackAttempt is an attempt as it is stored: what is only ever read whole is
// written whole.
func PackAttempt(a *domain.Attempt) []byte {
	b := make([]byte, 0, 96+len(a.Response)+len(a.Error))
	b = binary.AppendVarint(b, Micros(a.StartedAt))
	b = binary.AppendVarint(b, a.Duration.Microseconds())
	b = binary.AppendVarint(b, int64(a.StatusCode))
	for _, text := range []string{a.ID, a.RemoteAddr, a.ErrorClass, a.Error} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return append(b, a.Response...)
}

// Attempt scans into A what PackAttempt made.
type Attempt struct{ A *domain.Attempt }

// Scan implements [database/sql.Scanner].
func (c Attempt) Scan(v any) error {
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
	c.A.StartedAt = FromMicros(number())
	c.A.Duration = time.Duration(number()) * time.Microsecond
	c.A.StatusCode = int(number())
	c.A.ID, c.A.RemoteAddr, c.A.ErrorClass, c.A.Error = text(), text(), text(), text()
	if broken {
		return errors.New("an attempt's column is cut off")
	}
	c.A.Response = append([]byte{}, b...)
	return nil
}
