package httpapi

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// operationDoc is what the description says of an operation beside what its types do.
type operationDoc struct {
	does    string
	example string // of its body
	refuses []int  // statuses beside those that many have, see refusals
}

// tags are the parts of the API, in the order in which users come to them.
var tags = []*huma.Tag{
	{Name: "sessions", Description: "A session is a browser of its own: make one, read it, close it."},
	{Name: "steps", Description: "What a session is told to do: exact actions, one after the other, each waiting until what it needs is there."},
	{Name: "live", Description: "Links to the live page, to look at a session or to control it, and recordings."},
	{Name: "events", Description: "The log of all that happened: to poll, or to follow as server-sent events."},
	{Name: "webhooks", Description: "Endpoints that get the events, signed by Standard Webhooks, and the deliveries to them."},
	{Name: "files", Description: "What steps made and pages downloaded, and what pages said and asked for."},
	{Name: "keys", Description: "API keys, and the projects that they are of. An operator's."},
	{Name: "nodes", Description: "The servers that share a database. An operator's."},
}

// tagOf is which of them a path belongs to.
func tagOf(path string) string {
	for _, one := range []struct{ holds, tag string }{
		{"/steps", "steps"}, {"/streams", "live"}, {"/viewers", "live"}, {"/recording", "live"}, {"/artifacts", "files"}, {"/logs", "files"}, {"/sessions", "sessions"},
		{"/event", "events"}, {"/webhook-endpoints", "webhooks"}, {"/deliveries", "webhooks"}, {"/keys", "keys"}, {"/projects", "keys"}, {"/nodes", "nodes"},
	} {
		if strings.Contains(path, one.holds) {
			return one.tag
		}
	}
	panic("no tag for " + path)
}

const conflict, gone = http.StatusConflict, http.StatusGone

