package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

// Sessions is the session service.
type Sessions interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Sessions(ctx context.Context, project string, f domain.SessionFilter) ([]domain.Session, string, error)
	Create(ctx context.Context, project string, r session.CreateRequest) (domain.Session, []domain.Step, *domain.Endpoint, error)
	Close(ctx context.Context, project, id string) (domain.Session, error)
	WaitClosed(ctx context.Context, project, id string) error
	QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error)
	RotateConnect(ctx context.Context, project, id string, idem *domain.Idempotency) (domain.Session, error)
}

type inlineWebhook struct {
	URL    string   `json:"url" doc:"Where this session's events go."`
	Events []string `json:"events,omitempty" maxItems:"100" doc:"Event types or wildcards, each once; all by default." nullable:"false"`
	Secret string   `json:"secret,omitempty" maxLength:"100" doc:"Signs its deliveries: whsec_ and the base64 of 24 to 64 bytes. A new one by default, which the answer holds."`
}

type newSession struct {
	URL string `json:"url,omitempty" doc:"Opened first, as a goto step: if it fails, onError says what becomes of the steps." maxLength:"65536"`
	BrowserOptions
	TestID      string            `json:"testIdAttribute,omitempty" maxLength:"64" pattern:"^[A-Za-z_][A-Za-z0-9_.-]*$" patternDescription:"an attribute's name" doc:"The attribute that testid= looks at; data-testid by default." example:"data-test"`
	Timeout     string            `json:"timeout,omitempty" doc:"Longest life from READY on, 1s to 24h; 30m by default." example:"30m"`
	IdleTimeout string            `json:"idleTimeout,omitempty" doc:"Longest time without a step or a viewer's input, 1s to 24h, or 0s for none; 5m by default." example:"5m"`
	Record      string            `json:"record,omitempty" maxLength:"20" pattern:"^(off|all|[0-9hms.]+)$" patternDescription:"off, all or a time" doc:"Keeps what the pages look like: off; all of it; or the last so long, 10s to 24h, such as 5m. The default is the server's setting record." example:"all"`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"Yours; it comes with every event."`
	Webhook     *inlineWebhook    `json:"webhook,omitempty" doc:"An endpoint for this session alone."`
	Steps       []step.Spec       `json:"steps,omitempty" doc:"Run as soon as the session is READY." nullable:"false"`
	OnError     string            `json:"onError,omitempty" enum:"stop,continue" doc:"What a failed step, the url too, does to those after it; stop, which cancels them, is the default."`
}

type sessionView struct {
	SessionID    string `json:"sessionId" doc:"The session."`
	Status       string `json:"status" enum:"QUEUED,STARTING,READY,CLOSING,CLOSED,FAILED" doc:"How far it is. A QUEUED one waits for a browser; steps run while it is READY."`
	StreamingURL string `json:"streamingUrl" doc:"The live page; whoever has the link can look."`
	ConnectURL   string `json:"connectUrl,omitempty" doc:"Where Playwright, Puppeteer and other programs use the browser by the DevTools protocol, until the session ends. Whoever has it can do all that the session can; keys that may only read don't see it."`
	URL          string `json:"url,omitempty" doc:"The page that was opened first."`
	BrowserOptions
	TestID      string            `json:"testIdAttribute,omitempty" doc:"The attribute that testid= looks at."`
	Timeout     string            `json:"timeout" doc:"Longest life from READY on."`
	IdleTimeout string            `json:"idleTimeout" doc:"Longest time without a step or a viewer's input; 0s: none."`
	Record      string            `json:"record" doc:"How much of what the pages look like is kept: off, all, or the last so long."`
	Metadata    map[string]string `json:"metadata" doc:"Yours; it comes with every event."`

	QueuePosition int `json:"queuePosition,omitempty" doc:"While it is QUEUED: its place among all that wait, of all projects, which take turns; 1 is next. It is as things are now: others may end, come and wait for their project's limit."`

	CloseReason string          `json:"closeReason,omitempty" enum:"requested,timeout,idle,crashed,node_lost,shutdown" doc:"Why it has ended."`
	Error       *domain.Failure `json:"error,omitempty" doc:"Why it failed, or lost its browser."`
	Usage       usage           `json:"usage" doc:"What the browser has had of the network: all of it when the session has ended, and before that what its server knows."`
	CreatedAt   string          `json:"createdAt" doc:"When it was made."`
	ReadyAt     string          `json:"readyAt,omitempty" doc:"When it got its browser."`
	EndedAt     string          `json:"endedAt,omitempty" doc:"When it ended."`
	Steps       []stepView      `json:"steps,omitempty" doc:"Only in the answer to the call that made them; when that is repeated and they are long by then, the later ones without their results." nullable:"false"`
	Webhook     *endpointView   `json:"webhook,omitempty" doc:"Only in the answer to the call that made it."`
}

type usage struct {
	SentBytes     int64 `json:"sentBytes" doc:"To servers, with what TLS and HTTP add."`
	ReceivedBytes int64 `json:"receivedBytes" doc:"From servers, with what TLS and HTTP add."`
	Refused       int64 `json:"refused" doc:"Connections to where the browser may not go."`
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return domain.FormatTime(t)
}

// viewSession is a session as the caller may see it.
func (s *server) viewSession(ctx context.Context, v domain.Session) sessionView {
	if !seesSecrets(ctx) {
		v.Options.URL = domain.HideUserinfo(v.Options.URL)
		v.Options.Headers = slices.Clone(v.Options.Headers)
		for i := range v.Options.Headers {
			v.Options.Headers[i].Value = domain.Hidden
		}
	}
	connect := ""
	if open := v.Status == domain.SessionQueued || v.Status == domain.SessionStarting || v.Status == domain.SessionReady; open && v.ConnectToken != "" && seesSecrets(ctx) {
		connect = domain.ConnectURL(s.PublicURL(), v.ID, v.ConnectToken)
	}
	metadata := v.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	return sessionView{
		SessionID: v.ID, Status: string(v.Status), StreamingURL: domain.StreamingURL(s.PublicURL(), v.StreamToken), ConnectURL: connect,
		URL: v.Options.URL, BrowserOptions: viewOptions(v.Options), TestID: v.Options.TestID, Timeout: v.Options.Timeout.String(), IdleTimeout: v.Options.IdleTimeout.String(), Record: cmp.Or(v.Options.Record, domain.RecordOff),
		Metadata: metadata, CloseReason: string(v.CloseReason), Error: v.Error, Usage: usage(v.Usage),
		CreatedAt: stamp(v.CreatedAt), ReadyAt: stamp(v.ReadyAt), EndedAt: stamp(v.EndedAt),
	}
}

// viewSessions is viewSession of some, with their places in the queue, which nobody is
// refused an answer for.
func (s *server) viewSessions(ctx context.Context, all ...domain.Session) []sessionView {
	views := make([]sessionView, len(all))
	var waiting []string
	for i, v := range all {
		views[i] = s.viewSession(ctx, v)
		if v.Status == domain.SessionQueued {
			waiting = append(waiting, v.ID)
		}
	}
	if len(waiting) == 0 {
		return views
	}
	places, err := s.Sessions.QueuePositions(ctx, project(ctx), waiting)
	if err != nil {
		s.Log.Debug("read places in the queue", "request", requestID(ctx), "err", err)
	}
	for i := range views {
		views[i].QueuePosition = places[views[i].SessionID]
	}
	return views
}

type createSessionInput struct {
	Creating
	Body newSession
}

type sessionOutput struct {
	Replayed
	Location string `header:"Location"`
	Body     sessionView
}

func (s *server) sessionRoutes() {
	operation(s, http.MethodPost, "/sessions", "create-session", "Create a session", 201, s.createSession)
	operation(s, http.MethodGet, "/sessions", "list-sessions", "List sessions, newest first", 200,
		func(ctx context.Context, in *struct {
			Paging
			Status   string    `query:"status" enum:"QUEUED,STARTING,READY,CLOSING,CLOSED,FAILED" doc:"Only those that are so."`
			Life     string    `query:"life" enum:"open,ended" doc:"open: only those that have not ended; ended: only those that have."`
			Metadata string    `query:"metadata" maxLength:"600" example:"order=16" doc:"Only those with this in their metadata: name=value."`
			From     time.Time `query:"from" doc:"Created at or after."`
			To       time.Time `query:"to" doc:"Created before."`
		}) (*pageOutput[sessionView], error) {
			f := domain.SessionFilter{Status: domain.SessionStatus(in.Status), From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit}
			if in.Life != "" {
				f.Open = new(in.Life == "open")
			}
			if in.Metadata != "" {
				var ok bool
				if f.Name, f.Value, ok = strings.Cut(in.Metadata, "="); !ok || f.Name == "" {
					return nil, domain.Invalid("metadata", "must be name=value")
				}
			}
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			rows, next, err := s.Sessions.Sessions(ctx, project(ctx), f)
			if err != nil {
				return nil, err
			}
			return pageOf(s.viewSessions(ctx, rows...), next, func(v sessionView) sessionView { return v }), nil
		})
	operation(s, http.MethodGet, "/sessions/{sessionId}", "get-session", "Read a session", 200,
		func(ctx context.Context, in *SessionPath) (*sessionOutput, error) {
			v, err := s.Sessions.Session(ctx, project(ctx), in.SessionID)
			if err != nil {
				return nil, err
			}
			return &sessionOutput{Body: s.viewSessions(ctx, v)[0]}, nil
		})
	operation(s, http.MethodDelete, "/sessions/{sessionId}", "close-session", "Close a session", 200,
		func(ctx context.Context, in *SessionPath) (*sessionOutput, error) {
			v, err := s.Sessions.Close(ctx, project(ctx), in.SessionID)
			if err != nil {
				return nil, err
			}
			return &sessionOutput{Body: s.viewSession(ctx, v)}, nil
		})
	operation(s, http.MethodPost, "/sessions/{sessionId}/rotate-connect-url", "rotate-connect-url", "Give a session another connectUrl", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			Creating
		}) (*sessionOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1/sessions/"+in.SessionID+"/rotate-connect-url")
			if err != nil {
				return nil, err
			}
			v, err := s.Sessions.RotateConnect(ctx, project(ctx), in.SessionID, idem)
			if err != nil {
				return nil, err
			}
			return &sessionOutput{Replayed: replayed(idem), Body: s.viewSessions(ctx, v)[0]}, nil
		})
	operation(s, http.MethodDelete, "/sessions/{sessionId}/data", "forget-session", "Forget an ended session", 204,
		func(ctx context.Context, in *SessionPath) (*empty, error) {
			held, release := s.Access.WithKey(ctx, caller(ctx).ID)
			defer release()
			waiting, end := s.waiting(held, closedWithin)
			defer end()
			if err := s.Sessions.WaitClosed(waiting, project(ctx), in.SessionID); err != nil {
				return nil, err
			}
			if errors.Is(context.Cause(held), domain.ErrKeyRevoked) {
				return nil, domain.ErrKeyRevoked
			}
			return nil, s.Forget(ctx, project(ctx), in.SessionID)
		})
	s.streamRoutes()
	s.artifactRoutes()
	s.logRoutes()
	s.recordingRoutes()
}

// closedWithin is how long who forgets a session waits for its end, once it is being closed.
const closedWithin = 30 * time.Second

func (s *server) createSession(ctx context.Context, in *createSessionInput) (*sessionOutput, error) {
	idem, err := in.idempotency(ctx, "POST /v1/sessions")
	if err != nil {
		return nil, err
	}
	opt, err := in.Body.options()
	if err != nil {
		return nil, err
	}
	req := session.CreateRequest{
		Options: opt, Metadata: in.Body.Metadata, Steps: in.Body.Steps, OnError: domain.OnError(in.Body.OnError), Idempotency: idem,
	}
	if w := in.Body.Webhook; w != nil {
		req.Webhook = &session.InlineWebhook{EndpointSettings: domain.EndpointSettings{URL: w.URL, Events: w.Events}, Secret: w.Secret}
	}
	v, steps, endpoint, err := s.Sessions.Create(ctx, project(ctx), req)
	if err == nil && idem != nil && idem.Replayed {
		steps, err = s.firstSteps(ctx, v, len(in.Body.Steps))
	}
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{replayed(idem), s.location("/sessions/" + v.ID), s.viewSessions(ctx, v)[0]}
	for _, st := range steps {
		out.Body.Steps = append(out.Body.Steps, viewStep(ctx, st))
	}
	if endpoint != nil {
		view := viewEndpoint(*endpoint, true)
		out.Body.Webhook = &view
	}
	return out, nil
}

// firstSteps are the n of the request that made the session, as they are by now.
// Its address, if it had one, is a step before them. When they are more than a
// page, those after it come without their results: an answer is bounded.
func (s *server) firstSteps(ctx context.Context, v domain.Session, n int) (all []domain.Step, err error) {
	if n == 0 {
		return nil, nil
	}
	if err := s.takeSlot(ctx); err != nil {
		return nil, err
	}
	last := -1
	if v.Options.URL != "" {
		last = 0
	}
	for len(all) < n {
		page, err := s.Steps.Steps(ctx, project(ctx), v.ID, last, n-len(all))
		if err != nil || len(page) == 0 {
			return all, err
		}
		last = page[len(page)-1].Index
		if len(all) > 0 {
			for i := range page {
				page[i].Result = nil
			}
		}
		all = append(all, page...)
	}
	return all, nil
}
