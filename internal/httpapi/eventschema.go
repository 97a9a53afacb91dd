package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
)

// exampleBody is a body of the type as it would be sent.
func exampleBody(t domain.EventType) []byte {
	return exampleOfEvent(t, "evt_06h0vrn6b12g35g6ph5tvdtch0", time.Date(2026, 11, 24, 11, 30, 15, 123_000_000, time.UTC))
}

// exampleOfEvent is a body of that type that says to be of an event with the id, of then.
func exampleOfEvent(t domain.EventType, id string, at time.Time) []byte {
	p := domain.Payload{
		SessionID: "browser_iwnx132n1", Type: t.Kind(), ID: id,
		Timestamp: domain.FormatTime(at), Sequence: 1, Metadata: map[string]string{"order": "7"},
		Data: domain.EventData{EventType: t, Status: "READY", StreamingURL: "https://chromebrowser.stream/streams?id=XXX"},
	}
	index, ms := 0, int64(84)
	step := func(status string) {
		p.Data.Status, p.Data.StepID, p.Data.Index, p.Data.Action = status, "step_06h0vrn6b12g35g6ph5tvdtch0", &index, "click"
		if status != "RUNNING" {
			p.Data.DurationMs = &ms
		}
	}
	switch t {
	case domain.EventBrowserFailed:
		p.Data.Status, p.Data.Error = "FAILED", &domain.Failure{Code: "browser_start_failed", Message: "Chromium ended by itself with exit code 1."}
	case domain.EventBrowserClosed:
		p.Data.Status, p.Data.Reason = "CLOSED", "requested"
	case domain.EventBrowserCrashed:
		p.Data.Status, p.Data.Reason = "CLOSING", "crashed"
		p.Data.Error = &domain.Failure{
			Code: "out_of_memory", Message: "The browser took 2.1 GiB of memory, may have 2.0 GiB, and was ended.",
			Used: 2_254_857_830, Limit: 2 << 30, StepID: "step_06h0vrn6b12g35g6ph5tvdtch0",
		}
	case domain.EventBrowserDownload:
		p.Data.StepID, p.Data.URL, p.Data.PageURL = "step_06h0vrn6b12g35g6ph5tvdtch0", "https://shop.example/invoice.csv", "https://shop.example/orders"
		p.Data.Name, p.Data.ContentType, p.Data.Size, p.Data.ArtifactID = "invoice.csv", "text/csv; charset=utf-8", new(int64(20)), "art_06h0vrn6b12g35g6ph5tvdtch0"
		p.Data.SHA256 = "1f0d2e47cda1b4dc7b4b2b5a8f7f2e4b0c1d3f5a6978869504132f3e5d7c9bab"
		p.Data.ArtifactURL = "https://chromebrowser.stream/v1/sessions/browser_iwnx132n1/artifacts/art_06h0vrn6b12g35g6ph5tvdtch0"
	case domain.EventTakeoverStarted, domain.EventTakeoverEnded:
		p.Data.StreamID, p.Data.Controller = "str_06h0vrn6b12g35g6ph5tvdtch0", "Ada"
		if t == domain.EventTakeoverEnded {
			p.Data.DurationMs = new(int64(61_204))
			p.Data.ArtifactID = "art_06h0vrn6b12g35g6ph5tvdtch0"
			p.Data.ArtifactURL = "https://chromebrowser.stream/v1/sessions/browser_iwnx132n1/artifacts/art_06h0vrn6b12g35g6ph5tvdtch0"
		}
	case domain.EventRecordingReady:
		p.Data.Status, p.Data.DurationMs, p.Data.Size = "CLOSING", new(int64(184_200)), new(int64(6_291_456))
		p.Data.RecordingURL = "https://chromebrowser.stream/v1/sessions/browser_iwnx132n1/recording"
	case domain.EventStepStarted:
		step("RUNNING")
	case domain.EventStepCompleted:
		step("COMPLETED")
		p.Data.Action, p.Data.Result = "extract", json.RawMessage(`{"order":"A-17"}`)
	case domain.EventStepFailed:
		step("FAILED")
		p.Data.Error = &domain.Failure{Code: "target_disabled", Message: "Timed out after 30s.", WaitedFor: "#buy to be enabled", Seen: "<button id=\"buy\"> is disabled"}
	case domain.EventStepCanceled:
		step("CANCELED")
	case domain.EventDeliveryFailed:
		p.SessionID, p.Metadata = "", nil
		p.Data = domain.EventData{
			EventType: t, Status: "FAILED", Reason: domain.ReasonExhausted, EndpointID: "we_06h0vrn6b12g35g6ph5tvdtch0",
			DeliveryID: "dlv_n68d56t0jrm0015k4jtsr4ktj0", EventID: "evt_06h0vrn6b12g35g6ph5tvdtch0",
		}
	case domain.EventEndpointFailing, domain.EventEndpointDisabled, domain.EventWebhookTest:
		p.SessionID, p.Metadata = "", nil
		p.Data = domain.EventData{EventType: t, Status: "ENABLED", EndpointID: "we_06h0vrn6b12g35g6ph5tvdtch0"}
		if t == domain.EventEndpointFailing {
			p.Data.Reason = "failing"
		}
		if t == domain.EventEndpointDisabled {
			p.Data.Status, p.Data.Reason = "DISABLED", "gone"
		}
	}
	body, err := domain.EncodePayload(p)
	if err != nil {
		panic(fmt.Sprintf("example of %s: %v", t, err))
	}
	return body
}

