package storetest

import (
	"reflect"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// property is one thing of each kind, of one project.
type property struct {
	session  domain.Session
	step     domain.Step
	artifact domain.Artifact
	stream   domain.Stream
	viewer   domain.Viewer
	endpoint domain.Endpoint
	event    domain.Event
	delivery domain.Delivery
	key      domain.APIKey
}

// trespass is a call by a project that names what is another's.
type trespass struct {
	method string
	call   func(w *world, intruder string, p property) (found any, err error)
}

func listed[T any](all []T, _ string, err error) (any, error) { return all, err }

var trespasses = []trespass{
	{"ChangeSession", func(w *world, in string, p property) (any, error) {
		return nil, w.store.ChangeSession(w.ctx, in, p.session.ID, func(c *domain.SessionChange) error {
			w.Error("another project's session was handed out")
			return nil
		})
	}},
	{"Session", func(w *world, in string, p property) (any, error) { return w.store.Session(w.ctx, in, p.session.ID) }},
	{"Sessions", func(w *world, in string, _ property) (any, error) {
		return listed(w.store.Sessions(w.ctx, in, domain.SessionFilter{}))
	}},
	{"Step", func(w *world, in string, p property) (any, error) {
		return w.store.Step(w.ctx, in, p.session.ID, p.step.ID)
	}},
	{"Steps", func(w *world, in string, p property) (any, error) {
		return w.store.Steps(w.ctx, in, p.session.ID, -1, 10)
	}},
	{"LastSteps", func(w *world, in string, p property) (any, error) {
		return w.store.LastSteps(w.ctx, in, p.session.ID, domain.StepsEnd, 10)
	}},
	{"StepsByID", func(w *world, in string, p property) (any, error) {
		return w.store.StepsByID(w.ctx, in, p.session.ID, []string{p.step.ID})
	}},
	{"Artifacts", func(w *world, in string, p property) (any, error) { return w.store.Artifacts(w.ctx, in, p.session.ID) }},
	{"Artifact", func(w *world, in string, p property) (any, error) {
		return w.store.Artifact(w.ctx, in, p.session.ID, p.artifact.ID)
	}},
	{"CreateStream", func(w *world, in string, p property) (any, error) {
		st := p.stream
		st.ID, st.ProjectID, st.Token = domain.NewID(domain.PrefixStream), in, domain.NewToken()
		return nil, w.store.CreateStream(w.ctx, st, nil)
	}},
	{"Stream", func(w *world, in string, p property) (any, error) {
		return w.store.Stream(w.ctx, in, p.session.ID, p.stream.ID)
	}},
	{"Streams", func(w *world, in string, p property) (any, error) { return w.store.Streams(w.ctx, in, p.session.ID) }},
	{"AddViewer", func(w *world, in string, p property) (any, error) {
		return nil, w.store.AddViewer(w.ctx, domain.Viewer{ID: domain.NewID(domain.PrefixViewer), ProjectID: in, SessionID: p.session.ID, StreamID: p.stream.ID}, "a")
	}},
	{"ViewerLeft", func(w *world, in string, p property) (any, error) {
		v := p.viewer
		v.ProjectID, v.LeftAt = in, start.Add(time.Hour)
		return nil, w.store.ViewerLeft(w.ctx, v)
	}},
	{"Viewers", func(w *world, in string, p property) (any, error) {
		return w.store.Viewers(w.ctx, in, p.session.ID, "", 10)
	}},
	{"SetConnectToken", func(w *world, in string, p property) (any, error) {
		return nil, w.store.SetConnectToken(w.ctx, in, p.session.ID, domain.NewToken(), nil)
	}},
	{"RevokeStream", func(w *world, in string, p property) (any, error) {
		return nil, w.store.RevokeStream(w.ctx, in, p.session.ID, p.stream.ID, start)
	}},
	{"QueuePositions", func(w *world, in string, p property) (any, error) {
		return w.store.QueuePositions(w.ctx, in, []string{p.session.ID})
	}},
	{"Endpoint", func(w *world, in string, p property) (any, error) { return w.store.Endpoint(w.ctx, in, p.endpoint.ID) }},
	{"Endpoints", func(w *world, in string, _ property) (any, error) {
		return listed(w.store.Endpoints(w.ctx, in, domain.EndpointFilter{}))
	}},
	{"ChangeEndpoint", func(w *world, in string, p property) (any, error) {
		return nil, w.store.ChangeEndpoint(w.ctx, in, p.endpoint.ID, func(c *domain.EndpointChange) error {
			w.Error("another project's endpoint was handed out")
			return nil
		})
	}},
	{"DeleteEndpoint", func(w *world, in string, p property) (any, error) {
		return nil, w.store.DeleteEndpoint(w.ctx, in, p.endpoint.ID, start)
	}},
	{"SendTest", func(w *world, in string, p property) (any, error) {
		id, err := w.store.SendTest(w.ctx, in, p.endpoint.ID, domain.Draft{
			ProjectID: in, At: start, Data: domain.EventData{EventType: domain.EventWebhookTest},
		}, nil)
		return id, err
	}},
	{"EndpointStats", func(w *world, in string, p property) (any, error) {
		return w.store.EndpointStats(w.ctx, in, []string{p.endpoint.ID}, time.Time{})
	}},
	{"BacklogsOf", func(w *world, in string, p property) (any, error) {
		return w.store.BacklogsOf(w.ctx, in, []string{p.endpoint.ID})
	}},
	{"AddStats", func(w *world, in string, p property) (any, error) {
		span := domain.EndpointSpan{Endpoint: domain.EndpointRef{ProjectID: in, ID: p.endpoint.ID}}
		span.From, span.Succeeded = start, 1
		return nil, w.store.AddStats(w.ctx, []domain.EndpointSpan{span})
	}},
	{"Deliveries", func(w *world, in string, _ property) (any, error) {
		return listed(w.store.Deliveries(w.ctx, in, domain.DeliveryFilter{}))
	}},
	{"LastEvents", func(w *world, in string, p property) (any, error) {
		return w.store.LastEvents(w.ctx, in, p.session.ID, 0, 10)
	}},
	{"Sessions by metadata", func(w *world, in string, _ property) (any, error) {
		return listed(w.store.Sessions(w.ctx, in, domain.SessionFilter{Name: "order", Value: "17"}))
	}},
	{"Deliveries of an endpoint", func(w *world, in string, p property) (any, error) {
		return listed(w.store.Deliveries(w.ctx, in, domain.DeliveryFilter{EndpointID: p.endpoint.ID, SessionID: p.session.ID}))
	}},
	{"Delivery", func(w *world, in string, p property) (any, error) { return w.store.Delivery(w.ctx, in, p.delivery.ID) }},
	{"AttemptsPage", func(w *world, in string, p property) (any, error) {
		return w.store.AttemptsPage(w.ctx, in, p.delivery.ID, 0, 10)
	}},
	{"ArtifactsPage", func(w *world, in string, p property) (any, error) {
		return w.store.ArtifactsPage(w.ctx, in, p.session.ID, "", 10)
	}},
	{"Attempts", func(w *world, in string, p property) (any, error) { return w.store.Attempts(w.ctx, in, p.delivery.ID) }},
	{"RetryDelivery", func(w *world, in string, p property) (any, error) {
		return w.store.RetryDelivery(w.ctx, in, p.delivery.ID, start, nil)
	}},
	{"Events", func(w *world, in string, _ property) (any, error) {
		page, err := w.store.Events(w.ctx, in, domain.EventQuery{})
		return page.Events, err
	}},
	{"Events of a session", func(w *world, in string, p property) (any, error) {
		page, err := w.store.Events(w.ctx, in, domain.EventQuery{SessionID: p.session.ID})
		return page.Events, err
	}},
	{"Event", func(w *world, in string, p property) (any, error) { return w.store.Event(w.ctx, in, p.event.ID) }},
	{"Events after the owner's", func(w *world, in string, p property) (any, error) {
		page, err := w.store.Events(w.ctx, in, domain.EventQuery{After: p.event.ID})
		return page.Events, err
	}},
}

// mustFail are the calls that can't answer with nothing found: they must say
// that there is no such thing.
var mustFail = map[string]bool{
	"AddViewer": true, "ChangeSession": true, "Session": true, "Step": true, "StepsByID": true, "Artifact": true, "CreateStream": true,
	"Stream": true, "RevokeStream": true, "SetConnectToken": true, "Endpoint": true, "ChangeEndpoint": true, "DeleteEndpoint": true,
	"SendTest": true, "Backlog": true, "Delivery": true, "RetryDelivery": true, "Event": true,
}

var isolationTests = []test{
	{"every call with another project's ids", func(w *world) {
		p := w.newProperty()
		before := w.snapshot(p)
		intruder := w.newProject("intruder")
		for _, tr := range trespasses {
			found, err := tr.call(w, intruder, p)
			if mustFail[tr.method] {
				w.missing(tr.method, err)
				continue
			}
			w.ok(err)
			if v := reflect.ValueOf(found); v.IsValid() && v.Len() != 0 {
				w.Errorf("%s finds %v", tr.method, found)
			}
		}
		_, err := w.store.Events(w.ctx, intruder, domain.EventQuery{After: w.end()})
		w.refused("another project's cursor", err, domain.CodeInvalid)
		w.equal("the owner's things", w.snapshot(p), before)
	}},
	{"events go to their project's endpoints only", func(w *world) {
		s := w.newSession(0)
		home := w.project
		w.project = w.newProject("other")
		theirs := w.newEndpoint("*")
		w.say(s, domain.EventBrowserReady)
		w.equal("theirs", w.claim(theirs.ID, start.Add(time.Hour), 1).Jobs, []domain.Job(nil))
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), 0)
		w.project = home
		w.equal("deliveries at home", len(w.deliveries(domain.DeliveryFilter{})), 0)
	}},
}

