package config

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"os"
	"strconv"
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
	const setting = "webhook-proxy"
	u, err := url.Parse(s.WebhookProxy)
	if err != nil {
		return nil, wrong(setting, "is not a URL such as http://user:password@proxy.example:3128; write %%40 for @ and %%2F for / in a password")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return nil, wrong(setting, "must begin with http://, https:// or socks5://")
	case u.Hostname() == "":
		return nil, wrong(setting, "has no host")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, wrong(setting, "must be only scheme, user, password, host and port")
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
		return nil, wrong(setting, "needs a port from 1 to 65535")
	}
	if password, _ := u.User.Password(); u.Scheme == "socks5" && u.User != nil && (u.User.Username() == "" || len(u.User.Username()) > 255 || len(password) > 255) {
		return nil, wrong(setting, "a SOCKS5 proxy takes a user and a password of up to 255 bytes")
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
