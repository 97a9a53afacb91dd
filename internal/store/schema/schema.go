// Package schema brings a database's tables up to date, and keeps its hands off
// those of a newer program.
package schema

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/browserhook/browserhook/internal/advice"
)

// Table is where a database says which migrations it has had.
const Table = goose.DefaultTablename

// Migrate runs the migrations that the database hasn't had. One that has had
// others, of a newer program, is refused and not touched: what a program
// doesn't know it would damage.
func Migrate(ctx context.Context, p *goose.Provider) error {
	if err := check(ctx, p); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return check(ctx, p) // a newer program may have been first
}

func check(ctx context.Context, p *goose.Provider) error {
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if have > known {
		return advice.Add(fmt.Errorf("the database is of a newer browserhook: its tables have the version %d, and this program knows %d", have, known),
			"Start that newer program, or restore the database from before the upgrade.")
	}
	return nil
}
