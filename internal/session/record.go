package session

import (
	"context"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/step"
)

// stage is a session's browser as its recorder sees it.
type stage struct {
	tabs    *browser.Tabs
	secrets *domain.Secrets
	page    *browser.Page // that is watched; only the recorder uses it
}

func (s *stage) Watch() (recording.Pictures, <-chan struct{}) {
	moved := s.tabs.Changed()
	if s.page = s.tabs.Current(); s.page == nil {
		return nil, moved
	}
	return s.page.Watch(recording.Fit), moved
}

func (s *stage) Moved() (other bool, again <-chan struct{}) {
	again = s.tabs.Changed()
	return s.tabs.Current() != s.page, again
}

func (s *stage) Secrets() (bool, time.Time) { return s.secrets.Used() }

// showsWithin is how long a page may take to say whether it shows a secret.
const showsWithin = time.Second

func (s *stage) Shows(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, showsWithin)
	defer cancel()
	return step.ShowsSecrets(ctx, s.page)
}

// record begins to record the session if it is to be. stop ends that, and returns when
// nothing more is written.
func (a *actor) record(b Browser) (stop func()) {
	s := a.service
	on, last, err := domain.ParseRecord(a.opt.Record)
	page := b.Page()
	if !on || err != nil || s.Recordings == nil || page == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.wg.Go(func() {
		defer close(done)
		cfg := recording.Config{
			Session: domain.SessionRef{ProjectID: a.ref.project, ID: a.ref.id}, Folder: s.Recordings, Stage: &stage{tabs: page.Tabs(), secrets: page.Secrets},
			Last: last, Most: s.MaxRecording, Full: s.Full, Log: s.Log,
			Done: func(domain.Artifact) {},
		}
		if last == 0 {
			// A server before may have left some: they are counted, and kept beside what is
			// recorded now.
			left, err := s.Recordings.Segments(cfg.Session)
			if err == nil {
				cfg.Before, err = s.segments.bytes(ctx, cfg.Session, left)
			}
			if err != nil && ctx.Err() == nil {
				s.Log.Error("read a recording", "session", cfg.Session.ID, "err", err)
			}
			whole := make(chan domain.Artifact, 64)
			cfg.Done = func(art domain.Artifact) {
				select {
				case whole <- art:
				default: // it is kept with the end
				}
			}
			keeping := make(chan struct{})
			s.wg.Go(func() {
				defer close(keeping)
				s.segments.keepAll(ctx, left)
				for art := range whole {
					if ctx.Err() == nil {
						s.segments.keep(ctx, art)
					}
				}
			})
			defer func() {
				close(whole)
				<-keeping
			}()
		}
		recording.Run(ctx, cfg)
	})
	return func() {
		cancel()
		<-done
	}
}
