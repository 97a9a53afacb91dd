package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/browserhook/browserhook/internal/store/schema"
)

// Seen is what Look has.
type Seen struct {
	Version int           // of PostgreSQL
	Ahead   time.Duration // its clock is of ours
	Tables  schema.Tables
}

// Look connects to the database to see whether it can be used, and changes nothing.
func Look(ctx context.Context, where string) (seen Seen, err error) {
	pc, err := pgxpool.ParseConfig(where)
	if err != nil {
		return seen, urlError(err)
	}
	pc.MaxConns = 1
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = connectWithin
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return seen, fmt.Errorf("open database: %w", err)
	}
	defer pool.Close()
	s := &Store{pool: pool}
	if err := s.usable(ctx); err != nil {
		return seen, err
	}
	var there bool
	var now time.Time
	asked := time.Now()
	if err := pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000, to_regclass($1) IS NOT NULL, clock_timestamp()`, schema.Table).
		Scan(&seen.Version, &there, &now); err != nil {
		return seen, connectError(err)
	}
	seen.Ahead = now.Sub(asked.Add(time.Since(asked) / 2))
	if !there {
		return seen, nil
	}
	var have int64
	if err := pool.QueryRow(ctx, schema.Version).Scan(&have); err != nil {
		return seen, connectError(err)
	}
	p, err := provider(pool)
	if err != nil {
		return seen, err
	}
	defer p.Close()
	seen.Tables, err = schema.Compare(have, p)
	return seen, err
}
