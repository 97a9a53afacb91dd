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

// says are the comments of types that the description says nothing of.
var says = map[string]string{
	"Artifact": "is a file that a session's steps made or its pages downloaded.", "ArtifactResult": "is what a step answers that made a file.",
	"Attempt": "is one try of a delivery.", "CancelDeliveriesRequest": "chooses the deliveries that are canceled.", "Cookie": "is one that is set.",
	"CreateEndpointRequest": "is a new webhook endpoint.", "CreateKeyRequest": "is a new API key.", "CreateProjectRequest": "is a new project.",
	"CreateSessionRequest": "is a new session; every member may be left out.", "CreateStreamRequest": "is a new link to a live page.",
	"Delivery": "is one event on its way to one endpoint.", "DeliveryCount": "says how many deliveries it was.", "DialogResult": "is a dialog that a page showed.",
	"DialogsResult": "is what steps answer that have nothing else to say.", "DryRunResult": "is what a step answers that only looked.",
	"Endpoint": "is an address that events are sent to.", "EndpointFilter": "chooses the sessions whose events an endpoint gets.",
	"EventTypeDescription": "is a type of events.", "Explanation": "says why a delivery is as it is.", "ExtractField": "is one of the fields of what is extracted, where its target alone doesn't say it.",
	"FieldError": "is a field of a request that is wrong.", "FileResult": "is what a step answers that downloaded a file.",
	"Geolocation": "is where the browser says that it is.", "HTTPCredentials": "answer a server that asks for a name and a password.", "Key": "is an API key.",
	"LogEntry": "is something that a page said or asked for.", "Network": "is where a session may go.", "Node": "is a server of those that share a database.",
	"OutlineResult": "is what snapshot answers.", "PageResult": "is what navigations answer.", "PictureResult": "is what screenshot answers.",
	"Position": "is a point in an element, in CSS pixels from its top left corner.", "Project": "has sessions, endpoints and keys of its own.",
	"Recording": "is what there is of a session's recording.", "Segment": "is a part of a recording.",
	"RecoverEndpointRequest": "is the time of which an endpoint is sent what it missed.", "RetryDeliveriesRequest": "chooses the deliveries that are sent again.",
	"RotateSecretRequest": "says how long the old secret still signs.", "ScrollResult": "is what scroll answers.", "SelectResult": "is what select answers.",
	"Session": "is a browser of its own, and what it does.", "SessionHeader": "is a header that the session's pages send.", "SessionWebhook": "is an endpoint for one session alone.",
	"StartResult": "is what steps answer that may open a tab or start a download.", "StateCookie": "is a cookie of a [StorageState].", "StateItem": "is a pair of a page's storage.",
	"StateOrigin": "is the storage of a site.", "StorageResult": "is what storage answers.", "StorageState": "is a login that was kept: cookies and pages' storage.",
	"Stream": "is a link to a live page.", "TabResult": "is a tab.", "TabsResult": "is what tab answers.", "Timings": "are the parts of a request's duration, in milliseconds.",
	"UpdateEndpointRequest": "changes an endpoint: what is nil stays, and what points to an empty value is cleared.", "UpdateProjectRequest": "changes a project: what is nil stays.",
	"UploadFile": "is a file for a page.", "UploadResult": "is what upload answers.", "UploadedFile": "is a file that a page was given.", "Usage": "is what passed through a session's way out.",
	"Viewer": "is somebody who looks at a live page, or did.", "Viewport": "is the size of a page, in CSS pixels.", "WebhookHeader": "is a header of an endpoint's requests.", "WebhookHeaderInput": "is a header that an endpoint's requests get.",
}

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
