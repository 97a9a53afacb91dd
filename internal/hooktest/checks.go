package hooktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/domain"
)

// check is a few requests and what a receiver should answer to each: 2xx, or
// 4xx if it is to refuse them.
type check struct {
	name   string
	must   bool
	refuse bool
	make   func(*tester) ([]request, error)
	advice string // for one that does the opposite
}

// request is one webhook of a check.
type request struct {
	label  string // which of several it is; "" or it ends in ": "
	header http.Header
	body   []byte
}

const forged = "Anybody who knows the address can send it events. "

// checks begins with the one that the others rest on.
var checks = []check{
	{
		name: "valid event", must: true, make: single(ready),
		advice: "It refuses what a server sends: is the secret that of this receiver, and the body verified as it came, not decoded and encoded again?",
	},
	{
		name: "rotated secret", must: true, make: changed(func(r *request) {
			// A secret that this receiver doesn't have yet signs first.
			r.header.Set(webhook.HeaderSignature, wrongSignature+" v1a,"+wrongSignature[3:]+" "+r.header.Get(webhook.HeaderSignature))
		}),
		advice: "While secrets are rotated there are several signatures, separated by spaces: accept the event when any of them matches.",
	},
	{
		name: "duplicate", make: duplicate,
		advice: "An event can come twice, with the same webhook-id: answer 2xx to one that you have already, or it is sent again and again.",
	},
	{
		name: "out of order", make: reordered,
		advice: "Events can overtake each other: take them in any order and sort by sequence, or make the endpoint with \"ordered\": true.",
	},
	{
		name: "unknown event type", make: single(unknownType),
		advice: "New types may come: answer 2xx to one that you don't know, and pass over it.",
	},
	{
		name: "unknown members", make: single(unknownMembers),
		advice: "New members may come, anywhere in the body: pass over those that you don't know.",
	},
	{
		name: "big body, 1 MiB", make: single(big),
		advice: "A step's result can be large: allow bodies of some MiB, in the proxy before the receiver too.",
	},
	{
		name: "wrong signature", must: true, refuse: true, make: changed(func(r *request) {
			r.header.Set(webhook.HeaderSignature, wrongSignature)
		}),
		advice: forged + "Compare webhook-signature with the signature that you compute, and answer 401 when none matches.",
	},
	{
		name: "changed body", must: true, refuse: true, make: changed(func(r *request) {
			r.body = bytes.Replace(r.body, []byte("READY"), []byte("FAKED"), 1)
		}),
		advice: forged + "Compute the signature over webhook-id, webhook-timestamp and the body that came.",
	},
	{
		name: "changed id", must: true, refuse: true, make: changed(func(r *request) {
			r.header.Set(webhook.HeaderID, domain.NewID(domain.PrefixEvent))
		}),
		advice: "A copied event passes as a new one under another id. Compute the signature over webhook-id, webhook-timestamp and the body.",
	},
	{
		name: "missing headers", must: true, refuse: true, make: withoutHeaders,
		advice: forged + "Answer 401 when webhook-id, webhook-timestamp or webhook-signature is missing.",
	},
	{
		name: "old timestamp", must: true, refuse: true, make: signedAt(-time.Hour),
		advice: "An event that somebody recorded can be sent again for ever. Answer 401 when webhook-timestamp is more than five minutes ago.",
	},
	{
		name: "future timestamp", must: true, refuse: true, make: signedAt(time.Hour),
		advice: "Answer 401 when webhook-timestamp is more than five minutes ahead: it would stay valid for longer than it should.",
	},
}

// wrongSignature has the form of one, and is none.
const wrongSignature = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// payload is an event of a session that there never was.
func (t *tester) payload(session string, sequence int64, data domain.EventData) domain.Payload {
	return domain.Payload{
		SessionID: session, Type: data.EventType.Kind(), Data: data, ID: domain.NewID(domain.PrefixEvent),
		Timestamp: domain.FormatTime(t.now()), Sequence: sequence, Metadata: map[string]string{"sentBy": "browserhook webhook-test"},
	}
}

func (t *tester) sign(p domain.Payload) (request, error) {
	body, err := domain.EncodePayload(p)
	if err != nil {
		return request{}, err
	}
	return t.signBody(p.ID, t.now(), body)
}

