// Package codec is how every store writes down times, JSON and cursors.
package codec

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Scanner is a row, or the current one of several.
type Scanner interface{ Scan(dest ...any) error }

// Rows are what a query of either database found.
type Rows interface {
	Scanner
	Next() bool
}

// ScanAll scans every row. Whoever calls closes them, and asks for their error.
func ScanAll[T any](rows Rows, scan func(Scanner) (T, error)) (all []T, err error) {
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// Micros is how a time is stored: microseconds since 1970, 0 for none.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the time that was stored.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Time scans microseconds into T.
type Time struct{ T *time.Time }

// Scan implements [database/sql.Scanner].
func (c Time) Scan(v any) error {
	us, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time column holds %T", v)
	}
	*c.T = FromMicros(us)
	return nil
}

// JSON scans JSON text into Dest; empty text leaves it as it is.
type JSON struct{ Dest any }

// Scan implements [database/sql.Scanner].
func (c JSON) Scan(v any) error {
	var raw []byte
	switch text := v.(type) {
	case string:
		raw = []byte(text)
	case []byte:
		raw = text
	default:
		return fmt.Errorf("a JSON column holds %T", v)
	}
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, c.Dest)
}

// Text is what a JSON column stores. The types are ours and marshal.
func Text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal %T: %v", v, err))
	}
	return string(raw)
}

// FailureText stores no failure as empty text.
func FailureText(f *domain.Failure) string {
	if f == nil {
		return ""
	}
	return Text(f)
}

// failures is how a step's are stored: its own, with those of its earlier tries
// beside it. Without a code it has none of its own.
type failures struct {
	domain.Failure
	Tries []domain.Failure `json:"tries,omitempty"`
}

// FailuresText stores why a step and its earlier tries failed.
func FailuresText(s *domain.Step) string {
	if s.Error == nil && len(s.Tries) == 0 {
		return ""
	}
	f := failures{Tries: s.Tries}
	if s.Error != nil {
		f.Failure = *s.Error
	}
	return Text(f)
}

// Failures scans why a step and its earlier tries failed.
type Failures struct{ Step *domain.Step }

// Scan implements [database/sql.Scanner].
func (c Failures) Scan(v any) error {
	var f failures
	if err := (JSON{&f}).Scan(v); err != nil {
		return err
	}
	if f.Code != "" {
		c.Step.Error = &f.Failure
	}
	c.Step.Tries = f.Tries
	return nil
}

// UsageText is what a session's usage is stored as; of none, nothing.
func UsageText(u domain.Usage) string {
	if u == (domain.Usage{}) {
		return ""
	}
	return Text(u)
}

// ControlText is what who controls a session is stored as; nobody, nothing.
func ControlText(c *domain.Control) string {
	if c == nil {
		return ""
	}
	return Text(c)
}

// EncodeCursor makes the cursor of a list: the id of the last row of the page
// before, which is also its place in time. Users are told nothing of what is
// in it.
func EncodeCursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// DecodeCursor gives back an id with the prefix. An empty cursor is the first
// page: an id after all others.
func DecodeCursor(p domain.Prefix, cursor string) (string, error) {
	if cursor == "" {
		return string(p) + "_~", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	// The decoder passes over line breaks: one spelling counts.
	if err != nil || EncodeCursor(string(raw)) != cursor || !domain.ValidID(p, string(raw)) {
		return "", domain.ErrCursor
	}
	return string(raw), nil
}

// IsRow says whether a number may be that of a row. What is decoded and was never
// encoded is hardly ever so small.
func IsRow(n int64) bool { return n > 0 && n < 1<<40 }

// defaultPage is how long a page is when nobody says.
const defaultPage = 100

// Before is n, or, of 0, what every number of a row comes before.
func Before(n int64) int64 {
	if n == 0 {
		return math.MaxInt64
	}
	return n
}

// PageLimit is how long a page is to be.
func PageLimit(n int) int {
	if n < 1 {
		return defaultPage
	}
	return n
}

// PageBytes is after how many bytes a page of rows that can be long ends, with
// the row that reaches it, however many more were asked for.
const PageBytes = 4 << 20

// PageSize is after how many bytes a page ends that is asked to end after n.
func PageSize(n int) int {
	if n < 1 || n > PageBytes {
		return PageBytes
	}
	return n
}

// Cut takes one row too many off a page and makes the cursor of the next.
func Cut[T any](page []T, limit int, id func(T) string) ([]T, string) {
	if len(page) <= limit {
		return page, ""
	}
	return CutLong(page[:limit], limit, true, id)
}

// CutLong is Cut for a page that may have ended before its limit, because of its
// bytes, when there are more rows.
func CutLong[T any](page []T, limit int, more bool, id func(T) string) ([]T, string) {
	if n := min(len(page), limit); n > 0 && (more || n < len(page)) {
		return page[:n], EncodeCursor(id(page[n-1]))
	}
	return page, ""
}

// SessionBytes is about how long a session is, and EndpointBytes an endpoint: of
// what users choose freely.
func SessionBytes(s *domain.Session) int { return len(Text(s.Options)) + len(Text(s.Metadata)) }

// EndpointBytes includes what is encrypted.
func EndpointBytes(e *domain.Endpoint) int {
	n := len(Text(e.EndpointSettings))
	for _, h := range e.Headers {
		n += len(h.Name) + len(h.Value)
	}
	return n
}

// InOrder puts rows in the order of the ids by which they were asked for. An id
// without a row is ErrNotFound.
func InOrder[T any](found []T, ids []string, id func(T) string) ([]T, error) {
	byID := make(map[string]T, len(found))
	for _, one := range found {
		byID[id(one)] = one
	}
	ordered := make([]T, len(ids))
	for i, want := range ids {
		one, ok := byID[want]
		if !ok {
			return nil, domain.ErrNotFound
		}
		ordered[i] = one
	}
	return ordered, nil
}

// Unique drops what is there twice and keeps the order; it reuses the slice.
func Unique[T comparable](all []T) []T {
	if len(all) < 2 {
		return all
	}
	seen := make(map[T]struct{}, len(all))
	kept := all[:0]
	for _, one := range all {
		if _, ok := seen[one]; !ok {
			seen[one] = struct{}{}
			kept = append(kept, one)
		}
	}
	return kept
}
