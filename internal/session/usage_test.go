package session_test

import (
	"context"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestWhatABrowserUsed is in its session's row while it goes on, for servers that can't ask
// its keeper.
func TestWhatABrowserUsed(t *testing.T) {
	n := start(t, overSQLite(t), func(context.Context, *browser.Page, *step.Spec, step.Save) ([]byte, *domain.Failure) {
		return []byte("1"), nil
	}, nil)
	project := n.newProject(t)
	id, steps := n.open(t, project, step.Spec{Action: "reload"})
	n.ended(t, project, id, steps...)
	row, err := n.store.Session(t.Context(), project, id)
	if err != nil || row.Status != domain.SessionReady || row.Usage.SentBytes != 7 {
		t.Errorf("%s, %+v, %v", row.Status, row.Usage, err)
	}
}
