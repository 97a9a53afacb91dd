package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/browserhook/browserhook/internal/config"
)

// Serve checks the settings, runs a server until ctx ends, and prints to out
// what an operator must know at the start.
func Serve(ctx context.Context, settings config.Server, out, logs io.Writer) error {
	if err := settings.Check(); err != nil {
		return err
	}
	level, err := settings.Level()
	if err != nil {
		return err
	}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(logs, options)
	if settings.LogFormat == "json" {
		handler = slog.NewJSONHandler(logs, options)
	}
	TuneMemory()
	a, err := New(ctx, settings, nil, slog.New(handler))
	if err != nil {
		return err
	}
	a.greet(out)
	return a.Run(ctx)
}

// greet prints where everything is. The key is printed once and never again.
func (a *App) greet(out io.Writer) {
	chromium := "none found: sessions will fail. Install the package chromium."
	if a.launcher.Path != "" {
		chromium = fmt.Sprintf("%s (%s)", a.launcher.Path, a.launcher.Version)
	}
	fmt.Fprintf(out, "browserhook %s\n\n", Version)
	fmt.Fprintf(out, "  Data       %s\n", a.data.Path)
	fmt.Fprintf(out, "  Chromium   %s\n", chromium)
	fmt.Fprintf(out, "  Sessions   %d at once\n", a.settings.MaxSessions)
	if a.settings.PublicURL != "" {
		fmt.Fprintf(out, "  Public     %s\n", a.settings.PublicURL)
	}
	if a.Key != "" {
		fmt.Fprintf(out, "  API key    %s   shown this once: keep it\n", a.Key)
	}
	fmt.Fprintf(out, "  Listening  %s\n", a.URL)
}
