package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

const components = "#/components/schemas/"

// renamed are types that are called otherwise in the description.
var renamed = map[string]string{
	"AddStepsInputBody": "AddStepsRequest", "NewSession": "CreateSessionRequest", "ManyBody": "CancelDeliveriesRequest",
	"CountOutputBody": "DeliveryCount", "EventsOutputBody": "EventPage", "StatsView": "EndpointStats", "SummaryView": "EndpointSummary", "StatsCountsView": "AttemptCounts", "ExampleView": "ExampleAnswer", "EventTypeView": "EventTypeDescription", "File": "UploadFile", "FilterView": "EndpointFilter",
	"HeaderInput": "WebhookHeaderInput", "HeaderView": "WebhookHeader", "InlineWebhook": "SessionWebhook", "LogView": "LogEntry", "StepView": "StepRun",
}

// schemaName is what a type's schema is called.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if of, ok := strings.CutPrefix(name, "Page"); ok && strings.HasSuffix(of, "View") {
		return plainName(of) + "Page"
	}
	return plainName(name)
}

func plainName(name string) string {
	if other, ok := renamed[name]; ok {
		return other
	}
	words := strings.Split(strings.TrimSuffix(name, "View"), "-") // an operation's id and what it takes
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// eventName is a type as a part of a schema's name.
func eventName(t domain.EventType) string { return plainName(strings.ReplaceAll(string(t), "_", "-")) }

// describe adds to the description what huma can't tell from the types.
func (s *server) describe() {
	api := s.api.OpenAPI()
	api.Info.Contact = &huma.Contact{Name: "browserhook", URL: "https://github.com/browserhook/browserhook"}
	api.Info.License = &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"}
	api.ExternalDocs = &huma.ExternalDocs{URL: "http://127.0.0.1:8080/docs", Description: "The documents, on a running server."}
	api.Tags = tags
	api.Servers = []*huma.Server{{URL: "http://127.0.0.1:8080", Description: "Where a server listens unless it is told otherwise."}}
	if s.PublicURL != nil {
		api.Servers = []*huma.Server{{URL: s.PublicURL(), Description: "This server."}}
		api.ExternalDocs.URL = s.PublicURL() + "/docs"
	}
	all := api.Components.Schemas.Map()
	stepRuns(api.Components.Schemas)
	eventSchemas(all)
	all["EventPage"].Properties["data"].Items = &huma.Schema{Ref: components + "Event"}
	describeSchemas(all)
	api.Components.Headers, api.Components.Responses = answerHeaders, map[string]*huma.Response{}
	for status, r := range refusals {
		api.Components.Responses[r.name] = r.response(status)
	}
	for _, item := range api.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if op != nil {
				s.describeOperation(op)
			}
		}
	}
	api.Webhooks = map[string]*huma.PathItem{}
	for _, t := range domain.EventTypes {
		api.Webhooks[string(t)] = &huma.PathItem{Post: webhookOperation(t)}
	}
}

func (s *server) describeOperation(op *huma.Operation) {
	text := operationDocs[op.OperationID]
	creating := slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "Idempotency-Key" })
	for status, answer := range op.Responses {
		if status == "default" {
			delete(op.Responses, status)
			continue
		}
		code, _ := strconv.Atoi(status)
		answer.Headers = map[string]*huma.Param{"X-Request-Id": header("RequestId")}
		if creating {
			answer.Headers["Idempotency-Replayed"] = header("IdempotencyReplayed")
		}
		if code == http.StatusCreated {
			answer.Headers["Location"] = header("Location")
		}
		if tagged(op) {
			answer.Headers["ETag"] = header("ETag")
		}
		answer.Description = answers(code, answer)
		for kind, media := range answer.Content {
			if kind == "application/json" && media.Schema != nil && media.Schema.Ref != "" {
				media.Example = exampleOf(media.Schema.Ref)
			}
		}
	}
	if op.RequestBody != nil {
		op.RequestBody.Description = "Of at most 1 MiB."
		media := op.RequestBody.Content["application/json"]
		media.Example = json.RawMessage(text.example)
		if media.Schema.Ref == "" { // what may be left out entirely
			op.RequestBody.Required = false
		}
	}
	statuses := []int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable, other}
	if routeRoles[op.Method+" "+op.Path] != domain.RoleViewer {
		statuses = append(statuses, http.StatusForbidden)
	}
	if creating || strings.Contains(op.Path, "{") { // what was made, and is repeated, may be gone
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.RequestBody != nil {
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if creating {
		statuses = append(statuses, conflict)
	}
	for _, status := range slices.Concat(statuses, text.refuses) {
		op.Responses[statusName(status)] = &huma.Response{Ref: "#/components/responses/" + refusals[status].name}
	}
	if tagged(op) {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "The ETag of an answer that is there already: if nothing has changed the answer is 304, without a body.",
		})
		op.Responses["304"] = &huma.Response{
			Description: answers(http.StatusNotModified, nil),
			Headers:     map[string]*huma.Param{"X-Request-Id": header("RequestId"), "ETag": header("ETag")},
		}
	}
	switch op.OperationID {
	case "add-steps":
		done := *op.Responses["202"]
		done.Headers = maps.Clone(done.Headers)
		done.Headers["Preference-Applied"] = header("PreferenceApplied")
		done.Description = "With Prefer: wait=N, when all of them have ended."
		op.Responses["200"] = &done
		op.Responses["202"].Headers["Preference-Applied"] = header("PreferenceApplied")
	case "get-artifact":
		for status, more := range map[string][]string{
			"200": {"ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition"},
			"206": {"ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition", "Content-Range"},
			"304": {"ETag", "Content-Disposition"},
		} {
			for _, name := range more {
				op.Responses[status].Headers[name] = header(strings.ReplaceAll(name, "-", ""))
			}
		}
	case "get-event":
		op.Responses["200"].Content["application/json"] = &huma.MediaType{Schema: &huma.Schema{Ref: components + "Event"}, Example: json.RawMessage(exampleBody(domain.EventBrowserReady))}
	case "export-recording":
		op.Responses["200"].Headers["Content-Disposition"] = header("ContentDisposition")
	case "list-events":
		op.Responses["200"].Content["text/event-stream"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: stream}, Example: streamExample()}
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "Of a stream: where it goes on, before after. The id of the last message that came.",
		})
	}
	slices.SortFunc(op.Parameters, func(a, b *huma.Param) int { return strings.Compare(a.In+a.Name, b.In+b.Name) })
}

