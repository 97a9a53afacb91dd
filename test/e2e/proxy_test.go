package e2e

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/egress/egresstest"
	"github.com/browserhook/browserhook/test/harness"
)

// TestWebhooksThroughAProxy sends to addresses that nobody answers at but behind
// the proxy, in the clear and to a receiver with a certificate of an authority of
// its own.
func TestWebhooksThroughAProxy(t *testing.T) {
	dir := harness.Isolate(t)
	receiver := harness.NewReceiver(t)
	secure := httptest.NewTLSServer(receiver)
	defer secure.Close()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	const password = "hunter2-of-the-proxy"
	kind := egresstest.ProxyKind{User: "me", Password: password}
	at, err := url.Parse(receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	clear := egresstest.StartProxy(t, kind, at.Host)
	tunnel := egresstest.StartProxy(t, kind, secure.Listener.Addr().String())
	sent := 0
	for _, c := range []struct {
		proxy  *egresstest.Proxy
		args   []string
		target string
		want   string
	}{
		{clear, nil, "http://93.184.215.14/hook", "CONNECT 93.184.215.14:80"},
		{tunnel, []string{"--webhook-proxy-names", "--webhook-ca=" + ca}, "https://example.com/hook", "CONNECT example.com:443"},
	} {
		server := harness.Start(t, filepath.Join(dir, c.want[len(c.want)-2:]), append(c.args, "--webhook-proxy="+c.proxy.URL.String(), "--log-level=debug")...)
		client := server.Client()
		made, err := client.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{"url": c.target, "events": []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		test := "/v1/webhook-endpoints/" + made.String("endpointId") + "/test"
		delivery, err := client.Do(t.Context(), http.MethodPost, test, nil)
		if err != nil {
			t.Fatal(err)
		}
		sent++
		receiver.Wait(t, "the webhook", func(d []harness.Delivery) bool { return len(d) == sent })
		if got := c.proxy.Targets(); !slices.Equal(got, []string{c.want}) {
			t.Errorf("the proxy was asked for %v, want %s", got, c.want)
		}
		var attempts []harness.Object
		if err := harness.Until(t.Context(), func() (bool, error) {
			got, err := client.Do(t.Context(), http.MethodGet, "/v1/deliveries/"+delivery.String("deliveryId")+"/attempts", nil)
			attempts = got.List("data")
			return len(attempts) == 1, err
		}); err != nil {
			t.Fatal(err)
		}
		if at := attempts[0].String("remoteAddress"); at == "" || "CONNECT "+at != c.want || attempts[0].String("errorClass") != "" {
			t.Errorf("the attempt is %v", attempts[0])
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if strings.Contains(server.Output(), password) {
			t.Errorf("the password is in the log:\n%s", server.Output())
		}
	}
}