type schema = map[string]any

// failureMembers are those of a [domain.Failure].
func failureMembers() schema {
	text := func(doc string) schema { return schema{"type": "string", "description": doc} }
	count := func(doc string) schema { return schema{"type": "integer", "format": "int64", "description": doc} }
	return schema{
		"code": text("Stable name of what went wrong."), "message": text("One sentence for a person."),
		"waitedFor": text("What the step waited for."), "seen": text("What it saw instead."),
		"lines":      schema{"type": "array", "items": schema{"type": "string"}, "description": "The browser's last lines."},
		"artifactId": id(domain.PrefixArtifact, "What the page was like when the step failed: a zip."),
		"used":       count("What a browser had when it was ended for having too much: bytes, of processes their number."),
		"limit":      count("What it might have."),
		"stepId":     id(domain.PrefixStep, "The step that ran when the browser was lost, or the last before."),
	}
}

func failureSchema() schema {
	return schema{"type": "object", "description": "Why something failed.", "required": []string{"code", "message"}, "properties": failureMembers()}
}

func id(p domain.Prefix, doc string) schema {
	return schema{"type": "string", "pattern": idPattern(p), "description": doc}
}

// dataMembers are those of data, in every event of the kind; failure is a schema.
func dataMembers(kind string, failure schema) schema {
	text := func(doc string) schema { return schema{"type": "string", "description": doc} }
	url := func(doc string) schema { return schema{"type": "string", "format": "uri", "description": doc} }
	count := func(doc string) schema {
		return schema{"type": "integer", "format": "int64", "minimum": 0, "description": doc}
	}
	live := url("The live page.")
	switch kind {
	case "browser":
		return schema{
			"status": status("The session's status after it.", sessionStatuses), "streamingUrl": live,
			"reason": text("Why the session ended."), "error": failure,
			"stepId": id(domain.PrefixStep, "The step that ran when a download began."), "artifactId": id(domain.PrefixArtifact, "The file that was downloaded."),
			"artifactUrl": url("Where it can be fetched, with a key."), "name": text("What the page calls the file, made harmless."),
			"contentType": text("Its media type."), "size": count("Its bytes."), "sha256": text("In hex."),
			"url": text("Where it came from."), "pageUrl": text("The page that had it downloaded."),
			"streamId": id(domain.PrefixStream, "The link by which somebody drives the session, or did."), "controller": text("The link's name."),
			"durationMs": count("For how long."), "recordingUrl": url("Where it is told what there is of the recording, with a key."),
		}
	case "step":
		return schema{
			"status": status("The step's status after it.", stepStatuses), "streamingUrl": live,
			"stepId": id(domain.PrefixStep, "The step."), "index": count("Its place in the session; the first is 0."), "action": text("What it does."),
			"result": schema{"description": "What it answers, as in the step itself."}, "error": failure,
			"tries":      schema{"type": "array", "items": failure, "description": "Why the earlier tries of a step with retries failed."},
			"durationMs": count("How long it took."),
		}
	default:
		return schema{
			"status": text("The status of the endpoint, or of the delivery, after it."), "reason": text("Why."),
			"endpointId": id(domain.PrefixEndpoint, "The endpoint that it is about."), "deliveryId": id(domain.PrefixDelivery, "The delivery that was given up."),
			"eventId": id(domain.PrefixEvent, "The event that it was of."),
		}
	}
}

