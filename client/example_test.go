package browserhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
)

// server answers the examples as a browserhook server does: their sessions open a shop.
var server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	const at, session = `"createdAt":"2026-11-24T11:30:14.000Z"`, `{"sessionId":"browser_iwnx132n1","status":"READY","connectUrl":"wss://server/connect/browser_iwnx132n1?token=XXX"}`
	var in struct {
		Steps []struct{ Action, Target string }
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/sessions/browser_iwnx132n1/steps":
		results := map[string]string{"goto": `{"url":"https://shop.example/","title":"Shop","status":200}`, "extract": `[{"name":"Tea","price":4.5},{"name":"Cup","price":12}]`}
		runs := make([]string, len(in.Steps))
		for i, s := range in.Steps {
			status, more := "COMPLETED", ""
			if result := results[s.Action]; result != "" {
				more = `,"result":` + result
			}
			if s.Target == "text=Sold out" {
				status, more = "FAILED", `,"error":{"code":"target_disabled","message":"The target is disabled."}`
			}
			runs[i] = fmt.Sprintf(`{"stepId":"step_%d","index":%d,"action":%q,"status":%q,%s%s}`, i, i, s.Action, status, at, more)
		}
		fmt.Fprintf(w, `{"data":[%s]}`, strings.Join(runs, ","))
	case "GET /v1/sessions":
		fmt.Fprintf(w, `{"data":[%s]}`, session)
	case "GET /v1/events":
		w.Header().Set("Content-Type", "text/event-stream")
		for i, e := range [][2]string{{"browser_ready", "READY"}, {"browser_closed", "CLOSED"}} {
			fmt.Fprintf(w, "id: evt_%d\ndata: {\"sessionId\":\"browser_iwnx132n1\",\"type\":\"browser\",\"data\":{\"eventType\":%q,\"status\":%q},\"id\":\"evt_%d\",\"sequence\":%d}\n\n", i, e[0], e[1], i, i+1)
		}
	case "GET /v1/sessions/nothing":
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"status":404,"code":"not_found","title":"Not Found","detail":"There is no session nothing."}`)
	default:
		fmt.Fprint(w, session)
	}
}))

// connect is browserhook.New(browserhook.Options{}) with the server of the examples.
func connect() *browserhook.Client {
	client, err := browserhook.New(browserhook.Options{URL: server.URL, Key: "bh_…"})
	if err != nil {
		panic(err)
	}
	return client
}

// A session runs steps, each of which waits until it can be done. Their results are in
// the steps.
func Example() {
	ctx := context.Background()
	client := connect() // browserhook.New(browserhook.Options{}) takes $BROWSERHOOK_URL and $BROWSERHOOK_KEY
	session, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{Timeout: "5m"})
	if err != nil {
		panic(err)
	}
	defer session.Close(ctx)

	page := browserhook.Goto("https://shop.example")
	goods := &browserhook.ExtractStep{Each: ".good", Fields: map[string]any{
		"name": "h2", "price": browserhook.ExtractField{Target: ".price", Type: "number"},
	}}
	if _, err := session.Run(ctx, page, browserhook.Click("text=All goods"), goods); err != nil {
		panic(err)
	}
	var list []struct {
		Name  string
		Price float64
	}
	if err := json.Unmarshal(goods.Result, &list); err != nil {
		panic(err)
	}
	fmt.Println(page.Result.Title, list)
	// Output: Shop [{Tea 4.5} {Cup 12}]
}

// A step that is not done is an error that says why.
func ExampleSession_Run() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := connect().Session("browser_iwnx132n1").Run(ctx, browserhook.Click("text=Sold out"))
	var failed *browserhook.StepFailedError
	if errors.As(err, &failed) {
		fmt.Println(failed.Step.Action, failed.Code)
	}
	// Output: click target_disabled
}

// What happens in a session, until it ends. A connection that is lost is made again, and
// nothing is missed.
func ExampleSession_Events() {
	for e, err := range connect().Session("browser_iwnx132n1").Events(context.Background()) {
		if err != nil {
			panic(err)
		}
		fmt.Println(e.Sequence, e.Data.EventType)
	}
	// Output:
	// 1 browser_ready
	// 2 browser_closed
}

// Lists are read page by page, as far as they are used.
func ExampleSessions_List() {
	for session, err := range connect().Sessions.List(context.Background(), browserhook.ListSessionsParams{Status: browserhook.SessionReady}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(session.SessionID, session.ConnectURL) // for Playwright
	}
	// Output: browser_iwnx132n1 wss://server/connect/browser_iwnx132n1?token=XXX
}

func ExampleError() {
	_, err := connect().Sessions.Get(context.Background(), "nothing")
	var e *browserhook.Error
	if errors.As(err, &e) {
		fmt.Println(e.Status, e.Code)
	}
	// Output: 404 not_found
}

// A change says what is to be changed; an empty value clears.
func ExampleEndpoints_Update() {
	_, err := connect().Endpoints.Update(context.Background(), "we_06h0vrn6b12g35g6ph5tvdtch0", browserhook.UpdateEndpointRequest{
		RateLimit: new(50), Description: new(""),
	})
	fmt.Println(err)
	// Output: <nil>
}
