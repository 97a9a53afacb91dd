package e2e

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/test/harness"
)

// TestTheReceiverKnowsTheSecretFirst verifies the very first webhooks with a
// secret that was there before their endpoints, one for all sessions and one of
// a single session. That one ends when its session has and all has arrived.
func TestTheReceiverKnowsTheSecretFirst(t *testing.T) {
	const secret = "whsec_dGhlIHJlY2VpdmVyIGhhcyBoYWQgaXQgYWxsIGFsb25n"
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--log-level=debug")
	c := server.Client()
	receiver := harness.NewReceiver(t)
	if _, err := c.Do(t.Context(), "POST", "/v1/webhook-endpoints", obj{"url": receiver.URL, "events": []string{"browser_*"}, "secret": secret}); err != nil {
		t.Fatal(err)
	}
	made, err := c.Do(t.Context(), "POST", "/v1/sessions", obj{
		"webhook": obj{"url": receiver.URL, "events": []string{"browser_*"}, "secret": secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	inline := obj(made["webhook"].(map[string]any))
	if inline.String("secret") != secret {
		t.Errorf("the answer has %q", inline.String("secret"))
	}
	if _, err := c.WaitSession(t.Context(), made.String("sessionId"), "READY"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), "GET", "/v1/webhook-endpoints/"+inline.String("endpointId"), nil); err != nil {
		t.Errorf("while its session is open: %v", err)
	}
	if _, err := c.Do(t.Context(), "DELETE", "/v1/sessions/"+made.String("sessionId"), nil); err != nil {
		t.Fatal(err)
	}
	for _, d := range receiver.Wait(t, "ready and closed, twice", func(d []harness.Delivery) bool { return len(d) == 4 }) {
		if err := webhook.Verify(d.Body, d.Header, secret); err != nil {
			t.Errorf("%s: %v", d.Body, err)
		}
	}
	if err := harness.Until(t.Context(), func() (bool, error) {
		_, err := c.Do(t.Context(), "GET", "/v1/webhook-endpoints/"+inline.String("endpointId"), nil)
		status, ok := errors.AsType[*harness.StatusError](err)
		return ok && status.Status == http.StatusNotFound, nil
	}); err != nil {
		t.Errorf("it lives on: %v", err)
	}
	all, err := c.Do(t.Context(), "GET", "/v1/webhook-endpoints", nil)
	if err != nil || len(all.List("data")) != 1 {
		t.Errorf("listed: %v, %v", all, err)
	}
	if strings.Contains(server.Output(), secret[6:]) {
		t.Error("the log tells the secret")
	}
}
