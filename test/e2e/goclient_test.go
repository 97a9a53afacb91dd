package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/test/harness"
)

// TestTheGoClient does with a server what its users do: a session with steps that have
// results, one that fails, what happened, what there is, and the end.
func TestTheGoClient(t *testing.T) {
	dir := harness.Isolate(t)
	site, server, hook := modelSite(t), harness.Start(t, filepath.Join(dir, "data")), harness.NewReceiver(t)
	client, err := browserhook.New(browserhook.Options{URL: server.URL, Key: harness.Key})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Deadline)
	defer cancel()
	endpoint, err := client.Endpoints.Create(ctx, browserhook.CreateEndpointRequest{URL: hook.URL, Events: []string{webhook.StepFailed}})
	if err != nil || endpoint.Status != browserhook.EndpointEnabled || endpoint.Secret == "" {
		t.Fatal(endpoint, err)
	}
	session, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{URL: site, Metadata: map[string]string{"for": "go"}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close(context.WithoutCancel(ctx))
	happened := make(chan []string, 1)
	go func() {
		var all []string
		for e, err := range session.Events(ctx) {
			if err != nil {
				t.Error(err)
				break
			}
			all = append(all, e.Data.EventType)
		}
		happened <- all
	}()
	if err := session.Ready(ctx); err != nil || session.Metadata["for"] != "go" || !strings.HasPrefix(session.ConnectURL, "ws") {
		t.Fatal(session, err)
	}

	page, name, shot := browserhook.Goto(site), browserhook.Evaluate("document.querySelector('input').value"), browserhook.Screenshot()
	runs, err := session.Run(ctx, page, browserhook.Fill("label=Name", "12"), name, &browserhook.ClickStep{Target: "#nothing", Timeout: "50ms", Optional: true}, shot)
	if err != nil || len(runs) != 5 || runs[3].Status != browserhook.StepFailed {
		t.Fatal(runs, err)
	}
	if page.Result.URL != site+"/" || string(name.Result) != `"12"` || shot.Result.ContentType != "image/png" {
		t.Errorf("%+v, %s, %+v", page.Result, name.Result, shot.Result)
	}
	file, err := session.Artifact(ctx, shot.Result.ArtifactID)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := io.ReadAll(file)
	if file.Close(); err != nil || int64(len(picture)) != shot.Result.Size || file.Size != shot.Result.Size || http.DetectContentType(picture) != "image/png" {
		t.Errorf("%d bytes, %v", len(picture), err)
	}
	start, err := session.ArtifactStart(ctx, shot.Result.ArtifactID, 8)
	if err != nil {
		t.Fatal(err)
	}
	few, err := io.ReadAll(start)
	if start.Close(); err != nil || start.Size != file.Size || !bytes.Equal(few, picture[:8]) {
		t.Errorf("%q, %d, %v", few, start.Size, err)
	}

	_, err = session.Run(ctx, &browserhook.ClickStep{Target: "#nothing", Timeout: "2s"}, browserhook.Back())
	if e, ok := errors.AsType[*browserhook.StepFailedError](err); !ok || e.Code != "target_not_found" || e.Step.Action != "click" {
		t.Error(err)
	}
	_, err = session.Run(ctx, browserhook.AnyStep{"action": "click", "target": "#a", "colour": "red"})
	if e, ok := errors.AsType[*browserhook.Error](err); !ok || e.Code != "invalid_request" || e.Status != http.StatusUnprocessableEntity || e.RequestID == "" || len(e.Fields) != 1 || e.Fields[0].Field != "steps[0].colour" {
		t.Errorf("%#v", err)
	}
	// A run that is given up leaves nothing running.
	short, stop := context.WithCancel(ctx)
	_, err = session.RunSteps(short, browserhook.AddStepsRequest{Steps: []browserhook.Step{browserhook.WaitFor("#nothing"), browserhook.Back()}}, func([]browserhook.StepRun) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	steps, err := browserhook.Collect(session.Steps(ctx, browserhook.ListStepsParams{Limit: 3}))
	if err != nil || len(steps) != 10 || steps[8].Status != browserhook.StepCanceled || steps[9].Status != browserhook.StepCanceled {
		t.Errorf("%d steps, %v", len(steps), err)
	}

	link, err := session.Live(ctx, browserhook.CreateStreamRequest{Mode: browserhook.StreamControl})
	if err != nil || !strings.HasPrefix(link.StreamingURL, server.URL+"/streams?id=") {
		t.Error(link, err)
	}
	if err := session.RevokeLive(ctx, link.StreamID); err != nil {
		t.Error(err)
	}
	if link, err = session.GetLive(ctx, link.StreamID); err != nil || link.RevokedAt.IsZero() {
		t.Error(link, err)
	}
	if logs, err := browserhook.Collect(session.Logs(ctx, browserhook.ReadLogsParams{Kinds: []string{"request"}})); err != nil || len(logs) == 0 || logs[0].URL != site+"/" {
		t.Error(logs, err)
	}
	if err := session.Close(ctx); err != nil {
		t.Error(err)
	}
	all := <-happened
	if len(all) == 0 || all[0] != webhook.BrowserReady || all[len(all)-1] != webhook.BrowserClosed || !slices.Contains(all, webhook.StepFailed) {
		t.Errorf("%q happened", all)
	}
	log, err := browserhook.Collect(client.Events.List(ctx, browserhook.ListEventsParams{SessionID: session.SessionID, Limit: 4}))
	if err != nil || len(log) != len(all) {
		t.Errorf("%d events, %v", len(log), err)
	}
	if err := session.Refresh(ctx); err != nil || session.Status != browserhook.SessionClosed || session.CloseReason != browserhook.ClosedRequested {
		t.Error(session, err)
	}
	listed, err := browserhook.Collect(client.Deliveries.List(ctx, browserhook.ListDeliveriesParams{EndpointID: endpoint.EndpointID, EventType: webhook.StepFailed}))
	if err != nil || len(listed) != 2 || listed[0].SessionID != session.SessionID {
		t.Error(listed, err)
	}
	if err := session.Forget(ctx); err != nil {
		t.Error(err)
	}
	another, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{})
	if err == nil {
		err = errors.Join(another.Ready(ctx), another.Close(ctx), another.Forget(ctx)) // which waits until its browser has gone
	}
	if err != nil {
		t.Error(err)
	}
	_, err = client.Sessions.Get(ctx, session.SessionID)
	if e, ok := errors.AsType[*browserhook.Error](err); !ok || e.Code != "not_found" {
		t.Error(err)
	}
}
