package browser

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/sessionlog"
)

// recording is tabs over no browser that keep a log, and how they are told.
func recording(t *testing.T, logs *sessionlog.Folder) (tabs *Tabs, tell func(session, method, params string), entries func() []domain.LogEntry) {
	t.Helper()
	tabs, _ = wireless(t, 0)
	tabs.record(func(_ string, flush func()) (*sessionlog.File, error) { return logs.Open("proj_1/browser_1", flush) })
	tell = func(session, method, params string) {
		tabs.collector.onEvent(cdp.Event{SessionID: session, Method: method, Params: []byte(params)})
	}
	return tabs, tell, func() []domain.LogEntry {
		t.Helper()
		r, err := logs.Read("proj_1/browser_1")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		page, err := sessionlog.Page(r, domain.LogQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return page.Entries
	}
}

func logsFolder(t *testing.T) *sessionlog.Folder {
	t.Helper()
	f, err := sessionlog.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWhatIsRecorded: what pages say and what becomes of what they ask for, without
// what is secret.
func TestWhatIsRecorded(t *testing.T) {
	tabs, tell, entries := recording(t, logsFolder(t))
	tabs.secrets.Add("hunter22")
	done := tabs.AttributeTo("step_1")
	tell("s1", "Runtime.consoleAPICalled", `{"type":"warning","timestamp":1764237600123.5,"args":[{"type":"string","value":"it's hunter22\u0000\ud800"},{"type":"number","value":7},{"type":"object","description":"Array(2)"}],
		"stackTrace":{"callFrames":[{"url":"https://u:p@x.test/a.js","lineNumber":4,"columnNumber":2}]}}`)
	tell("s1", "Runtime.exceptionThrown", `{"timestamp":1764237600124,"exceptionDetails":{"text":"Uncaught","url":"https://x.test/b.js","lineNumber":0,"columnNumber":9,"exception":{"type":"object","description":"Error: no\n at b.js"}}}`)
	tell("s1", "Network.requestWillBeSent", `{"requestId":"L1","type":"Document","timestamp":10,"wallTime":1764237600,"request":{"url":"https://u:p@x.test/?q=hunter22","method":"GET"}}`)
	done()
	tell("s1", "Network.requestWillBeSent", `{"requestId":"L1","type":"Document","timestamp":10.25,"wallTime":1764237600.25,"request":{"url":"https://y.test/","method":"GET"},"redirectResponse":{"status":302,"statusText":"Found","mimeType":"text/html","protocol":"h2","encodedDataLength":120}}`)
	tell("s1", "Network.responseReceived", `{"requestId":"L1","timestamp":10.5,"response":{"status":200,"statusText":"OK","mimeType":"text/html","protocol":"http/1.1",
		"timing":{"requestTime":10.26,"dnsStart":0,"dnsEnd":5,"connectStart":5,"connectEnd":25,"sslStart":10,"sslEnd":25,"sendStart":26,"sendEnd":27,"receiveHeadersEnd":127}}}`)
	tell("s1", "Network.dataReceived", `{"requestId":"L1","dataLength":1000}`)
	tell("s1", "Network.dataReceived", `{"requestId":"L1","dataLength":24}`)
	tell("s1", "Network.loadingFinished", `{"requestId":"L1","timestamp":10.75,"encodedDataLength":800}`)
	tell("s1", "Network.requestWillBeSent", `{"requestId":"1.2","type":"Image","timestamp":11,"wallTime":1764237601,"request":{"url":"https://x.test/c.png","method":"GET"}}`)
	tell("s1", "Network.requestServedFromCache", `{"requestId":"1.2"}`)
	tell("s1", "Network.responseReceived", `{"requestId":"1.2","timestamp":11,"response":{"status":200}}`)
	tell("s1", "Network.loadingFinished", `{"requestId":"1.2","timestamp":11.5}`)
	tell("s1", "Network.requestWillBeSent", `{"requestId":"1.3","type":"Fetch","timestamp":12,"wallTime":1764237602,"request":{"url":"https://no.test/","method":"POST"}}`)
	tell("s1", "Network.loadingFailed", `{"requestId":"1.3","timestamp":12.5,"errorText":"net::ERR_BLOCKED_BY_CLIENT","blockedReason":"inspector"}`)
	tell("w1", "Network.webSocketCreated", `{"requestId":"1.4","url":"wss://x.test/s"}`)
	tell("w1", "Network.webSocketWillSendHandshakeRequest", `{"requestId":"1.4","timestamp":13,"wallTime":1764237603}`)
	tell("w1", "Network.webSocketHandshakeResponseReceived", `{"requestId":"1.4","timestamp":13.1,"response":{"status":101,"statusText":"Switching Protocols"}}`)
	tell("s1", "Network.requestWillBeSent", `{"requestId":"1.5","type":"Image","timestamp":14,"wallTime":1764237604,"request":{"url":"data:image/png;base64,`+strings.Repeat("A", 5000)+`","method":"GET"}}`)
	tabs.collector.refused(cdp.Event{Params: []byte(`{"host":"10.0.0.1","port":22,"class":"blocked","reason":"private address"}`)})
	tabs.collector.refused(cdp.Event{Params: []byte(`{"host":"away.test","port":22,"class":"dns","reason":"has no address"}`)})
	tell("s1", "Target.detachedFromTarget", `{"sessionId":"s1"}`)
	tell("s1", "Network.loadingFinished", `{"requestId":"none","timestamp":99}`)
	tell("s1", "Network.loadingFinished", `not JSON`)

	ms := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	want := []domain.LogEntry{
		{Number: 1, Kind: "console", At: time.UnixMicro(1764237600123500).UTC(), StepID: "step_1", Type: "warning", Text: "it's …\uFFFD\uFFFD 7 Array(2)", URL: "https://x.test/a.js", Line: 5, Column: 3},
		{Number: 2, Kind: "error", At: ms(1764237600124), StepID: "step_1", Text: "Error: no\n at b.js", URL: "https://x.test/b.js", Line: 1, Column: 10},
		{Number: 3, Kind: "request", At: ms(1764237600000), StepID: "step_1", Method: "GET", URL: "https://x.test/?q=…", Resource: "Document", Status: 302, StatusText: "Found", MIMEType: "text/html", Protocol: "h2", RedirectURL: "https://y.test/", Transferred: 120, Over: true, Duration: 250},
		{Number: 4, Kind: "request", At: ms(1764237600250), Method: "GET", URL: "https://y.test/", Resource: "Document", Status: 200, StatusText: "OK", MIMEType: "text/html", Protocol: "http/1.1", Transferred: 800, Body: 1024, Over: true, Duration: 500,
			Timings: &domain.LogTimings{Blocked: 10, DNS: 5, Connect: 20, SSL: 15, Send: 1, Wait: 100, Receive: 364}},
		{Number: 5, Kind: "request", At: ms(1764237601000), Method: "GET", URL: "https://x.test/c.png", Resource: "Image", Status: 200, Cache: "memory", Over: true, Duration: 500},
		{Number: 6, Kind: "request", At: ms(1764237602000), Method: "POST", URL: "https://no.test/", Resource: "Fetch", Failure: "net::ERR_BLOCKED_BY_CLIENT (inspector)", Over: true, Duration: 500},
		{Number: 7, Kind: "request", At: ms(1764237603000), Method: "GET", URL: "wss://x.test/s", Resource: "WebSocket", Status: 101, StatusText: "Switching Protocols", RequestID: "1.4"},
		{Number: 8, Kind: "request", At: ms(1764237604000), Method: "GET", URL: "data:image/png;base64," + strings.Repeat("A", 78) + "…", Resource: "Image", Failure: "its page was closed", Over: true},
		{Number: 9, Kind: "refused", Host: "10.0.0.1", Port: 22, Reason: "private address"},
	}
	got := entries()
	for i := range got {
		if got[i].Number > 7 { // what has no time of the browser's own
			got[i].Duration = 0
		}
		if got[i].Kind == "refused" {
			got[i].At = time.Time{}
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(time.Millisecond)); diff != "" {
		t.Error(diff)
	}
}

// TestTheLogIsWrittenWithinAMoment, and what a server before has written is not
// written again: requests that were under way end, and messages that were told are not
// told twice.
func TestTheLogIsWrittenWithinAMoment(t *testing.T) {
	logs := logsFolder(t)
	synctest.Test(t, func(t *testing.T) {
		tabs, tell, _ := recording(t, logs)
		tell("s1", "Runtime.consoleAPICalled", `{"type":"log","timestamp":1000,"args":[{"type":"string","value":"one"}]}`)
		tell("s1", "Network.requestWillBeSent", `{"requestId":"1.2","type":"Fetch","timestamp":5,"wallTime":100,"request":{"url":"https://x.test/","method":"GET"}}`)
		time.Sleep(writeEvery)
		synctest.Wait()
		// As after a kill: what is in memory is lost.
		again, tellAgain, entries := recording(t, logs)
		_ = tabs.conn.Close()
		again.collector.replay("s1", true)
		tellAgain("s1", "Runtime.consoleAPICalled", `{"type":"log","timestamp":1000,"args":[{"type":"string","value":"one"}]}`)
		tellAgain("s1", "Runtime.consoleAPICalled", `{"type":"log","timestamp":1001,"args":[{"type":"string","value":"two"}]}`)
		again.collector.replay("s1", false)
		tellAgain("s1", "Runtime.consoleAPICalled", `{"type":"log","timestamp":999,"args":[{"type":"string","value":"by a clock that was set back"}]}`)
		tellAgain("s2", "Network.responseReceived", `{"requestId":"1.2","timestamp":9,"response":{"status":201}}`)
		tellAgain("s2", "Network.loadingFinished", `{"requestId":"1.2","timestamp":9,"encodedDataLength":7}`)
		got := entries()
		if len(got) != 4 || got[3].Text != "by a clock that was set back" || got[0].Text != "one" || got[1].Status != 201 || !got[1].Over || got[2].Text != "two" {
			t.Errorf("%+v", got)
		}
		_ = again.conn.Close()
		again.conn.Wait()
	})
}

// TestWhatIsTooMuchIsCounted: events that come faster than they are written, and those
// that are too long.
func TestWhatIsTooMuchIsCounted(t *testing.T) {
	logs := logsFolder(t)
	synctest.Test(t, func(t *testing.T) {
		_, tell, entries := recording(t, logs)
		value, _ := json.Marshal(strings.Repeat("x", maxEvent))
		tell("s1", "Runtime.consoleAPICalled", fmt.Sprintf(`{"type":"log","args":[{"type":"string","value":%s}]}`, value))
		tell("s1", "Runtime.consoleAPICalled", `{"type":"log","args":[{"type":"string","value":"`+strings.Repeat("é", 10_000)+`"}]}`)
		got := entries()
		if len(got) != 2 || !strings.Contains(got[0].Text, "too long") || len(got[1].Text) > maxText+3 || !strings.HasSuffix(got[1].Text, "é…") {
			t.Fatalf("%.300v", got)
		}
		for range maxUnreadEvents + 50 {
			tell("s1", "Network.dataReceived", `{"requestId":"none"}`)
		}
		got = entries()
		if last := got[len(got)-1]; len(got) != 3 || last.Type != "warning" || !strings.Contains(last.Text, "events came faster") {
			t.Errorf("%.300v", got)
		}
	})
}

// TestALogIsReadWhileItIsOpened: whoever reads waits for that.
func TestALogIsReadWhileItIsOpened(t *testing.T) {
	logs := logsFolder(t)
	tabs, _ := wireless(t, 0)
	read := make(chan error, 1)
	tabs.record(func(_ string, flush func()) (*sessionlog.File, error) {
		file, err := logs.Open("proj_1/browser_1", flush)
		go func() {
			r, err := logs.Read("proj_1/browser_1")
			if err == nil {
				err = r.Close()
			}
			read <- err
		}()
		runtime.Gosched()
		return file, err
	})
	if err := <-read; err != nil {
		t.Error(err)
	}
	_ = tabs.conn.Close()
	tabs.conn.Wait()
}

// TestAPageThatNeverStopsIsKeptToARate: what it says beyond that is counted, and not read.
func TestAPageThatNeverStopsIsKeptToARate(t *testing.T) {
	logs := logsFolder(t)
	synctest.Test(t, func(t *testing.T) {
		tabs, tell, entries := recording(t, logs)
		for range 20 {
			for range 2000 {
				tell("s1", "Runtime.consoleAPICalled", `{"type":"log","args":[]}`)
			}
			time.Sleep(time.Second)
		}
		said, lost := 0, 0
		for _, e := range entries() {
			var n int
			if _, err := fmt.Sscanf(e.Text, "(%d events", &n); err == nil {
				lost += n
			} else {
				said++
			}
		}
		if most := maxUnreadEvents + 20*eventsPerSecond; said > most || said < most-eventsPerSecond-100 || said+lost != 40_000 {
			t.Errorf("%d are there and %d counted", said, lost)
		}
		_ = tabs.conn.Close()
		tabs.conn.Wait()
	})
}

// TestWhatAFullDiskDidNotTakeIsWrittenLater: the end of a request too.
func TestWhatAFullDiskDidNotTakeIsWrittenLater(t *testing.T) {
	logs := logsFolder(t)
	synctest.Test(t, func(t *testing.T) {
		tabs, tell, entries := recording(t, logs)
		tell("s1", "Runtime.consoleAPICalled", `{"type":"log","args":[{"type":"string","value":"one"}]}`)
		if got := entries(); len(got) != 1 {
			t.Fatal(got)
		}
		r := tabs.collector
		file := r.file
		r.file = &sessionlog.File{} // which can't be written
		tell("s1", "Runtime.consoleAPICalled", `{"type":"log","args":[{"type":"string","value":"two"}]}`)
		if err := r.write(); err == nil {
			t.Error("it is written")
		}
		r.file = file
		if got := entries(); len(got) != 2 || got[1].Text != "two" {
			t.Errorf("%+v", got)
		}
		_ = tabs.conn.Close()
		tabs.conn.Wait()
	})
}