func (w *world) newProperty() property {
	w.Helper()
	w.newEndpoint("browser_closed") // so that lists have something to show
	p := property{session: w.newSession(1), endpoint: w.newEndpoint("*")}
	p.artifact = domain.Artifact{ID: domain.NewID(domain.PrefixArtifact), ProjectID: w.project, SessionID: p.session.ID, CreatedAt: start}
	w.ok(w.store.ChangeSession(w.ctx, w.project, p.session.ID, func(c *domain.SessionChange) error {
		p.step = *c.Open[0]
		c.Artifacts = append(c.Artifacts, p.artifact)
		return draftEvents(start, domain.EventBrowserReady)(c)
	}))
	p.event = w.events(domain.EventQuery{})[0]
	p.delivery = w.claim(p.endpoint.ID, start, 1).Jobs[0].Delivery
	w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(p.delivery, domain.DeliveryFailed, start)}, nil))
	streams, err := w.store.Streams(w.ctx, w.project, p.session.ID)
	w.ok(err)
	p.stream = streams[0]
	p.viewer = domain.Viewer{ID: domain.NewID(domain.PrefixViewer), ProjectID: w.project, SessionID: p.session.ID, StreamID: p.stream.ID, Mode: domain.StreamView, JoinedAt: start}
	w.ok(w.store.AddViewer(w.ctx, p.viewer, ""))
	w.ok(w.store.AddStats(w.ctx, []domain.EndpointSpan{w.span(p.endpoint, 0, domain.DeliveryDelivered)}))
	p.key = domain.APIKey{ID: domain.NewID(domain.PrefixKey), ProjectID: w.project, Prefix: "bh_abcdefgh", Hash: []byte{1}, CreatedAt: start}
	w.ok(w.store.CreateKey(w.ctx, p.key, "", nil))
	return p
}

// snapshot is all that an intruder could have changed.
func (w *world) snapshot(p property) []any {
	w.Helper()
	var all []any
	add := func(v any, err error) {
		w.Helper()
		w.ok(err)
		if reflect.ValueOf(v).IsZero() {
			w.Errorf("a snapshot holds no %T", v)
		}
		all = append(all, v)
	}
	add(w.store.Session(w.ctx, w.project, p.session.ID))
	add(w.store.Steps(w.ctx, w.project, p.session.ID, -1, 10))
	add(w.store.Artifacts(w.ctx, w.project, p.session.ID))
	add(w.store.Streams(w.ctx, w.project, p.session.ID))
	add(w.store.Viewers(w.ctx, w.project, p.session.ID, "", 10))
	add(listed(w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{})))
	add(listed(w.store.Deliveries(w.ctx, w.project, domain.DeliveryFilter{})))
	add(w.store.Attempts(w.ctx, w.project, p.delivery.ID))
	add(w.store.EndpointStats(w.ctx, w.project, []string{p.endpoint.ID}, time.Time{}))
	add(w.events(domain.EventQuery{}), nil)
	add(w.store.Key(w.ctx, p.key.ID))
	return all
}
