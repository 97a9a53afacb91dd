package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/browserhook/browserhook/client/webhook"
)

const (
	exampleSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="
	exampleBody   = `{"sessionId":"browser_iwnx132n1","type":"step","data":{"eventType":"step_completed","status":"COMPLETED",` +
		`"stepId":"step_06h0vrn6b12g35g6ph5tvdtch0","index":1,"action":"extract","result":"Example Domain","durationMs":12},` +
		`"id":"evt_06h0vrn6b12g35g6ph5tvdtch0","timestamp":"2026-11-24T11:30:15.123Z","sequence":4,"metadata":{}}`
)

// request is what a server sends.
func request(body string) *http.Request {
	hook, err := standardwebhooks.NewWebhook(exampleSecret)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	signature, err := hook.Sign("evt_06h0vrn6b12g35g6ph5tvdtch0", now, []byte(body))
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	r.Header.Set(webhook.HeaderID, "evt_06h0vrn6b12g35g6ph5tvdtch0")
	r.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(webhook.HeaderSignature, signature)
	return r
}

// A handler verifies, drops duplicates and answers. The function gets each
// event once.
func ExampleNewHandler() {
	hook, err := webhook.NewHandler(func(_ context.Context, e webhook.Event) error {
		fmt.Println(e.Sequence, e.Data.EventType, e.Data.Action, string(e.Data.Result))
		return nil
	}, exampleSecret)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /hook", hook)

	for range 2 { // the sender has lost the first answer
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, request(exampleBody))
		fmt.Println(w.Code)
	}
	// Output:
	// 4 step_completed extract "Example Domain"
	// 204
	// 204
}

// The verifier alone, for other frameworks.
func ExampleVerifier_Verify() {
	verifier, err := webhook.NewVerifier(exampleSecret)
	if err != nil {
		panic(err)
	}
	r := request(exampleBody)
	fmt.Println(verifier.Verify([]byte(exampleBody), r.Header))
	err = verifier.Verify([]byte(`{"forged":true}`), r.Header)
	fmt.Println(errors.Is(err, webhook.ErrSignature))

	e, err := webhook.Parse([]byte(exampleBody))
	fmt.Println(e.SessionID, e.Data.Status, err)
	// Output:
	// <nil>
	// true
	// browser_iwnx132n1 COMPLETED <nil>
}

// table stands for one in your database.
type table map[string]bool

func (t table) Has(_ context.Context, id string) (bool, error) { return t[id], nil }
func (t table) Add(_ context.Context, id string) error         { t[id] = true; return nil }

// What was processed can be remembered in a database.
func ExampleMemory() {
	hook, err := webhook.NewHandler(func(_ context.Context, e webhook.Event) error {
		fmt.Println(e.Data.EventType)
		return nil
	}, exampleSecret)
	if err != nil {
		panic(err)
	}
	seen := table{}
	hook.Memory = seen

	hook.ServeHTTP(httptest.NewRecorder(), request(exampleBody))
	hook.ServeHTTP(httptest.NewRecorder(), request(exampleBody))
	fmt.Println(seen["evt_06h0vrn6b12g35g6ph5tvdtch0"])
	// Output:
	// step_completed
	// true
}
