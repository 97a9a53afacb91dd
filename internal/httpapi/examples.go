package httpapi

import (
	"encoding/json"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// examples are answers, by their schema. A test compares them with it.
var examples = map[string]string{
	"Session": `{"sessionId":"browser_iwnx132n1","status":"READY","streamingUrl":"https://chromebrowser.stream/streams?id=XXX",
		"connectUrl":"wss://chromebrowser.stream/connect/browser_iwnx132n1?token=XXX","url":"https://shop.example/","browser":"shell",
		"viewport":{"width":1280,"height":720},"locale":"en-US","timezone":"UTC","timeout":"30m0s","idleTimeout":"5m0s","record":"all","metadata":{"order":"7"},
		"usage":{"sentBytes":5312,"receivedBytes":84210,"refused":0},"createdAt":"2026-11-24T11:30:14.000Z","readyAt":"2026-11-24T11:30:14.412Z"}`,
	"StepRun": `{"stepId":"step_06h0vrn6b12g35g6ph5tvdtch0","index":0,"action":"extract","status":"COMPLETED",
		"step":{"action":"extract","fields":{"order":"#number"}},"result":{"order":"A-17"},"durationMs":84,
		"createdAt":"2026-11-24T11:30:15.000Z","startedAt":"2026-11-24T11:30:15.039Z","finishedAt":"2026-11-24T11:30:15.123Z"}`,
	"Stream": `{"streamId":"str_06h0vrn6b12g35g6ph5tvdtch0","mode":"control","name":"Ada","streamingUrl":"https://chromebrowser.stream/streams?id=XXX",
		"createdAt":"2026-11-24T11:30:15.000Z","expiresAt":"2026-11-24T11:40:15.000Z"}`,
	"Recording": `{"record":"all","startedAt":"2026-11-24T11:30:14.471Z","endedAt":"2026-11-24T11:33:18.671Z","size":2097152,
		"segments":[{"artifactId":"art_06h0vrn6b12g35g6ph5tvdtch0","startedAt":"2026-11-24T11:30:14.471Z","size":2097152}]}`,
	"Viewer": `{"viewerId":"view_06h0vrn6b12g35g6ph5tvdtch0","streamId":"str_06h0vrn6b12g35g6ph5tvdtch0","name":"Ada","mode":"control",
		"address":"203.0.113.7","joinedAt":"2026-11-24T11:30:20.000Z","leftAt":"2026-11-24T11:32:04.000Z"}`,
	"Artifact": `{"artifactId":"art_06h0vrn6b12g35g6ph5tvdtch0","stepId":"step_06h0vrn6b12g35g6ph5tvdtch0","kind":"screenshot",
		"contentType":"image/png","size":48211,"createdAt":"2026-11-24T11:30:16.000Z"}`,
	"LogEntry": `{"number":1,"kind":"request","at":"2026-11-24T11:30:14.420Z","url":"https://shop.example/","method":"GET","resourceType":"Document",
		"status":200,"protocol":"h2","mimeType":"text/html","transferredBytes":8421,"bodyBytes":31044,"durationMs":61.5}`,
	"Endpoint": `{"endpointId":"we_06h0vrn6b12g35g6ph5tvdtch0","url":"https://example.com/hooks","events":["browser_*","step_completed"],
		"ordered":true,"skipStale":false,"description":"Orders","metadata":{},"status":"ENABLED",
		"createdAt":"2026-11-24T11:00:00.000Z","updatedAt":"2026-11-24T11:00:00.000Z"}`,
	"Delivery": `{"deliveryId":"dlv_n68d56t0jrm0015k4jtsr4ktj0","eventId":"evt_06h0vrn6b12g35g6ph5tvdtch0","eventType":"browser_ready",
		"sessionId":"browser_iwnx132n1","endpointId":"we_06h0vrn6b12g35g6ph5tvdtch0","status":"DELIVERED","attempts":1,
		"createdAt":"2026-11-24T11:30:15.123Z","endedAt":"2026-11-24T11:30:15.141Z"}`,
	"Attempt": `{"attemptId":"att_06h0vrn6b12g35g6ph5tvdtch0","number":1,"startedAt":"2026-11-24T11:30:15.124Z","durationMs":17,"statusCode":204,
		"remoteAddress":"203.0.113.7:443"}`,
	"Explanation": `{"code":"delivered","explanation":"It was delivered with the first try.","endpointId":"we_06h0vrn6b12g35g6ph5tvdtch0"}`,
	"Key": `{"keyId":"key_06h0vrn6b12g35g6ph5tvdtch0","projectId":"proj_06h0vrn6b12g35g6ph5tvdtch0","role":"viewer","name":"dashboard",
		"prefix":"bh_3f8k","createdAt":"2026-11-24T11:00:00.000Z"}`,
	"Project": `{"projectId":"proj_06h0vrn6b12g35g6ph5tvdtch0","name":"shop","sessions":20,"createdAt":"2026-11-24T11:00:00.000Z"}`,
	"Node": `{"nodeId":"node_1","url":"http://10.0.0.5:8080","version":"0.1.0","browsers":["shell","chromium"],"state":"READY","sessions":2,"freeSlots":3,
		"startedAt":"2026-11-24T09:00:00.000Z","lastSeen":"2026-11-24T11:30:14.000Z"}`,
	"EndpointStats": `{"period":"1h","barSeconds":300,"waiting":3,"dueSince":"2026-11-24T11:30:14.000Z",
		"total":{"from":"2026-11-24T10:35:00.000Z","succeeded":1204,"failed":3,"givenUp":0,"medianMs":38,"p95Ms":120,"waiting":5},
		"bars":[{"from":"2026-11-24T11:30:00.000Z","succeeded":20,"failed":0,"givenUp":0,"medianMs":35,"p95Ms":98,"waiting":3}]}`,
	"ExampleAnswer": `{"eventId":"evt_06h0vrn6b12g35g6ph5tvdtch0","delivered":true,"startedAt":"2026-11-24T11:30:15.124Z","durationMs":17,
		"statusCode":204,"remoteAddress":"203.0.113.7:443"}`,
	"DeliveryCount": `{"deliveries":12}`,
	"LogPage":       `{"data":[LogEntry],"dropped":0}`,
	"EventPage":     `{"data":[Event],"nextCursor":"evt_06h0vrn6b12g35g6ph5tvdtch0"}`,
	// Linters take one of its items for a part of the description.
	"EventTypeDescriptionPage": `{"data":[]}`,
}

// exampleOf is an answer of a schema, or nil.
func exampleOf(ref string) any {
	name := strings.TrimPrefix(ref, components)
	text, ok := examples[name]
	if one, isPage := strings.CutSuffix(name, "Page"); !ok && isPage {
		text, ok = `{"data":[`+examples[one]+`]}`, true
	}
	if !ok {
		panic("there is no example of " + name)
	}
	return json.RawMessage(strings.NewReplacer("[LogEntry]", "["+examples["LogEntry"]+"]",
		"[Event]", "["+string(exampleBody(domain.EventBrowserReady))+"]").Replace(text))
}
