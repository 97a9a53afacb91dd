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
	"github.com/browserhook/browserhook/internal/step"
)

// TestSecretsReachTheBrowserAlone, and a server that can't read them says so.
func TestSecretsReachTheBrowserAlone(t *testing.T) {
	open := overSQLite(t)
	given := domain.SessionOptions{
		Viewport: browser.Viewport, Timeout: time.Hour,
		Headers:     []domain.Header{{Name: "X-Tenant", Value: "acme"}, {Name: "X-Token", Value: "hush-1", Secret: true}},
		Credentials: &domain.HTTPCredentials{Username: "hush-2", Password: "hush-3", Origin: "https://a.test"},
		Proxy:       "http://hush-5:hush-6@proxy.example:3128",
	}
	for name, can := range map[string]bool{"read": true, "unreadable": false} {
		t.Run(name, func(t *testing.T) {
			launched := make(chan domain.SessionOptions, 1)
			typed := make(chan string, 1)
			run := func(_ context.Context, _ *browser.Page, spec *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
				typed <- *spec.Value
				return nil, nil
			}
			n := start(t, open, run, nil, func(c *session.Config) {
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
			value := "hush-4"
			made, steps, _, err := n.Create(t.Context(), project, session.CreateRequest{
				Options: given, OnError: domain.OnErrorStop,
				Steps: []step.Spec{{Action: "type", Value: &value, Secret: true}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if row := fmt.Sprintf("%+v %s", made, made.Options.Sealed); strings.Contains(row, "hush") {
				t.Errorf("the row: %s", row)
			}
			stored, err := n.store.Step(t.Context(), project, made.ID, steps[0].ID)
			if err != nil || strings.Contains(string(stored.Params), "hush") {
				t.Errorf("the step's row: %s, %v", stored.Params, err)
			}
			if can {
				if got := <-typed; got != "hush-4" {
					t.Errorf("%q was typed", got)
				}
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
