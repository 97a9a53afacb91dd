package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// specified verifies a v1a signature by what the public specification of
// Standard Webhooks says and nothing of ours: the signed content is
// "{webhook-id}.{webhook-timestamp}.{body}"; the header is a list separated by
// spaces of "v1a," and the base64 of the ed25519 signature; the public key is
// "whpk_" and base64.
func specified(public string, h http.Header, body []byte) bool {
	text, ok := strings.CutPrefix(public, "whpk_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) != ed25519.PublicKeySize {
		return false
	}
	content := h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(body)
	for _, one := range strings.Split(h.Get("webhook-signature"), " ") {
		version, text, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.DecodeString(text)
		if version == "v1a" && err == nil && ed25519.Verify(key, []byte(content), signature) {
			return true
		}
	}
	return false
}

func TestAsymmetricSignaturesVerifyByTheSpecification(t *testing.T) {
	old, current, foreign := NewPrivateKey(), NewPrivateKey(), NewPrivateKey()
	var header http.Header
	var got []byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		got, _ = io.ReadAll(r.Body)
	}))
	defer srv.Close()
	client := egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer client.CloseIdle()
	var templates templateCache
	a := attempts{sender: client, userAgent: "test"}
	endpoint := &domain.Endpoint{
		ID: "we_1", ProjectID: "proj_1", EndpointSettings: domain.EndpointSettings{URL: srv.URL},
		Secrets: []domain.Secret{{Value: NewSecret()}, {Value: current}, {Value: old}},
	}
	for _, body := range []string{`{"sessionId":"browser_1","type":"browser","data":{"status":"READY"}}`, `{"name":"Zoë 🦊","dots":"a.b.c"}`, ""} {
		r, _ := a.make(t.Context(), &templates, &domain.Job{
			Delivery: domain.Delivery{ID: "dlv_1", EventID: "evt_1", Status: domain.DeliverySending}, Endpoint: endpoint, Body: []byte(body),
		})
		if r.outcome.Delivery.Status != domain.DeliveryDelivered || string(got) != body {
			t.Fatalf("got %q, %+v", got, r.outcome)
		}
		for name, private := range map[string]string{"current": current, "old": old} {
			key, err := PublicKey(private)
			if err != nil {
				t.Fatal(err)
			}
			public := domain.PublicKeyPrefix + base64.StdEncoding.EncodeToString(key)
			if !specified(public, header, got) {
				t.Errorf("the %s key doesn't verify %q", name, header.Get("webhook-signature"))
			}
			if specified(public, header, append([]byte(" "), got...)) {
				t.Error("another body is accepted")
			}
			for _, changed := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
				h := header.Clone()
				h.Set(changed, h.Get(changed)[1:])
				if changed == "webhook-signature" {
					h.Set(changed, strings.ReplaceAll(header.Get(changed), "v1a,", "v1a,A"))
				}
				if specified(public, h, got) {
					t.Errorf("another %s is accepted", changed)
				}
			}
		}
		key, err := PublicKey(foreign)
		if err != nil {
			t.Fatal(err)
		}
		if specified(domain.PublicKeyPrefix+base64.StdEncoding.EncodeToString(key), header, got) {
			t.Error("a foreign key verifies")
		}
	}
}
