package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/browserhook/browserhook/internal/advice"
)

// oldest is the oldest version of PostgreSQL with all that is asked of it; tests
// ask for more.
var oldest = 13

// usable sees whether the database answers and can be written.
func (s *Store) usable(ctx context.Context) error {
	var version int
	var readOnly string
	if err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000, current_setting('transaction_read_only')`).Scan(&version, &readOnly); err != nil {
		return connectError(err)
	}
	if version < oldest {
		return advice.Add(fmt.Errorf("the database is PostgreSQL %d; it must be %d or newer", version, oldest), "Upgrade it, or name another with --database-url.")
	}
	if readOnly == "on" {
		return advice.Add(errors.New("the database can only be read"), "Name the primary in --database-url, not a standby.")
	}
	return nil
}

// connectError says why the database doesn't answer, in one line, and what to do.
func connectError(err error) error {
	do := "See that the database runs, and that its address in --database-url is right and reached from here."
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		err = errors.New(e.Message)
		switch e.Code {
		case "28P01", "28000": // invalid password, invalid authorization
			do = "Mend the user and the password in --database-url, or let that user in (pg_hba.conf)."
		case "3D000": // invalid catalog name
			do = "Make the database (createdb), or mend its name in --database-url."
		case "53300": // too many connections
			do = "Let it have more connections (max_connections), or give servers fewer (pool_max_conns in --database-url)."
		}
	}
	// The driver tells of every address in a line of its own.
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return advice.Add(fmt.Errorf("the database can't be reached: %s", strings.TrimSpace(lines[len(lines)-1])), do)
}

// migrateError says what to do when the tables can't be made or changed.
func migrateError(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch {
	case e.Code == "42501": // insufficient privilege
		return advice.Add(fmt.Errorf("the tables can't be made: %s", e.Message),
			"Let the user of --database-url make tables: GRANT CREATE, USAGE ON SCHEMA public TO that user, or give it the database.")
	case e.Code == "42P07": // duplicate table
		return advice.Add(fmt.Errorf("the tables can't be made: %s", e.Message), "Give browserhook a database of its own in --database-url.")
	case e.Code == "25006": // read-only transaction
		return advice.Add(errors.New("the database can only be read"), "Name the primary in --database-url, not a standby.")
	case strings.HasPrefix(e.Code, "53"): // insufficient resources
		return advice.Add(fmt.Errorf("the tables can't be made: %s", e.Message), "Make room on the database's disk.")
	}
	return err
}
