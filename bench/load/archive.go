package load

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Archive is what a server that has run for long has kept.
type Archive struct {
	Sessions, Deliveries int
}

// Archived names some of what is in an archive.
type Archived struct {
	Long     string // a session of many steps, with long results
	Endpoint string // that everything went to
	Quiet    string // an endpoint that got nothing
	Delivery string
}

const (
	archiveSteps     = 1000
	archiveEndpoints = 20
	claimAtOnce      = 1000
	failedOf         = 500 // deliveries one was given up
	retriedOf        = 5000
)

// Fill puts it into an empty database, with a project of the first key's. All sessions
// have ended, and all deliveries but some that wait to be tried again; the endpoint is
// paused, so that a server tries none.
func (a Archive) Fill(ctx context.Context, s Store) (made Archived, err error) {
	urls := make([]string, archiveEndpoints)
	for i := range urls {
		urls[i] = fmt.Sprintf("http://127.0.0.1:9/hooks/%d", i)
	}
	if err := Prepare(ctx, s, urls[:1]); err != nil {
		return made, err
	}
	project, err := s.ProjectByName(ctx, projectName)
	if err != nil {
		return made, err
	}
	busy, _, err := s.Endpoints(ctx, project.ID, domain.EndpointFilter{})
	if err != nil {
		return made, err
	}
	made.Endpoint = busy[0].ID
	if err := fillLog(ctx, s, project.ID, a, &made); err != nil {
		return made, err
	}
	if made.Delivery, err = settle(ctx, s, made.Endpoint, a.Deliveries); err != nil {
		return made, err
	}
	service := webhook.NewService(s, newClient().Guard)
	for _, url := range urls[1:] {
		e, err := service.Create(ctx, project.ID, webhook.Making{EndpointSettings: domain.EndpointSettings{URL: url, Events: domain.Subscription{"browser_failed"}}}, nil)
		if err != nil {
			return made, err
		}
		made.Quiet = e.ID
	}
	return made, s.ChangeEndpoint(ctx, project.ID, made.Endpoint, func(c *domain.EndpointChange) error {
		c.Endpoint.Status = domain.EndpointPaused
		return nil
	})
}

// fillLog makes the sessions, and the events, each of which is a delivery.
func fillLog(ctx context.Context, s Store, project string, a Archive, made *Archived) error {
	left := a.Deliveries
	const workers = 16
	all := make([]*session, a.Sessions)
	for i := range all {
		one := newSession(project)
		one.Metadata = map[string]string{"order": fmt.Sprint(i), "env": "production"}
		one.ReadyAt = one.CreatedAt
		all[i] = one
	}
	made.Long = all[len(all)-1].ID
	each := left/len(all) + 1
	return Loop(ctx, workers, len(all), 0, func(i int, due time.Time) error {
		one := all[i]
		if err := s.CreateSession(ctx, one.made()); err != nil {
			return err
		}
		first := min(each, max(0, left-i*each))
		if one.ID == made.Long {
			if err := s.ChangeSession(ctx, project, one.ID, longSteps); err != nil {
				return err
			}
		}
		draft := one.draft(due)
		return s.ChangeSession(ctx, project, one.ID, func(c *domain.SessionChange) error {
			for range first {
				c.Drafts = append(c.Drafts, draft)
			}
			c.Session.Status, c.Session.CloseReason, c.Session.EndedAt = domain.SessionClosed, domain.ClosedRequested, time.Now()
			return nil
		})
	})
}

// longSteps adds steps that have completed, each with a result of some kilobytes.
func longSteps(c *domain.SessionChange) error {
	result, err := json.Marshal(map[string]string{"text": strings.Repeat("many small letters ", 200)})
	if err != nil {
		return err
	}
	for i := range archiveSteps {
		at := c.Session.ReadyAt.Add(time.Duration(i) * time.Second)
		c.NewSteps = append(c.NewSteps, &domain.Step{
			ID: domain.NewID(domain.PrefixStep), ProjectID: c.Session.ProjectID, SessionID: c.Session.ID, Index: c.Session.StepCount, Action: "extract",
			Params: json.RawMessage(fmt.Sprintf(`{"action":"extract","target":"css=#row-%d .price"}`, i)), Status: domain.StepCompleted, Result: result,
			CreatedAt: at, StartedAt: at, FinishedAt: at.Add(300 * time.Millisecond),
		})
		c.Session.StepCount++
	}
	return nil
}

// settle has what waits for the endpoint delivered, but for one of failedOf that is given
// up, and one of retriedOf that waits for its next try. It names one of them.
func settle(ctx context.Context, s Store, endpoint string, n int) (id string, err error) {
	for done := 0; done < n; {
		now := time.Now()
		claim, err := s.Claim(ctx, endpoint, now, domain.Capacity{Deliveries: claimAtOnce, Bytes: math.MaxInt})
		if err != nil {
			return "", err
		}
		if len(claim.Jobs) == 0 {
			return id, nil
		}
		outcomes := make([]domain.Outcome, len(claim.Jobs))
		for i := range claim.Jobs {
			d := claim.Jobs[i].Delivery
			done++
			answer := http.StatusNoContent
			d.Status, d.Attempts, d.Tries, d.EndedAt = domain.DeliveryDelivered, 1, 1, now
			switch {
			case done%failedOf == 0:
				answer = http.StatusInternalServerError
				d.Status, d.Reason = domain.DeliveryFailed, domain.ReasonExhausted
			case done%retriedOf == 1:
				answer = http.StatusInternalServerError
				d.Status, d.EndedAt, d.NextAt = domain.DeliveryPending, time.Time{}, now.Add(24*time.Hour)
			}
			id = d.ID
			outcomes[i] = domain.Outcome{Delivery: d, Attempt: domain.Attempt{
				ID: domain.NewID(domain.PrefixAttempt), ProjectID: d.ProjectID, DeliveryID: d.ID, Number: 1, StartedAt: now, StatusCode: answer,
			}}
		}
		if err := s.Finish(ctx, outcomes, nil); err != nil {
			return "", err
		}
	}
	return id, nil
}
