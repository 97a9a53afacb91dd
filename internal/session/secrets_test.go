package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// TestSecretsReachTheBrowserAlone, and a server that can't read them says so.
func TestSecretsReachTheBrowserAlone(t *testing.T) {
	open := overSQLite(t)
	given := domain.SessionOptions{
		Viewport: browser.Viewport, Timeout: time.Hour,
		Headers:     []domain.Header{{Name: "X-Tenant", Value: "acme"}, {Name: "X-Token", Value: "hush-1", Secret: true}},
		Credentials: &domain.HTTPCredentials{Username: "hush-2", Password: "hush-3", Origin: "https://a.test"},
	}
	for name, can := range map[string]bool{"read": true, "unreadable": false} {
		t.Run(name, func(t *testing.T) {
			launched := make(chan domain.SessionOptions, 1)
			n := start(t, open, untilCanceled, nil, func(c *session.Config) {
				sealing := box(t)
				c.Box = &boxes{Box: sealing, opens: sealing}
				if !can {
					c.Box.(*boxes).opens = box(t)
				}
				c.Launch = func(_ context.Context, _ string, opt domain.SessionOptions) (session.Browser, error) {
					launched <- opt
					return &fake{done: make(chan struct{})}, nil
				}
			})
			project := n.newProject(t)
			made, _, _, err := n.Create(t.Context(), project, session.CreateRequest{Options: given, OnError: domain.OnErrorStop})
			if err != nil {
				t.Fatal(err)
			}
			if row := fmt.Sprintf("%+v %s", made, made.Options.Sealed); strings.Contains(row, "hush") {
				t.Errorf("the row: %s", row)
			}
			if can {
				got := <-launched
				got.Sealed = nil
				if diff := cmp.Diff(given, got); diff != "" {
					t.Errorf("(-given +launched)\n%s", diff)
				}
				return
			}
			for changed := n.Changed(made.ID); ; changed = n.Changed(made.ID) {
				now, err := n.store.Session(t.Context(), project, made.ID)
				if err != nil {
					t.Fatal(err)
				}
				if now.Status == domain.SessionFailed {
					if now.Error.Code != session.CodeSecrets {
						t.Errorf("it failed with %+v", now.Error)
					}
					return
				}
				<-changed
			}
		})
	}
}

// boxes seals with one key and opens with another.
type boxes struct {
	session.Box
	opens session.Box
}

func (b *boxes) Open(sealed []byte, belongsTo string) ([]byte, error) {
	return b.opens.Open(sealed, belongsTo)
}
