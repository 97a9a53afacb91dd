package live

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// slowSessions take a while to save what is done by hand.
type slowSessions struct {
	Sessions

	saved  []string
	during func() // the first of them
}

func (s *slowSessions) SaveManualActions(_ context.Context, _, _, _ string, actions []byte) error {
	if s.saved = append(s.saved, string(actions)); len(s.saved) == 1 {
		s.during()
	}
	return nil
}

// TestWhatIsDoneWhileItIsSaved is saved a second later, as all is, though nothing follows it.
func TestWhatIsDoneWhileItIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sessions := &slowSessions{}
		d := &takeover{
			handler: &Handler{sessions: sessions, log: slog.New(slog.DiscardHandler), stopping: make(chan struct{})},
			ended:   make(chan struct{}), more: make(chan struct{}),
		}
		did := func(keys ...string) {
			var all step.ManualActions
			for _, key := range keys {
				all.Steps = append(all.Steps, step.Spec{Action: "press", Key: key})
			}
			d.update(all)
		}
		sessions.during = func() { did("F9", "F8") }
		more := d.more
		did("F9") // before it is looked at for the first time
		d.saving.Go(func() { d.saveLoop(more) })
		time.Sleep(saveEvery)
		synctest.Wait()
		time.Sleep(saveEvery)
		synctest.Wait()
		if len(sessions.saved) != 2 || !strings.Contains(sessions.saved[1], "F8") {
			t.Errorf("saved were %q", sessions.saved)
		}
		close(d.ended)
		d.saving.Wait()
	})
}
