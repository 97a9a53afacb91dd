package config

import (
	"net/url"

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
