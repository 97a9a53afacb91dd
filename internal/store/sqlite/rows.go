package sqlite

import (
	"database/sql"
	"errors"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// foundRow is a row that tells of one that isn't there, and of a file that can't
// be used, as the domain does.
type foundRow struct{ *sql.Row }

// Scan implements [codec.Scanner].
func (r foundRow) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.ErrNotFound
	}
	return unusable(err)
}

// collectPage is collect for rows that can be long: it ends after so many bytes and
// says whether there are more.
func collectPage[T any](rows *sql.Rows, err error, bytes int, scan func(codec.Scanner) (T, error), size func(*T) int) (page []T, more bool, _ error) {
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for total := 0; rows.Next(); {
		if total >= bytes {
			return page, true, nil
		}
		one, err := scan(rows)
		if err != nil {
			return nil, false, err
		}
		page, total = append(page, one), total+size(&one)
	}
	return page, false, unusable(rows.Err())
}

// collect scans every row and closes them.
func collect[T any](rows *sql.Rows, err error, scan func(codec.Scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all, err := codec.ScanAll(rows, scan)
	if err != nil {
		return nil, err
	}
	return all, unusable(rows.Err())
}