// stream is what server-sent events are like here.
const stream = "Server-sent events. The first message has an id alone, the cursor of where the stream begins: after, Last-Event-ID, or else now. " +
	"Then each event is a message: id is its id, event its type, data its body, which is the JSON of an Event. A comment comes every 15 seconds."

func streamExample() string {
	return ": follows\nid: beginning\n\nid: evt_06h0vrn6b12g35g6ph5tvdtch0\nevent: browser_ready\ndata: " + string(exampleBody(domain.EventBrowserReady)) + "\n\n"
}

// stepRuns replaces the schema of a step that was added by one for each action,
// each with what it was given and what it answers.
func stepRuns(r huma.Registry) {
	const name, base = "StepRun", "StepState"
	all := r.Map()
	state := *all[name]
	state.Properties = maps.Clone(state.Properties)
	for _, own := range []string{"action", "step", "result"} {
		delete(state.Properties, own)
	}
	state.Required = slices.DeleteFunc(slices.Clone(state.Required), func(m string) bool { return state.Properties[m] == nil })
	state.Description = "What is known of a step of any action."
	given := all[name].Properties
	all[base] = &state
	runs := &huma.Schema{
		Description:   "A step of a session: what it was given, how far it is, and what it answers; told apart by its action. step: " + given["step"].Description,
		Discriminator: &huma.Discriminator{PropertyName: "action", Mapping: map[string]string{}},
	}
	results := step.Results(r)
	for _, action := range slices.Sorted(maps.Keys(results)) {
		spec := strings.ToUpper(action[:1]) + action[1:] + "Step"
		result := *results[action]
		if result.Ref == "" {
			result.Description = strings.TrimSpace("What it answers, when it has completed; not there if that is nothing. " + result.Description)
		}
		all[spec+"Run"] = &huma.Schema{
			Description: "A step of the action " + action + ".",
			AllOf: []*huma.Schema{{Ref: components + base}, {
				Type: huma.TypeObject, Required: []string{"action"},
				Properties: map[string]*huma.Schema{
					"action": {Type: huma.TypeString, Description: "What the step does.", Enum: []any{action}},
					"step":   {Ref: components + spec},
					"result": &result,
				},
			}},
		}
		runs.Discriminator.Mapping[action] = components + spec + "Run"
		runs.OneOf = append(runs.OneOf, &huma.Schema{Ref: components + spec + "Run"})
	}
	all[name] = runs
}

// webhookOperation is the request that an endpoint gets for an event.
func webhookOperation(t domain.EventType) *huma.Operation {
	text := &huma.Schema{Type: huma.TypeString}
	head := func(name, doc, example string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Required: true, Schema: text, Description: doc, Example: example}
	}
	return &huma.Operation{
		OperationID: strings.ReplaceAll(string(t), "_", "-"), Tags: []string{"webhooks"}, Summary: string(t),
		Description: happened[t] + " It is sent to the endpoints that ask for it, until one answer is 2xx or the retries are over.",
		Parameters: []*huma.Param{
			head("webhook-id", "The event's id: the same in every try. An event that comes again has the same.", "evt_06h0vrn6b12g35g6ph5tvdtch0"),
			head("webhook-timestamp", "When this try was made, in seconds since 1970.", "1795519815"),
			head("webhook-signature", "By Standard Webhooks: v1, and the base64 of the HMAC-SHA256 of id.timestamp.body, for each secret; v1a, and ed25519 where the endpoint has a key pair.", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkQ2pj9o9NDN/H/pI4="),
			{Name: "traceparent", In: "header", Schema: text, Description: "The trace that the event belongs to, by W3C Trace Context, if the server keeps traces.", Example: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {
			Schema: &huma.Schema{Ref: components + eventName(t) + "Event"}, Example: json.RawMessage(exampleBody(t)),
		}}},
		Responses: map[string]*huma.Response{
			"204":     {Description: "Any status from 200 to 299: it has arrived."},
			"410":     {Description: "The receiver is gone: the endpoint is disabled, and the delivery given up."},
			"default": {Description: "Anything else: it is tried again."},
		},
		Security: []map[string][]string{},
	}
}
