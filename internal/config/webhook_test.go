package config

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProxy(t *testing.T) {
	for _, raw := range []string{
		"http://proxy.example:3128", "https://me:a%40b@proxy.example:443/", "socks5://10.0.0.1:1080", "http://[::1]:3128", "socks5://me:pw@proxy.example:1080",
	} {
		s := good()
		s.WebhookProxy, s.WebhookProxyNames = raw, true
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if u, err := s.Proxy(); err != nil || u.Port() == "" {
			t.Errorf("%s: %v, %v", raw, u, err)
		}
	}
	if u, err := (&Server{}).Proxy(); u != nil || err != nil {
		t.Errorf("none: %v, %v", u, err)
	}
}

// TestWebhookRoots trusts what is in the files, and the system's authorities
// still.
func TestWebhookRoots(t *testing.T) {
	receiver := httptest.NewTLSServer(http.NotFoundHandler())
	defer receiver.Close()
	cert := receiver.Certificate()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := good()
	if pool, err := s.WebhookRoots(); pool != nil || err != nil {
		t.Errorf("without the setting: %v, %v", pool, err)
	}
	s.WebhookCA = []string{file("Our own authority\n" + string(block) + "\n" + string(block))}
	pool, err := s.WebhookRoots()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: "example.com"}); err != nil {
		t.Errorf("the certificate is not trusted: %v", err)
	}
	want, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	want.AddCert(cert)
	if !pool.Equal(want) {
		t.Error("the pool is not the system's and the file's")
	}
	for content, problem := range map[string]string{
		"": "holds no certificate", "not PEM": "holds no certificate",
		string(block) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "certificate 2",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n":                 "holds a PRIVATE KEY",
	} {
		s.WebhookCA = []string{file(content)}
		if _, err := s.WebhookRoots(); err == nil || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%q: got %v, want %q", content, err, problem)
		}
	}
}
