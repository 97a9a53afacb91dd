package main

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// What the description can't say, or says otherwise than Go does.

// enums are the texts that have a type of their own, with constants. Others are texts.
var enums = map[string]string{
	"Session.status": "SessionStatus", "ListSessionsParams.status": "SessionStatus", "Session.closeReason": "CloseReason",
	"Session.browser": "BrowserProgram", "CreateSessionRequest.browser": "BrowserProgram",
	"StepState.status": "StepStatus", "CreateSessionRequest.onError": "OnError", "AddStepsRequest.onError": "OnError",
	"Delivery.status": "DeliveryStatus", "ListDeliveriesParams.status": "DeliveryStatus", "RetryDeliveriesRequest.status": "DeliveryStatus",
	"CancelDeliveriesRequest.status": "DeliveryStatus", "Delivery.reason": "DeliveryReason", "Endpoint.status": "EndpointStatus",
	"Key.role": "Role", "CreateKeyRequest.role": "Role", "Stream.mode": "StreamMode", "CreateStreamRequest.mode": "StreamMode", "Node.state": "NodeState",
}

// prefixes are those of an enum's constants, where they aren't its name.
var prefixes = map[string]string{
	"SessionStatus": "Session", "CloseReason": "Closed", "StepStatus": "Step", "DeliveryStatus": "Delivery", "DeliveryReason": "Delivery",
	"EndpointStatus": "Endpoint", "StreamMode": "Stream", "NodeState": "Node", "BrowserProgram": "Browser",
}

// inline are the types of objects that stand within others.
var inline = map[string]string{
	"position": "Position", "toPosition": "Position", "storageState": "StorageState", "viewport": "Viewport", "geolocation": "Geolocation",
	"httpCredentials": "HTTPCredentials", "network": "Network", "filter": "EndpointFilter", "webhook": "SessionWebhook", "fields": "ExtractField",
}

// empty are members that may be left out, of which an empty one is another thing.
var empty = map[string]bool{
	"AssertStep.text": true, "AssertStep.value": true, "SelectStep.value": true, "SelectStep.label": true, "DialogStep.value": true,
	"WebhookHeaderInput.value": true, "LogEntry.durationMs": true, "StepState.durationMs": true,
}

// typed are members of which Go has a better type.
var typed = map[string]string{"UploadFile.content": "[]byte", "StateOrigin.indexedDB": "json.RawMessage", "CreateSessionRequest.steps": "[]Step", "AddStepsRequest.steps": "[]Step"}

// fields are members that are called otherwise: a method has their name.
var fields = map[string]string{"Session.steps": "FirstSteps"}

// arguments are what a step's constructor takes that the description doesn't need.
var arguments = map[string][]string{"extract": {"target"}, "waitFor": {"target"}, "assert": {"target"}, "download": {"url"}, "drag": {"to"}, "select": {"value"}}

// elsewhere are the schemas that are written by hand: events, and what is one type for all
// steps and lists.
func elsewhere(name string) bool {
	return strings.HasSuffix(name, "Page") || strings.HasSuffix(name, "Event") || strings.HasSuffix(name, "Data") ||
		strings.HasSuffix(name, "Step") || strings.HasSuffix(name, "StepRun") || slices.Contains([]string{"Failure", "Problem", "AddStepsRequest"}, name)
}

// says are the comments of types that the description has no word of its own for, or
// another than Go needs.
var says = map[string]string{
	"SessionWebhook":        "is an endpoint for one session alone.",
	"Position":              "is a point in an element, in CSS pixels from its top left corner.",
	"StorageState":          "is a login that was kept: cookies and the storage of pages.",
	"ExtractField":          "is one of the fields of what is extracted, where its target alone doesn't say it.",
	"UpdateEndpointRequest": "changes an endpoint: what is nil stays, and what points to an empty value is cleared.",
	"UpdateProjectRequest":  "changes a project: what is nil stays.",
}

// verbs lead from a type to what the description says of it, where that isn't "is".
var verbs = map[string]string{"Network": "names", "TabsResult": "has", "Timings": "has"}

var initialisms = map[string]string{
	"id": "ID", "ids": "IDs", "url": "URL", "http": "HTTP", "dns": "DNS", "ssl": "SSL", "sha256": "SHA256", "ime": "IME", "pdf": "PDF", "mime": "MIME", "_cr": "Cr", "db": "DB",
}

// exported is a name as Go spells it.
func exported(name string) string {
	var out strings.Builder
	for _, word := range words(name) {
		if short, ok := initialisms[strings.ToLower(word)]; ok {
			word = short
		}
		out.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return out.String()
}

// words are those of a name: wordsLikeThis, and ones-like-this.
func words(name string) []string {
	var all []string
	last := 0
	for i, r := range name {
		if i > last && unicode.IsUpper(r) && !unicode.IsUpper(rune(name[i-1])) {
			all, last = append(all, name[last:i]), i
		}
		if r == '-' {
			all, last = append(all, name[last:i]), i+1
		}
	}
	return append(all, name[last:])
}

// lower is a sentence that goes on behind a name.
func lower(text string) string {
	if len(text) < 2 || unicode.IsUpper(rune(text[1])) {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
