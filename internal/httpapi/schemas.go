package httpapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaSays is what a schema is for, where its type doesn't say so.
var schemaSays = map[string]string{
	"Session":              "A browser of its own, from its creation on; it stays to be read when it has ended.",
	"CreateSessionRequest": "What a session is to be like; all of it may be left out.",
	"SessionWebhook":       "A webhook endpoint for one session.",
	"SessionHeader":        "A header of what the browser requests.",
	"Viewport":             "The size of a page, in CSS pixels.",
	"Geolocation":          "A place on Earth.",
	"HttpCredentials":      "A login by HTTP authentication.",
	"Network":              "Hosts that may be reached, and may not.",
	"Usage":                "What a browser has had of the network.",
	"CreateStreamRequest":  "What a link is to be like.",
	"Stream":               "A link to a session's live page.",
	"Viewer":               "Somebody who looks at a session, or has.",
	"Artifact":             "A file of a session.",
	"Recording":            "What there is of a session's recording.",
	"Segment":              "A part of a recording.",
	"LogEntry":             "What a page wrote or asked for. Which members there are depends on its kind.",
	"Timings":              "The parts of a request's time, in milliseconds; -1: there was none.",

	"AddStepsRequest": "Steps to be added to a session.",
	"Cookie":          "A cookie to set.",
	"UploadFile":      "A file to be given to a page: one of this session's artifacts, or its content.",
	"StorageState":    "What a browser has stored, as Playwright writes it.",
	"StateCookie":     "A cookie that a browser has.",
	"StateOrigin":     "What an origin keeps.",
	"StateItem":       "An entry of an origin's local storage.",

	"DialogResult":   "A dialog that a page showed.",
	"DialogsResult":  "What steps answer that have nothing to answer.",
	"DryRunResult":   "What a dry run answers.",
	"PageResult":     "The page that a step has led to.",
	"OutlineResult":  "What is on a page.",
	"TabResult":      "A tab.",
	"TabsResult":     "The tabs of a session.",
	"FileResult":     "A file that was downloaded.",
	"StartResult":    "What an input has started: a tab, or a download.",
	"SelectResult":   "What is chosen now.",
	"UploadResult":   "What a page was given.",
	"UploadedFile":   "A file that a page was given.",
	"ScrollResult":   "Where the page, or the element, is scrolled to.",
	"ArtifactResult": "The file that a step has made.",
	"PictureResult":  "The picture that a step has made.",
	"StorageResult":  "What was found in the browser, or put into it.",

	"EventPage":            "A page of the log.",
	"EventTypeDescription": "An event type, and what its events are like.",

	"Endpoint":                "A webhook endpoint: where events go.",
	"CreateEndpointRequest":   "What an endpoint is to be like.",
	"UpdateEndpointRequest":   "What is to be changed of an endpoint; null clears a member.",
	"EndpointFilter":          "Which sessions' events an endpoint gets.",
	"WebhookHeader":           "A header of what is sent to an endpoint.",
	"WebhookHeaderInput":      "A header of what is to be sent to an endpoint.",
	"RotateSecretRequest":     "How a secret is to be replaced.",
	"RecoverEndpointRequest":  "The time of which an endpoint is sent what it has missed.",
	"Delivery":                "An event on its way to an endpoint.",
	"Attempt":                 "A request that was made for a delivery.",
	"Explanation":             "Where a delivery is, or why there is none.",
	"EndpointStats":           "An endpoint's statistics.",
	"EndpointSummary":         "An endpoint's statistics, in all.",
	"AttemptCounts":           "The attempts of some time, counted.",
	"SendExampleRequest":      "Of what to send an example.",
	"ExampleAnswer":           "A receiver's answer to an example.",
	"DeliveryCount":           "How many deliveries something was done to.",
	"RetryDeliveriesRequest":  "Which deliveries to send again: those that all of it picks.",
	"CancelDeliveriesRequest": "Which deliveries to give up: those that all of it picks.",

	"Key":                  "An API key, of a project and with a role.",
	"CreateKeyRequest":     "What a key is to be like.",
	"Project":              "What keys are of. What is in one is seen by its own keys alone.",
	"CreateProjectRequest": "What a project is to be like.",
	"UpdateProjectRequest": "What is to be changed of a project.",
	"Node":                 "A server.",

	"Problem":    "An error: RFC 9457, with a stable code.",
	"FieldError": "A field that is wrong.",
}

// describeSchemas says of every schema what it is for.
func describeSchemas(all map[string]*huma.Schema) {
	for name, s := range all {
		switch says, ok := schemaSays[name]; {
		case ok:
			s.Description = says
		case s.Description == "" && strings.HasSuffix(name, "Page"):
			s.Description = "A page of a list."
		}
	}
	all["Problem"].Properties["code"].Extensions = map[string]any{"x-extensible-enum": slices.Sorted(maps.Keys(meanings))}
}
