package domain

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestContractExample holds the first bytes of every body to the example that
// users' code was written against.
func TestContractExample(t *testing.T) {
	s := &Session{ID: "browser_iwnx132n1", ProjectID: "proj_1", Status: SessionReady, StreamToken: "XXX"}
	ev, err := DraftSession(s, EventBrowserReady, "https://chromebrowser.stream", time.Unix(0, 0)).Event(1)
	if err != nil {
		t.Fatal(err)
	}
	const contract = `{"sessionId":"browser_iwnx132n1","type":"browser","data":{"eventType":"browser_ready","status":"READY","streamingUrl":"https://chromebrowser.stream/streams?id=XXX"},`
	if !strings.HasPrefix(string(ev.Body), contract) {
		t.Errorf("got  %s\nwant %s…", ev.Body, contract)
	}
}

// TestGolden fixes every type's body, member by member in order.
func TestGolden(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 30, 15, 123_456_789, time.FixedZone("CET", 3600))
	session := func(status SessionStatus) *Session {
		return &Session{
			ID: "browser_iwnx132n1", ProjectID: "proj_1", Status: status, StreamToken: "XXX",
			Metadata: map[string]string{"order": "7", "a": "<b>&"},
		}
	}
	step := func(status StepStatus) *Step {
		return &Step{
			ID: "step_1", Index: 2, Action: "click", Status: status,
			StartedAt: at, FinishedAt: at.Add(1234 * time.Millisecond),
		}
	}
	const public = "https://chromebrowser.stream"
	endpoint := &Endpoint{ID: "we_1", ProjectID: "proj_1", Status: EndpointDisabled}

	closed := session(SessionClosed)
	closed.CloseReason = ClosedIdle
	failed := session(SessionFailed)
	failed.Error = &Failure{Code: "browser_start_failed", Message: "Chromium ended at once.", Lines: []string{"no such file"}}
	crashed := session(SessionClosing)
	crashed.CloseReason = ClosedCrashed
	crashed.Error = &Failure{Code: "browser_crashed", Message: "Chromium was killed by signal 9."}
	completed := step(StepCompleted)
	completed.Result = json.RawMessage(`{"url":"https://shop.test/?a=1&b=2"}`)
	bad := step(StepFailed)
	bad.Error = &Failure{Code: "timeout", Message: "It did not appear.", WaitedFor: "#buy to be visible", Seen: "no such element"}

	for _, tt := range []struct {
		name  string
		draft Draft
	}{
		{"browser_ready", DraftSession(session(SessionReady), EventBrowserReady, public, at)},
		{"browser_closed", DraftSession(closed, EventBrowserClosed, public, at)},
		{"browser_failed", DraftSession(failed, EventBrowserFailed, public, at)},
		{"browser_crashed", DraftSession(crashed, EventBrowserCrashed, public, at)},
		{"browser_recovered", DraftSession(session(SessionReady), EventBrowserRecovered, public, at)},
		{"browser_takeover_started", DraftTakeover(session(SessionReady), EventTakeoverStarted, &Control{StreamID: "str_1", Name: "Ada"}, public, at)},
		{"browser_takeover_ended", DraftTakeover(session(SessionReady), EventTakeoverEnded, &Control{StreamID: "str_1", Name: "Ada", Since: at.Add(-time.Minute), Artifact: "art_1", Size: 312}, public, at)},
		{"browser_download_completed", DraftDownload(session(SessionReady), Downloaded{
			URL: "https://shop.test/a.csv?x=1&y=2", PageURL: "https://shop.test/", Artifact: Artifact{
				ID: "art_1", SessionID: "browser_1", StepID: "step_1", Name: "a.csv", ContentType: "text/csv; charset=utf-8", SHA256: "5e88",
			},
		}, public, at)},
		{"browser_recording_ready", DraftRecording(session(SessionClosing), 1024, 90*time.Second, public, at)},
		{"step_started", DraftStep(session(SessionReady), step(StepRunning), EventStepStarted, public, at)},
		{"step_completed", DraftStep(session(SessionReady), completed, EventStepCompleted, public, at)},
		{"step_failed", DraftStep(session(SessionReady), bad, EventStepFailed, public, at)},
		{"step_canceled", DraftStep(session(SessionReady), step(StepCanceled), EventStepCanceled, public, at)},
		{"endpoint_disabled", DraftEndpoint(endpoint, EventEndpointDisabled, "gone", at)},
		{"endpoint_failing", DraftEndpoint(&Endpoint{ID: "we_1", ProjectID: "proj_1", Status: EndpointEnabled}, EventEndpointFailing, "failing", at)},
		{"delivery_failed", DraftDelivery(&Delivery{
			ID: "dlv_1", ProjectID: "proj_1", EventID: "evt_1", EndpointID: "we_1", Status: DeliveryFailed, Reason: ReasonExhausted,
		}, at)},
		{"webhook_test", DraftEndpoint(&Endpoint{ID: "we_1", Status: EndpointEnabled}, EventWebhookTest, "", at)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := tt.draft.Event(3)
			if err != nil {
				t.Fatal(err)
			}
			if string(ev.Type) != tt.name {
				t.Errorf("type %s", ev.Type)
			}
			got := strings.Replace(string(ev.Body), ev.ID, "evt_ID", 1) + "\n"
			file := filepath.Join("testdata", tt.name+".json")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, typ := range EventTypes {
		if _, err := os.Stat(filepath.Join("testdata", string(typ)+".json")); err != nil {
			t.Errorf("no golden body for %s", typ)
		}
	}
}

func TestSubscription(t *testing.T) {
	for _, tt := range []struct {
		sub  Subscription
		typ  EventType
		want bool
	}{
		{Subscription{"*"}, EventBrowserReady, true},
		{Subscription{"browser_*"}, EventBrowserReady, true},
		{Subscription{"browser_*"}, EventStepStarted, false},
		{Subscription{"step_*"}, EventStepStarted, true},
		{Subscription{"step_started"}, EventStepStarted, true},
		{Subscription{"step_started"}, EventStepCompleted, false},
		{Subscription{"step_started", "browser_*"}, EventBrowserClosed, true},
		{nil, EventBrowserReady, false},
	} {
		if got := tt.sub.Matches(tt.typ); got != tt.want {
			t.Errorf("%v matches %s: %v", tt.sub, tt.typ, got)
		}
	}
	for _, bad := range []Subscription{nil, {}, {"browser"}, {"*", "nope"}, {"**"}, {"webhook_*"}, {""}, {"*", "step_*", "*"}, slices.Repeat(Subscription{"webhook_test"}, 45_000)} {
		if err := bad.Check("events"); err == nil {
			t.Errorf("%.5q was accepted", bad)
		}
	}
	for _, typ := range EventTypes {
		if err := (Subscription{string(typ)}).Check("events"); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

// TestASubscriptionHasEachEntryOnce: what was stored before that was so is read
// as if it had been.
func TestASubscriptionHasEachEntryOnce(t *testing.T) {
	all := slices.Clone(Wildcards)
	for _, typ := range EventTypes {
		all = append(all, string(typ))
	}
	if err := Subscription(all).Check("events"); err != nil {
		t.Errorf("all %d: %v", len(all), err)
	}
	raw, err := json.Marshal(EndpointSettings{Events: slices.Repeat(Subscription(all), 3000)})
	if err != nil {
		t.Fatal(err)
	}
	var got EndpointSettings
	if err := json.Unmarshal(raw, &got); err != nil || !slices.Equal(got.Events, all) {
		t.Errorf("read %.20q, %v", got.Events, err)
	}
}

func TestIDs(t *testing.T) {
	const n = 5000
	ids := make([]string, n)
	for i := range ids {
		ids[i] = NewID(PrefixSession)
		if !ValidID(PrefixSession, ids[i]) {
			t.Fatalf("%s is not valid", ids[i])
		}
	}
	if !slices.IsSorted(ids) {
		t.Error("ids don't sort in the order they were made")
	}
	if len(slices.Compact(ids)) != n {
		t.Error("an id came twice")
	}
	for _, bad := range []string{"", "browser_", "step_" + ids[0][8:], ids[0] + "0", ids[0][:20], "browser_" + strings.Repeat("u", 26), strings.ToUpper(ids[0])} {
		if ValidID(PrefixSession, bad) {
			t.Errorf("%q is valid", bad)
		}
	}
	if a, b := NewToken(), NewToken(); a == b || len(a) != 32 {
		t.Errorf("tokens %q, %q", a, b)
	}
}
