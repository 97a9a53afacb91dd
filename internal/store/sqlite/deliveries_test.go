package sqlite

import (
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// TestPagesOfWhatIsRareWhileMoreCome: one delivery of what is rarer than is looked at for a
// page is on one page, however many come while the list is read.
func TestPagesOfWhatIsRareWhileMoreCome(t *testing.T) {
	s := openTest(t)
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const project, session, other = "proj_a", "browser_a", "browser_b"
	sayOf := func(session string, n int, kind domain.EventType) {
		t.Helper()
		ok(s.ChangeSession(ctx, project, session, func(c *domain.SessionChange) error {
			for range n {
				c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, kind, "", time.Now()))
			}
			return nil
		}))
	}
	say := func(n int, kind domain.EventType) { t.Helper(); sayOf(session, n, kind) }
	ok(s.CreateProject(ctx, domain.Project{ID: project, Name: "a"}, "", nil))
	e := domain.Endpoint{ID: "we_a", ProjectID: project, EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}}, Status: domain.EndpointEnabled}
	ok(s.CreateEndpoint(ctx, e, nil))
	for _, id := range []string{session, other} {
		ok(s.CreateSession(ctx, &domain.NewSession{
			Session: domain.Session{ID: id, ProjectID: project, Status: domain.SessionReady}, Stream: domain.Stream{ID: "str_" + id, ProjectID: project, SessionID: id, Token: id},
		}))
	}
	sayOf(other, 1, domain.EventStepStarted)
	for i, f := range []domain.DeliveryFilter{{EventType: domain.EventStepCompleted}, {EventType: domain.EventStepCompleted, EndpointID: e.ID}} {
		say(1, domain.EventStepCompleted) // the last that is looked at for the first page
		for range 9 {
			say((domain.LooksAtMost-1)/9, domain.EventStepStarted)
		}
		s.Observe(func(write bool, _ time.Duration) {
			if !write {
				say(1, domain.EventStepStarted)
			}
		})
		found := 0
		for more := true; more; more = f.Cursor != "" {
			page, next, err := s.Deliveries(ctx, project, f)
			ok(err)
			found, f.Cursor = found+len(page), next
		}
		s.Observe(func(bool, time.Duration) {})
		if found != i+1 {
			t.Errorf("%d are found, of %d, of %+v", found, i+1, f)
		}
	}
	// Before more that are not of the time than is looked at.
	day := time.Now().Add(-24 * time.Hour)
	ok(s.update(ctx, func(tx *tx) error {
		return tx.exec(writesLog(`UPDATE events SET id = ?, created_at = ? WHERE position = (SELECT MIN(position) FROM events)`),
			domain.IDAt(domain.PrefixEvent, day.Add(-24*time.Hour)), codec.Micros(day.Add(-24*time.Hour)))
	}))
	for _, f := range []domain.DeliveryFilter{{To: day}, {To: day, EndpointID: e.ID}} {
		if page, next, err := s.Deliveries(ctx, project, f); err != nil || len(page) != 1 || next != "" {
			t.Errorf("%+v: %d are found first, and %q, %v", f, len(page), next, err)
		}
	}
	// Among more that were given up than is looked at.
	ok(s.update(ctx, func(tx *tx) error { return tx.exec(writesLog(`UPDATE deliveries SET status = 'FAILED', ended_at = 1`)) }))
	for _, f := range []domain.DeliveryFilter{{SessionID: other}, {SessionID: other, Status: domain.DeliveryFailed}} {
		f.EndpointID = e.ID
		page, next, err := s.Deliveries(ctx, project, f)
		ok(err)
		if len(page) != 1 || next != "" {
			t.Errorf("%+v: %d are found first, and %q", f, len(page), next)
			continue
		}
		f.EventID, f.SessionID = page[0].EventID, ""
		if page, next, err = s.Deliveries(ctx, project, f); err != nil || len(page) != 1 || next != "" {
			t.Errorf("%+v: %d are found first, and %q, %v", f, len(page), next, err)
		}
	}
}
