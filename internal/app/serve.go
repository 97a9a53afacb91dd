package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/browserhook/browserhook/internal/config"
)

// Serve checks the settings, runs a server until ctx ends or it has been drained,
// which a value from drain begins, and prints to out what an operator must know at
// the start: for a person, or with log-format json as lines of JSON.
func Serve(ctx context.Context, settings config.Server, drain <-chan os.Signal, out io.Writer, log *slog.Logger) error {
	systemd := newNotifier()
	if err := settings.Check(); err != nil {
		return err
	}
	// What a library of others writes with the standard logger is a line like
	// ours too.
	slog.SetDefault(log)
	TuneMemory()
	a, err := New(ctx, settings, log)
	if err != nil {
		return err
	}
	if settings.LogFormat == "json" {
		a.greetJSON(out)
	} else {
		a.greet(out)
	}
	log.Info("started", "version", Version, "url", a.URL)
	a.tellLimits()
	if a.ends == "" {
		log.Info("SIGTERM leaves sessions to the next start, which goes on with them", "within", settings.KeeperGrace)
	} else {
		log.Info("SIGTERM ends sessions: " + a.ends)
	}
	if err := systemd.ready(); err != nil {
		log.Warn("systemd is not told that the server is ready", "err", err)
	}
	var waits sync.WaitGroup
	defer waits.Wait()
	running, over := context.WithCancel(ctx)
	defer over()
	waits.Go(func() {
		select {
		case <-drain:
			a.drain(running)
		case <-running.Done():
		}
	})
	return a.Run(ctx)
}

// greet prints where everything is. The key is printed once and never again.
func (a *App) greet(out io.Writer) {
	fmt.Fprintf(out, "browserhook %s\n\n", Version)
	fmt.Fprintf(out, "  Data       %s\n", a.data.Path)
	fmt.Fprintf(out, "  Chromium   %s\n", a.chromium())
	fmt.Fprintf(out, "  Sessions   %d at once\n", a.settings.MaxSessions)
	if a.settings.PublicURL != "" {
		fmt.Fprintf(out, "  Public     %s\n", a.settings.PublicURL)
	}
	if a.Key != "" {
		fmt.Fprintf(out, "  API key    %s   shown this once: keep it\n", a.Key)
	}
	if a.metrics != nil {
		fmt.Fprintf(out, "  Metrics    %s\n", a.metrics.url())
	}
	fmt.Fprintf(out, "  Listening  %s\n", a.URL)
}

// greetJSON is greet for a program. The key has a line of its own.
func (a *App) greetJSON(out io.Writer) {
	line := slog.New(slog.NewJSONHandler(out, nil))
	if a.Key != "" {
		line.Info("the first API key, shown this once: keep it", "apiKey", a.Key)
	}
	database := "file"
	if a.settings.DatabaseURL != "" {
		database = "postgres"
	}
	if a.metrics != nil {
		line.Info("metrics", "url", a.metrics.url())
	}
	line.Info("listening", "version", Version, "url", a.URL, "publicUrl", a.publicURL(), "data", a.data.Path,
		"database", database, "chromium", a.chromium(), "maxSessions", a.settings.MaxSessions)
}

func (a *App) chromium() string {
	if a.launcher.Path == "" {
		return "none found: sessions will fail. Install the package chromium-headless-shell, or chromium."
	}
	return fmt.Sprintf("%s (%s)", a.launcher.Path, a.launcher.Version)
}
