package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver, registered as "sqlite"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/store/pgtest"
)

// delivery is River's job and asynq's task.
type delivery struct {
	URL  string `json:"url"`
	Body []byte `json:"body"`
}

// Kind names the job.
func (delivery) Kind() string { return "delivery" }

type riverWorker struct {
	river.WorkerDefaults[delivery]
}

// Work sends one.
func (riverWorker) Work(ctx context.Context, job *river.Job[delivery]) error {
	return post(ctx, job.Args.URL, job.Args.Body)
}

func riverPeers(postgres *pgtest.Server) []peer {
	onPostgres := func(batch int) func(context.Context, string, func(), func() error) error {
		return func(ctx context.Context, url string, begin func(), arrived func() error) error {
			database, err := postgres.NewDatabase(ctx, "template1")
			if err != nil {
				return err
			}
			config, err := pgxpool.ParseConfig(database)
			if err != nil {
				return err
			}
			config.MaxConns = 32
			pool, err := pgxpool.NewWithConfig(ctx, config)
			if err != nil {
				return err
			}
			defer pool.Close()
			return withRiver(ctx, riverpgxv5.New(pool), batch, url, begin, arrived)
		}
	}
	return []peer{
		{"River, PostgreSQL", "PostgreSQL", onPostgres(1)},
		{"River, PostgreSQL, 500 inserted in a call", "PostgreSQL", onPostgres(500)},
		{"River, SQLite", "nothing", riverOnSQLite},
	}
}

func riverOnSQLite(ctx context.Context, target string, begin func(), arrived func() error) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "river.db")+"?"+q.Encode())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // as its documentation asks
	return withRiver(ctx, riversqlite.New(db), 1, target, begin, arrived)
}

// withRiver works with the settings of River's own benchmark.
func withRiver[T any](ctx context.Context, driver riverdriver.Driver[T], batch int, url string, begin func(), arrived func() error) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, riverWorker{})
	c, err := river.NewClient(driver, &river.Config{
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2000}},
		FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond,
		Workers: workers, Logger: log,
	})
	if err != nil {
		return err
	}
	if err := c.Start(ctx); err != nil {
		return err
	}
	begin()
	insert := func(_ int, due time.Time) error {
		body := load.Body(due)
		if batch == 1 {
			_, err = c.Insert(ctx, delivery{url, body}, nil)
			return err
		}
		jobs := make([]river.InsertManyParams, batch)
		for i := range jobs {
			jobs[i] = river.InsertManyParams{Args: delivery{url, body}}
		}
		_, err = c.InsertManyFast(ctx, jobs)
		return err
	}
	err = load.Loop(ctx, load.Producers, *events/batch, 0, insert)
	if err == nil {
		err = arrived()
	}
	return errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
}
