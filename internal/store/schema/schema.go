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
	return refuse(have, known)
}

// refuse is for tables of a newer program.
func refuse(have, known int64) error {
	if have > known {
		return advice.Add(fmt.Errorf("the database is of a newer browserhook: its tables have the version %d, and this program knows %d", have, known),
			"Start that newer program, or restore the database from before the upgrade.")
	}
	return nil
}

// Tables are what a database has of ours.
type Tables struct{ Have, Known int64 } // their version, and the program's

// String says it to a person.
func (t Tables) String() string {
	switch {
	case t.Have == 0:
		return "the first start makes its tables"
	case t.Have < t.Known:
		return fmt.Sprintf("the next start brings its tables up to date (from version %d to %d)", t.Have, t.Known)
	}
	return fmt.Sprintf("its tables are up to date (version %d)", t.Have)
}

// Compare says how the version of a database's tables is to the program's. Those of a
// newer program are an error, as for Migrate.
func Compare(have int64, p *goose.Provider) (Tables, error) {
	t := Tables{Have: have}
	for _, source := range p.ListSources() {
		t.Known = max(t.Known, source.Version)
	}
	return t, refuse(t.Have, t.Known)
}

// Version is the query for the version of a database's tables.
const Version = "SELECT COALESCE(MAX(version_id), 0) FROM " + Table
