// Package browsertest gives tests a real Chromium: the test's own binary is
// the keeper, as browserhook's is in production.
package browsertest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// Main is TestMain's first line: it makes the process a keeper when it was
// started as one.
func Main() {
	if len(os.Args) > 1 && os.Args[1] == "keeper" {
		os.Exit(keeper.Main(os.Args[2:]))
	}
}

// RunDir is a folder for running browsers that their users can reach.
func RunDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "browserhook-test-")
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Launcher is for the installed Chromium, with a script for our world. change
// may be nil.
func Launcher(tb testing.TB, script string, change func(*browser.Config)) *browser.Launcher {
	tb.Helper()
	cfg := browser.Config{RunDir: RunDir(tb), Keeper: Keeper(tb), Script: script, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	l, err := browser.NewLauncher(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// Keeper is the command that is the keeper. The race detector has every process
// that it is in sleep for a second before it exits, which is longer than all that
// a browser needs to start and to end; a keeper has none of our environment.
func Keeper(tb testing.TB) []string {
	tb.Helper()
	return []string{"env", "GORACE=atexit_sleep_ms=0", Self(tb), "keeper"}
}

// Self is the test's own binary.
func Self(tb testing.TB) string {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return self
}

// program is the one that tests use, if not the default.
func program() string { return os.Getenv("BROWSERHOOK_TEST_PROGRAM") }

// Path is that of the program that tests use.
func Path(tb testing.TB, l *browser.Launcher) string {
	tb.Helper()
	if name := program(); name != "" {
		if l.Programs[name] == "" {
			tb.Fatalf("%s is not installed", name)
		}
		return l.Programs[name]
	}
	return l.Path
}

// Launch starts a browser that ends with the test.
func Launch(tb testing.TB, l *browser.Launcher, opt domain.SessionOptions) *browser.Browser {
	tb.Helper()
	if opt.Viewport.Width == 0 {
		opt.Viewport = browser.Viewport
	}
	if opt.Browser == "" {
		opt.Browser = program()
	}
	b, err := l.Launch(tb.Context(), domain.NewID(domain.PrefixSession), opt)
	if err != nil {
		f, _ := errors.AsType[*domain.Failure](err)
		tb.Fatalf("launch: %v\n%s", err, strings.Join(f.Lines, "\n"))
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			tb.Error(err)
		}
	})
	return b
}
