package config

import (
	"crypto/x509"
	"encoding/pem"
	"os"
)

// WebhookRoots is what is in webhook-ca beside the system's own authorities; nil
// without the setting.
func (s *Server) WebhookRoots() (*x509.CertPool, error) { return roots("webhook-ca", s.WebhookCA) }

// NodeRoots is what is in node-ca beside the system's own authorities; nil without the
// setting.
func (s *Server) NodeRoots() (*x509.CertPool, error) { return roots("node-ca", s.NodeCA) }

// roots are the certificates in a setting's files, beside the system's authorities.
func roots(setting string, files []string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, path := range files {
		rest, err := os.ReadFile(path)
		if err != nil {
			return nil, wrong(setting, "%q can't be read: %s", path, reason(err))
		}
		found := 0
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if block.Type != "CERTIFICATE" {
				return nil, wrong(setting, "%q holds a %s; only certificates belong there", path, block.Type)
			}
			found++
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, wrong(setting, "certificate %d in %q is damaged", found, path)
			}
			pool.AddCert(cert)
		}
		if found == 0 {
			return nil, wrong(setting, "%q holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", path)
		}
	}
	return pool, nil
}
