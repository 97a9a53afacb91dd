package config

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"os"

	"github.com/browserhook/browserhook/internal/weburl"
)

// Proxy is webhook-proxy, parsed; nil is none. Its errors don't quote the
// setting, which may hold a password.
func (s *Server) Proxy() (*url.URL, error) {
	if s.WebhookProxy == "" {
		if s.WebhookProxyNames {
			return nil, wrong("webhook-proxy-names", "there is no webhook-proxy")
		}
		return nil, nil
	}
	u, err := weburl.Proxy(s.WebhookProxy)
	if err != nil {
		return nil, wrong("webhook-proxy", "%s", err)
	}
	return u, nil
}

// WebhookRoots is what is in webhook-ca beside the system's own authorities; nil
// without the setting.
func (s *Server) WebhookRoots() (*x509.CertPool, error) {
	if len(s.WebhookCA) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, path := range s.WebhookCA {
		rest, err := os.ReadFile(path)
		if err != nil {
			return nil, wrong("webhook-ca", "%q can't be read: %s", path, reason(err))
		}
		found := 0
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if block.Type != "CERTIFICATE" {
				return nil, wrong("webhook-ca", "%q holds a %s; only certificates belong there", path, block.Type)
			}
			found++
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, wrong("webhook-ca", "certificate %d in %q is damaged", found, path)
			}
			pool.AddCert(cert)
		}
		if found == 0 {
			return nil, wrong("webhook-ca", "%q holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", path)
		}
	}
	return pool, nil
}
