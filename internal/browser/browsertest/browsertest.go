// Package browsertest gives tests a real Chromium: the test's own binary is
// the keeper, as browserhook's is in production.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
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

// Loopback is where the pages of tests are.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// RunDir is a folder for running browsers that their users can reach.
func RunDir(tb testing.TB) string {
	tb.Helper()
	dir, err := runDir()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func runDir() (string, error) {
	dir, err := os.MkdirTemp("", "browserhook-test-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// Launcher is for the installed Chromium, with a script for our world. change
// may be nil.
func Launcher(tb testing.TB, script string, change func(*browser.Config)) *browser.Launcher {
	tb.Helper()
	l, err := launcher(RunDir(tb), script, change)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return l
}

func launcher(dir, script string, change func(*browser.Config)) (*browser.Launcher, error) {
	keeper, err := keeperCommand()
	if err != nil {
		return nil, err
	}
	cfg := browser.Config{RunDir: dir, Keeper: keeper, Script: script, Allow: Loopback, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	return browser.NewLauncher(context.Background(), cfg)
}

// keeperCommand is the command that is the keeper. The race detector has every
// process that it is in sleep for a second before it exits, which is longer than
// all that a browser needs to start and to end; a keeper has none of our
// environment.
func keeperCommand() ([]string, error) {
	self, err := os.Executable()
	return []string{"env", "GORACE=atexit_sleep_ms=0", self, "keeper"}, err
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
	b, err := launch(tb.Context(), l, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := end(b); err != nil {
			tb.Error(err)
		}
	})
	return b
}

func launch(ctx context.Context, l *browser.Launcher, opt domain.SessionOptions) (*browser.Browser, error) {
	if opt.Viewport.Width == 0 {
		opt.Viewport = browser.Viewport
	}
	if opt.Browser == "" {
		opt.Browser = program()
	}
	b, err := l.Launch(ctx, domain.NewID(domain.PrefixSession), opt)
	if f, ok := errors.AsType[*domain.Failure](err); ok {
		return nil, fmt.Errorf("launch: %w\n%s", err, strings.Join(f.Lines, "\n"))
	}
	return b, err
}

func end(b *browser.Browser) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return b.Close(ctx)
}