// operationDocs is every operation by its id.
var operationDocs = map[string]operationDoc{
	"create-session": {
		does:    "Makes a session and starts its browser; the answer comes at once, and the event browser_ready when it is READY. When as many sessions have a browser as may have one, it is QUEUED. Steps given with it run as soon as it is READY, and a webhook given with it gets the events of this session alone.",
		example: `{"url":"https://shop.example/","viewport":{"width":1280,"height":720},"timeout":"30m","metadata":{"order":"7"},"webhook":{"url":"https://example.com/hooks"},"steps":[{"action":"click","target":"text=Buy"}]}`,
	},
	"list-sessions":      {does: "Lists the sessions of the key's project, those that have ended too."},
	"get-session":        {does: "Answers with the session as it is now. Whoever waits for it hears of it sooner from its events."},
	"close-session":      {does: "Ends the session: the running step is canceled, the browser ended, and the event browser_closed says so. A session that has ended stays as it is."},
	"rotate-connect-url": {does: "Makes a new connectUrl, and ends the connections of programs that came by the one before.", refuses: []int{conflict}},
	"forget-session":     {does: "Deletes the row, steps, events, artifacts, links and the webhook of a session that has ended, with the deliveries of its events. One that is being closed is waited for, for at most 30 seconds.", refuses: []int{conflict}},
	"create-stream": {
		does:    "Makes a link that opens the session's live page without any other login, to look at it or to control it. It ends with the session (with replay: with the session's data), when it expires, when it is revoked, and when the key is that made it.",
		example: `{"mode":"control","expiresIn":"10m","name":"Ada"}`,
	},
	"get-stream":    {does: "Reads the link, one that was revoked or has ended too."},
	"revoke-stream": {does: "Ends the link: it opens nothing any more, and who is there by it is sent away."},
	"get-recording": {does: "Answers with the parts that there are of the recording: artifacts, which are fetched as any other, and of a session that runs what is not one yet. docs/live.md says what is in them."},
	"export-recording": {
		does:    "Answers with the recording as a video, which ffmpeg makes where the server has it; that takes a while. What is being recorded still, is in it up to now.",
		refuses: []int{http.StatusNotImplemented},
	},
	"list-viewers":   {does: "Lists who looks at the session's live page, or did, oldest first, with the link that each came by and when it came and left."},
	"list-artifacts": {does: "Lists the files of a session, oldest first: screenshots, PDFs, downloads, what was stored, and what a page was like when a step failed."},
	"get-artifact":   {does: "Answers with the file, or the parts of it that Range asks for. It never changes.", refuses: []int{http.StatusForbidden, http.StatusRequestedRangeNotSatisfiable}},
	"read-logs":      {does: "Answers with what was written to the console, exceptions that no page caught, requests and refused connections, in the order in which they began; or with all requests as an HTTP archive."},

	"add-steps": {
		does:    "Puts steps at the end of the session's queue. They run in order, one at a time, when the session is READY. The answer comes at once; with Prefer: wait=N it comes when they have ended, with 200, or after N seconds, with 202.",
		example: `{"steps":[{"action":"goto","url":"https://shop.example/"},{"action":"click","target":"role=button[name=\"Buy\"]"},{"action":"extract","fields":{"order":"#number"}}],"onError":"stop"}`,
	},
	"list-steps":  {does: "Lists the steps of a session in the order in which they run, or the newest first."},
	"get-step":    {does: "Answers with the step as it is now, with its result when it has completed."},
	"cancel-step": {does: "Cancels a step that waits, or stops the one that runs within a second; the session stays usable. One that has ended is a conflict.", refuses: []int{conflict}},

	"list-events":      {does: "Answers with the events after a cursor, oldest first, as webhooks have them: the same bodies, the same ids. With Accept: text/event-stream it answers with those and then with each as it happens, until either side ends it.", refuses: []int{gone}},
	"list-event-types": {does: "Answers with every event type that this version sends, the JSON Schema of its body and an example. New types may come: pass over what you don't know."},
	"get-event":        {does: "Answers with the event: the body that its webhooks have, byte for byte."},
	"explain-event":    {does: "Says of each webhook endpoint whether it gets the event, why or why not, and what happens next."},

	"create-endpoint": {
		does:    "Makes an endpoint that gets every event of the project that it asks for, from now on. The secret in the answer verifies what it gets, and is not shown again.",
		example: `{"url":"https://example.com/hooks","events":["browser_*","step_completed"],"ordered":true,"description":"Orders"}`,
	},
	"list-endpoints": {does: "Lists the endpoints of the project, without their secrets, and with how each did if that is asked for."},
	"get-endpoint":   {does: "Answers with the endpoint, without its secret."},
	"update-endpoint": {
		does:    "Changes the members that are given, and leaves the others. null clears one.",
		example: `{"events":["*"],"rateLimit":50,"filter":null}`,
	},
	"delete-endpoint":  {does: "Deletes the endpoint. What waits for it is canceled."},
	"rotate-secret":    {does: "Makes a new secret, which the answer holds. For the overlap everything is signed with both, so that a receiver can change over without losing any.", example: `{"overlap":"48h"}`},
	"enable-endpoint":  {does: "Ends what disable did, or the server after days of failures. What happened meanwhile is not sent; recover sends it."},
	"disable-endpoint": {does: "Events pass the endpoint by until it is enabled."},
	"pause-endpoint":   {does: "What is to be sent is kept until the endpoint is resumed.", refuses: []int{conflict}},
	"resume-endpoint":  {does: "Sends what has waited, and goes on.", refuses: []int{conflict}},
	"recover-endpoint": {
		does:    "Sends what the endpoint asked for and didn't get in the time: what failed, was canceled, or passed it by.",
		example: `{"since":"2026-11-24T11:00:00Z"}`,
	},
	"test-endpoint": {does: "Sends an event of the type webhook_test to this endpoint alone, whatever it asks for. The delivery in the answer says what became of it."},

	"get-endpoint-stats": {does: "Says how many attempts succeeded and failed, how long they took and how much waited, in parts of the time and in all. It counts as it goes, within seconds, for seven days; of a session's own webhook, which has few, it counts nothing but what waits."},
	"send-example": {
		does:    "Sends the endpoint an example of an event of the type, signed as any and with an id of its own, and answers with what the receiver said. Nothing has happened: there is no such session, and the event is in no log, is not tried again and counts nowhere.",
		example: `{"eventType":"step_completed"}`, refuses: []int{conflict},
	},

	"list-deliveries": {does: "Lists deliveries: one for each event and each endpoint that gets it. A page looks at 10,000 deliveries at most, unless they are all of one session or event, or being sent: one of what is rarer among them is short, or empty, and has a nextCursor, which leads on to older ones."},
	"get-delivery":    {does: "Answers with the delivery as it is now."},
	"list-attempts":   {does: "Lists the requests that were made for a delivery, oldest first, each with its answer or what went wrong."},
	"retry-delivery":  {does: "Sends the delivery again, and begins its schedule of retries anew."},
	"cancel-delivery": {does: "Gives the delivery up: it is not tried again. One that has ended is a conflict.", refuses: []int{conflict}},
	"retry-deliveries": {
		does:    "Does to all deliveries that the filter picks what retry does to one.",
		example: `{"endpointId":"we_06h0vrn6b12g35g6ph5tvdtch0","status":"FAILED","from":"2026-11-24T00:00:00Z"}`,
	},
	"cancel-deliveries": {
		does:    "Does to all deliveries that the filter picks what cancel does to one.",
		example: `{"endpointId":"we_06h0vrn6b12g35g6ph5tvdtch0","eventType":"step_started"}`,
	},
	"explain-delivery": {does: "Says in a sentence or two where the delivery is, what it waits for, and when it is tried next."},

	"create-key": {
		does:    "Makes a key. It is in the answer and nowhere else: the server keeps its hash.",
		example: `{"role":"viewer","name":"dashboard"}`,
	},
	"get-key":    {does: "Reads a key, one that is revoked too. The key itself is not shown."},
	"list-keys":  {does: "Lists the keys of all projects, those that are revoked too. None is shown."},
	"revoke-key": {does: "Ends the key, what is held open with it and the live links that were made with it.", refuses: []int{conflict}},
	"create-project": {
		does:    "Makes a project. What is in one is seen by its own keys alone.",
		example: `{"name":"shop","sessions":20}`,
	},
	"get-project":    {does: "Reads a project, with its limit."},
	"list-projects":  {does: "Lists the projects of the server, with their limits."},
	"update-project": {does: "Changes how many browsers the project may have at once.", example: `{"sessions":50}`},

	"read-metrics": {does: "In Prometheus' text format, of this server alone. docs/operations.md lists them.", refuses: []int{http.StatusNotFound}},

	"list-nodes": {does: "Lists the servers that share the database, with how many sessions each has and has room for."},
	"drain-node": {does: "Has a server take no more sessions, so that it can be stopped when its last has ended."},
}
