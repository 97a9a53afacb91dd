package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/browserhook/browserhook/internal/domain"
)

// Created is told of a session that was made.
func (t *Telemetry) Created() { t.sessionsCreated.Add(context.Background(), 1) }

// Change is told of a change of a session: decide is fn, and done is to be called when
// it is committed.
func (t *Telemetry) Change(fn func(*domain.SessionChange) error) (decide func(*domain.SessionChange) error, done func()) {
	var c *domain.SessionChange
	var before domain.Session
	decide = func(change *domain.SessionChange) error {
		before = *change.Session
		c = change // the last time counts
		return fn(change)
	}
	return decide, func() { t.changed(&before, c) }
}

func (t *Telemetry) changed(before *domain.Session, c *domain.SessionChange) {
	ctx := context.Background()
	s := c.Session
	t.used(ctx, before.Usage, s.Usage)
	for _, st := range c.Open {
		if st.Status.Ended() {
			t.stepEnded(ctx, s, st)
		}
	}
	if before.Status != domain.SessionReady && s.Status == domain.SessionReady {
		t.readyTime.Record(ctx, s.ReadyAt.Sub(s.CreatedAt).Seconds(), t.browser(s))
		t.Span(domain.Span{
			Under: s.Trace.Of(s.ID), Name: "session start", Start: s.CreatedAt, End: s.ReadyAt,
			Attributes: []domain.Attribute{{Key: "browserhook.session.id", Value: s.ID}},
		})
	}
	if !before.Status.Ended() && s.Status.Ended() {
		t.sessionEnded(ctx, s)
	}
}

func (t *Telemetry) sessionEnded(ctx context.Context, s *domain.Session) {
	reason, code := string(s.CloseReason), ""
	if s.Status == domain.SessionFailed {
		reason = "failed"
	}
	if s.Error != nil {
		code = s.Error.Code
	}
	t.sessionsEnded.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", reason))))
	t.Span(domain.Span{
		Under: s.Trace, ID: s.ID, Name: "session", Start: s.CreatedAt, End: s.EndedAt, Error: code,
		Attributes: []domain.Attribute{
			{Key: "browserhook.project.id", Value: s.ProjectID}, {Key: "browserhook.session.id", Value: s.ID},
			{Key: "browserhook.session.status", Value: string(s.Status)}, {Key: "browserhook.session.reason", Value: reason},
			{Key: "browserhook.session.browser", Value: s.Options.Browser}, {Key: "browserhook.session.steps", Value: int64(s.StepCount)},
		},
	})
}

func (t *Telemetry) stepEnded(ctx context.Context, s *domain.Session, st *domain.Step) {
	action := attribute.String("action", st.Action)
	t.steps.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(action, attribute.String("outcome", outcomes[st.Status]))))
	if st.StartedAt.IsZero() {
		return // it was canceled before
	}
	t.stepTime.Record(ctx, st.Duration().Seconds(), metric.WithAttributeSet(attribute.NewSet(action)))
	code := ""
	if st.Error != nil {
		code = st.Error.Code
	}
	t.Span(domain.Span{
		Under: st.Trace, ID: st.ID, Name: "step " + st.Action, Start: st.StartedAt, End: st.FinishedAt, Error: code,
		Attributes: []domain.Attribute{
			{Key: "browserhook.project.id", Value: s.ProjectID}, {Key: "browserhook.session.id", Value: s.ID},
			{Key: "browserhook.step.id", Value: st.ID}, {Key: "browserhook.step.index", Value: int64(st.Index)},
			{Key: "browserhook.step.action", Value: st.Action}, {Key: "browserhook.step.status", Value: string(st.Status)},
			{Key: "browserhook.step.tries", Value: int64(len(st.Tries) + 1)},
		},
	})
}

// outcomes are the states of steps that have ended, as a label.
var outcomes = map[domain.StepStatus]string{
	domain.StepCompleted: "completed", domain.StepFailed: "failed", domain.StepCanceled: "canceled", domain.StepInterrupted: "interrupted",
}

// used counts what a browser has had of the network since it was recorded last.
func (t *Telemetry) used(ctx context.Context, before, now domain.Usage) {
	if now == before {
		return
	}
	t.proxyBytes.Add(ctx, max(0, now.SentBytes-before.SentBytes), sent)
	t.proxyBytes.Add(ctx, max(0, now.ReceivedBytes-before.ReceivedBytes), received)
	t.proxyRefusals.Add(ctx, max(0, now.Refused-before.Refused))
}

var (
	sent     = metric.WithAttributeSet(attribute.NewSet(attribute.String("direction", "sent")))
	received = metric.WithAttributeSet(attribute.NewSet(attribute.String("direction", "received")))
)

// browser is a label: which program a session has.
func (t *Telemetry) browser(s *domain.Session) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("browser", s.Options.Browser)))
}

// Started is told of a browser that was to be started for a session.
func (t *Telemetry) Started(took time.Duration, err error) {
	t.startTime.Record(context.Background(), took.Seconds(), how(err))
}

var (
	went   = metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "ok")))
	failed = metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "error")))
)

func how(err error) metric.MeasurementOption {
	if err != nil {
		return failed
	}
	return went
}
