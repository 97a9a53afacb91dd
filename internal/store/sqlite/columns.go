package sqlite

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// scanner is a row, or the current one of several.
type scanner interface{ Scan(dest ...any) error }

// micros is how a time is stored: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// timeColumn scans microseconds into a time.
type timeColumn struct{ t *time.Time }

func (c timeColumn) Scan(v any) error {
	us, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time column holds %T", v)
	}
	*c.t = fromMicros(us)
	return nil
}

// jsonColumn scans JSON text into dest; empty text leaves it as it is.
type jsonColumn struct{ dest any }

func (c jsonColumn) Scan(v any) error {
	switch text := v.(type) {
	case string:
		if text == "" {
			return nil
		}
		return json.Unmarshal([]byte(text), c.dest)
	case []byte:
		if len(text) == 0 {
			return nil
		}
		return json.Unmarshal(text, c.dest)
	}
	return fmt.Errorf("a JSON column holds %T", v)
}

// jsonText is what a JSON column stores. The types are ours and marshal.
func jsonText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal %T: %v", v, err))
	}
	return string(raw)
}

// failureText stores no failure as empty text.
func failureText(f *domain.Failure) string {
	if f == nil {
		return ""
	}
	return jsonText(f)
}

// missing turns "no such row" into the domain's error.
func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return domain.ErrNotFound
	}
	return err
}

// collect scans every row and closes them.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// A cursor of a list is the id of the last row of the page before, which is
// also its place in time. Users are told nothing of what is in it.
func encodeCursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// decodeCursor gives back an id with the prefix. An empty cursor is the first
// page: an id after all others.
func decodeCursor(p domain.Prefix, cursor string) (string, error) {
	if cursor == "" {
		return string(p) + "_~", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	// The decoder passes over line breaks: one spelling counts.
	if err != nil || encodeCursor(string(raw)) != cursor || !domain.ValidID(p, string(raw)) {
		return "", domain.Invalid("cursor", "is not one that this list gave out")
	}
	return string(raw), nil
}

// defaultPage is how long a page is when nobody says.
const defaultPage = 100

func pageLimit(n int) int {
	if n < 1 {
		return defaultPage
	}
	return n
}

// cut takes one row too many off a page and makes the cursor of the next.
func cut[T any](page []T, limit int, id func(T) string) ([]T, string) {
	if len(page) <= limit {
		return page, ""
	}
	page = page[:limit]
	return page, encodeCursor(id(page[limit-1]))
}