func status(doc string, values []any) schema {
	return schema{"type": "string", "enum": values, "description": doc}
}

var (
	sessionStatuses = []any{"QUEUED", "STARTING", "READY", "CLOSING", "CLOSED", "FAILED"}
	stepStatuses    = []any{"PENDING", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELED", "INTERRUPTED"}
)

// ofEachDownload are the members of its event that there are without a file too.
var ofEachDownload = []string{"eventType", "status", "streamingUrl", "name"}

// membersOfTypes are the members of a browser's event that only some types have.
var membersOfTypes = map[string][]domain.EventType{
	"stepId": {domain.EventBrowserDownload}, "name": {domain.EventBrowserDownload}, "contentType": {domain.EventBrowserDownload},
	"sha256": {domain.EventBrowserDownload}, "url": {domain.EventBrowserDownload}, "pageUrl": {domain.EventBrowserDownload},
	"artifactId":   {domain.EventBrowserDownload, domain.EventTakeoverEnded},
	"artifactUrl":  {domain.EventBrowserDownload, domain.EventTakeoverEnded},
	"size":         {domain.EventBrowserDownload, domain.EventRecordingReady},
	"streamId":     {domain.EventTakeoverStarted, domain.EventTakeoverEnded},
	"controller":   {domain.EventTakeoverStarted, domain.EventTakeoverEnded},
	"durationMs":   {domain.EventTakeoverEnded, domain.EventRecordingReady},
	"recordingUrl": {domain.EventRecordingReady},
}

// isOptional says whether an event of the type may lack a member that its example has.
func isOptional(t domain.EventType, name string) bool {
	switch t {
	case domain.EventBrowserDownload:
		return !slices.Contains(ofEachDownload, name)
	case domain.EventTakeoverEnded:
		return name == "controller" || name == "artifactId" || name == "artifactUrl"
	default:
		return name == "controller" || name == "result"
	}
}

// dataSchema describes the data of a type's body: the members that its example
// has are the ones that it always has, but for the optional ones.
func dataSchema(t domain.EventType, failure schema) schema {
	var body struct{ Data map[string]any }
	if err := json.Unmarshal(exampleBody(t), &body); err != nil {
		panic(err)
	}
	always := slices.DeleteFunc(slices.Sorted(maps.Keys(body.Data)), func(name string) bool { return isOptional(t, name) })
	members := dataMembers(t.Kind(), failure)
	for name, types := range membersOfTypes {
		if t.Kind() == "browser" && !slices.Contains(types, t) {
			delete(members, name)
		}
	}
	members["eventType"] = schema{"type": "string", "const": string(t), "description": "What happened."}
	return schema{"type": "object", "required": always, "properties": members}
}

// bodySchema describes a body with this data; kind is its type, or empty for any.
func bodySchema(kind string, data schema) schema {
	session, of := id(domain.PrefixSession, "The session."), schema{"type": "string", "description": "What it is about."}
	switch kind {
	case "":
		session = schema{"type": "string", "pattern": "^(" + stem(domain.PrefixSession) + ")?$", "description": "The session; empty in an event of the type webhook."}
		of["enum"] = []any{"browser", "step", "webhook"}
	case "webhook":
		session = schema{"type": "string", "const": "", "description": "It is of no session."}
		fallthrough
	default:
		of["const"] = kind
	}
	return schema{
		"type":     "object",
		"required": []string{"sessionId", "type", "data", "id", "timestamp", "sequence", "metadata"},
		"properties": schema{
			"sessionId": session, "type": of, "data": data,
			"id":        id(domain.PrefixEvent, "The event; also the webhook-id header, the same in every try."),
			"timestamp": schema{"type": "string", "format": "date-time", "description": "When it happened, to the millisecond."},
			"sequence":  schema{"type": "integer", "format": "int64", "minimum": 1, "description": "Its place among the events of its session, without gaps."},
			"metadata":  schema{"type": "object", "additionalProperties": schema{"type": "string"}, "description": "What was given with the session, or the endpoint."},
		},
	}
}

// eventSchema describes a type's body by itself.
func eventSchema(t domain.EventType) schema {
	s := bodySchema(t.Kind(), dataSchema(t, failureSchema()))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	return s
}

// eventSchemas adds each type's schema to the description, and that of any event.
func eventSchemas(all map[string]*huma.Schema) {
	add := func(name string, s schema) schema {
		all[name] = &huma.Schema{Extensions: s}
		return schema{"$ref": components + name}
	}
	failure := add("Failure", failureSchema())
	mapping, one := schema{}, []any{}
	for _, t := range domain.EventTypes {
		data := dataSchema(t, failure)
		data["description"] = "The data of " + string(t) + "."
		ref := add(eventName(t)+"Data", data)
		mapping[string(t)], one = ref["$ref"], append(one, ref)
		body := bodySchema(t.Kind(), ref)
		body["description"] = happened[t]
		add(eventName(t)+"Event", body)
	}
	data := add("EventData", schema{
		"description": "What happened, told apart by eventType.", "oneOf": one,
		"discriminator": schema{"propertyName": "eventType", "mapping": mapping},
	})
	event := bodySchema("", data)
	event["description"] = "An event, as webhooks have it. New types may come: pass over what you don't know."
	add("Event", event)
}

// happened is what each type tells.
var happened = map[domain.EventType]string{
	domain.EventBrowserReady:     "A session's browser is ready: its steps run.",
	domain.EventBrowserFailed:    "A session failed; error says why.",
	domain.EventBrowserClosed:    "A session has ended; reason says why.",
	domain.EventBrowserCrashed:   "A session lost its browser; browser_closed follows.",
	domain.EventBrowserRecovered: "The session goes on, after a restart of its server.",
	domain.EventBrowserDownload:  "A page has downloaded a file, or failed to: then there is an error.",
	domain.EventTakeoverStarted:  "A viewer has taken control of a session: no step begins until it ends.",
	domain.EventTakeoverEnded:    "Control of a session was given back, or has ended with the session or its server.",
	domain.EventRecordingReady:   "The recording of a session that ends is whole.",
	domain.EventStepStarted:      "A step runs.",
	domain.EventStepCompleted:    "A step has done what it was to do; result is what it answers.",
	domain.EventStepFailed:       "A step has failed, or was interrupted; error says why.",
	domain.EventStepCanceled:     "A step was canceled.",
	domain.EventEndpointFailing:  "No delivery to an endpoint has succeeded for an hour.",
	domain.EventEndpointDisabled: "An endpoint was disabled, since it was gone or only failed.",
	domain.EventDeliveryFailed:   "A delivery was given up.",
	domain.EventWebhookTest:      "A test that was asked for.",
}
