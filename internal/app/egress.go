package app

import (
	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/egress"
)

// openEgress makes the way out that the settings want.
func openEgress(settings config.Server) (*egress.Client, error) {
	var cfg egress.Config
	var err error
	if cfg.Allow, err = settings.WebhookPrefixes(); err != nil {
		return nil, err
	}
	if cfg.RootCAs, err = settings.WebhookRoots(); err != nil {
		return nil, err
	}
	proxy, err := settings.Proxy()
	if err != nil {
		return nil, err
	}
	if proxy != nil {
		cfg.Proxy = &egress.Proxy{URL: proxy, Names: settings.WebhookProxyNames}
	}
	return egress.New(cfg), nil
}