func (t *tester) signBody(id string, at time.Time, body []byte) (request, error) {
	header, err := t.sender.Header(id, at, body)
	return request{header: header, body: body}, err
}

func (t *tester) readyEvent() domain.Payload {
	return t.payload(domain.NewID(domain.PrefixSession), 1, domain.EventData{
		EventType: domain.EventBrowserReady, Status: string(domain.SessionReady), StreamingURL: "https://example.com/streams?id=XXX",
	})
}

func single(make func(*tester) (request, error)) func(*tester) ([]request, error) {
	return func(t *tester) ([]request, error) {
		r, err := make(t)
		return []request{r}, err
	}
}

func ready(t *tester) (request, error) { return t.sign(t.readyEvent()) }

// changed is a valid event with something done to it after it was signed.
func changed(change func(*request)) func(*tester) ([]request, error) {
	return single(func(t *tester) (request, error) {
		r, err := ready(t)
		if err == nil {
			change(&r)
		}
		return r, err
	})
}

func signedAt(offset time.Duration) func(*tester) ([]request, error) {
	return single(func(t *tester) (request, error) {
		p := t.readyEvent()
		body, err := domain.EncodePayload(p)
		if err != nil {
			return request{}, err
		}
		return t.signBody(p.ID, t.now().Add(offset), body)
	})
}

func duplicate(t *tester) ([]request, error) {
	r, err := ready(t)
	first, second := r, r
	first.label, second.label = "the first: ", "the second: "
	return []request{first, second}, err
}

func reordered(t *tester) ([]request, error) {
	session, index, took := domain.NewID(domain.PrefixSession), 0, int64(84)
	data := domain.EventData{
		EventType: domain.EventStepStarted, Status: string(domain.StepRunning), StepID: domain.NewID(domain.PrefixStep), Index: &index, Action: "reload",
	}
	started := t.payload(session, 2, data)
	data.EventType, data.Status, data.DurationMs = domain.EventStepCompleted, string(domain.StepCompleted), &took
	completed := t.payload(session, 3, data)
	var requests []request
	for _, p := range []domain.Payload{completed, started} {
		r, err := t.sign(p)
		if err != nil {
			return nil, err
		}
		r.label = fmt.Sprintf("number %d: ", p.Sequence)
		requests = append(requests, r)
	}
	return requests, nil
}

func unknownType(t *tester) (request, error) {
	return t.sign(t.payload(domain.NewID(domain.PrefixSession), 1, domain.EventData{EventType: "browser_something_new", Status: "READY"}))
}

func unknownMembers(t *tester) (request, error) {
	p := t.readyEvent()
	body, err := domain.EncodePayload(p)
	if err != nil {
		return request{}, err
	}
	body = bytes.Replace(body, []byte(`"data":{`), []byte(`"data":{"newMember":{"deep":[1,2,3]},`), 1)
	body = append(bytes.TrimSuffix(body, []byte("}")), `,"anotherNewMember":null}`...)
	return t.signBody(p.ID, t.now(), body)
}

func big(t *tester) (request, error) {
	const size = 1 << 20
	index, took := 0, int64(84)
	return t.sign(t.payload(domain.NewID(domain.PrefixSession), 3, domain.EventData{
		EventType: domain.EventStepCompleted, Status: string(domain.StepCompleted), StepID: domain.NewID(domain.PrefixStep), Index: &index,
		Action: "extract", DurationMs: &took, Result: json.RawMessage(`"` + strings.Repeat("x", size) + `"`),
	}))
}

func withoutHeaders(t *tester) ([]request, error) {
	names := []string{webhook.HeaderSignature, webhook.HeaderTimestamp, webhook.HeaderID}
	var requests []request
	for _, drop := range append([][]string{names}, names[:1], names[1:2], names[2:]) {
		r, err := ready(t)
		if err != nil {
			return nil, err
		}
		for _, name := range drop {
			r.header.Del(name)
		}
		r.label = "without " + strings.ToLower(strings.Join(drop, ", ")) + ": "
		if len(drop) == len(names) {
			r.label = "without any: "
		}
		requests = append(requests, r)
	}
	return requests, nil
}
