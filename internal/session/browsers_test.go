package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// TestABrowserIsWhatWasAskedFor until a server starts it, as its default if nothing was.
func TestABrowserIsWhatWasAskedFor(t *testing.T) {
	for name, over := range map[string]func(*testing.T) opener{"sqlite": overSQLite, "postgres": overPostgreSQL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open, starts := over(t), make(chan string, 1)
			launch := func(_ context.Context, _ string, opt domain.SessionOptions) (session.Browser, error) {
				starts <- opt.Browser
				return &fake{done: make(chan struct{})}, nil
			}
			may := make(chan struct{})
			asks := start(t, open, nil, nil, func(c *session.Config) {
				c.Browsers = []string{domain.BrowserChromium, domain.BrowserShell}
				c.Launch = func(ctx context.Context, id string, opt domain.SessionOptions) (session.Browser, error) {
					<-may
					return launch(ctx, id, opt)
				}
			})
			project := asks.newProject(t)
			made, _, _, err := asks.Create(t.Context(), project, session.CreateRequest{Options: domain.SessionOptions{UserAgent: "x", Viewport: browser.Viewport, Timeout: time.Hour}})
			if err != nil || made.Options.Browser != "" {
				t.Fatalf("%q, %v", made.Options.Browser, err)
			}
			got, err := asks.Session(t.Context(), project, made.ID)
			if err != nil || got.Options.Browser != "" {
				t.Errorf("before it has one: %q, %v", got.Options.Browser, err)
			}
			close(may)
			if started := <-starts; started != domain.BrowserChromium {
				t.Errorf("started %q", started)
			}
			for got.Status != domain.SessionReady {
				changed := asks.Changed(made.ID)
				if got, err = asks.Session(t.Context(), project, made.ID); err != nil {
					t.Fatal(err)
				}
				if got.Status != domain.SessionReady {
					<-changed
				}
			}
			if got.Options.Browser != domain.BrowserChromium || got.Options.UserAgent != "x" {
				t.Errorf("READY: %+v", got.Options)
			}
		})
	}
}

// TestABrowserThatSomeServerHas can be asked for at any.
func TestABrowserThatSomeServerHas(t *testing.T) {
	here := domain.Node{State: domain.NodeReady, Browsers: []string{"shell"}}
	away := errors.New("the store is away")
	for name, tt := range map[string]struct {
		has    []string
		others []domain.Node // beside this one; nil: there is only this one
		err    error
		asks   string
		want   string
	}{
		"none":                         {[]string{"shell"}, nil, nil, "", ""},
		"one of this":                  {[]string{"shell"}, nil, nil, "shell", ""},
		"another":                      {[]string{"shell"}, nil, nil, "chromium", `invalid_request: browser: "chromium" is not installed on this server, which has shell`},
		"none that is anywhere":        {[]string{}, nil, nil, "chromium", ""},
		"one of another":               {[]string{"shell"}, []domain.Node{{State: domain.NodeReady, Browsers: []string{"chromium"}}}, nil, "chromium", ""},
		"one of one that says none":    {[]string{"shell"}, []domain.Node{{State: domain.NodeReady}}, nil, "chromium", ""},
		"one of one that drains":       {[]string{"shell"}, []domain.Node{{State: domain.NodeDraining, Browsers: []string{"chromium"}}}, nil, "chromium", `invalid_request: browser: "chromium" is not installed on any server that starts sessions; there is shell`},
		"one that no server has":       {[]string{"shell"}, []domain.Node{{State: domain.NodeReady, Browsers: []string{"shell"}}}, nil, "chromium", `invalid_request: browser: "chromium" is not installed on any server that starts sessions; there is shell`},
		"of one without":               {[]string{}, []domain.Node{here}, nil, "chromium", `invalid_request: browser: "chromium" is not installed on any server that starts sessions; there is shell`},
		"while nobody knows":           {[]string{"shell"}, []domain.Node{}, away, "chromium", "see which browsers there are: the store is away"},
		"one of this, nobody is asked": {[]string{"shell"}, []domain.Node{}, away, "shell", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := session.Config{Store: &memory{point: func() {}, notify: func(domain.Commit) {}}, Browsers: tt.has, PublicURL: func() string { return "" }, Box: box(t)}
			if tt.others != nil {
				cfg.Nodes = func(context.Context) ([]domain.Node, error) {
					return append([]domain.Node{{State: domain.NodeReady, Browsers: tt.has}}, tt.others...), tt.err
				}
			}
			opt := session.DefaultOptions()
			opt.Browser = tt.asks
			made, _, _, err := session.New(cfg).Create(t.Context(), "p", session.CreateRequest{Options: opt})
			switch {
			case tt.want == "" && (err != nil || made.Options.Browser != tt.asks):
				t.Errorf("%q, %v", made.Options.Browser, err)
			case tt.want != "" && (err == nil || err.Error() != tt.want):
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}
