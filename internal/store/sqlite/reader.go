package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/store/codec"
)

// reader answers queries from the last commit. It keeps its statements, whose
// number the code bounds.
type reader struct {
	db    *sql.DB
	stmts sync.Map // query → *sql.Stmt
	took  func(write bool, began time.Time)
}

func (r *reader) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := r.stmts.Load(query); ok {
		return st.(*sql.Stmt), nil
	}
	st, err := r.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, unusable(fmt.Errorf("prepare %q: %w", query, err))
	}
	if first, loaded := r.stmts.LoadOrStore(query, st); loaded {
		st.Close()
		st = first.(*sql.Stmt)
	}
	return st, nil
}

func (r *reader) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	defer r.took(false, time.Now())
	st, err := r.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args...)
	return rows, unusable(err)
}

func (r *reader) row(ctx context.Context, query string, args ...any) codec.Scanner {
	defer r.took(false, time.Now())
	st, err := r.prepare(ctx, query)
	if err != nil {
		return failedRow{err}
	}
	return foundRow{st.QueryRowContext(ctx, args...)}
}
