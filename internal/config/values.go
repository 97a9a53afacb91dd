package config

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// WebhookPrefixes is webhook-allow, parsed.
func (s *Server) WebhookPrefixes() ([]netip.Prefix, error) {
	return prefixes("webhook-allow", s.WebhookAllow)
}

// BrowserPrefixes is browser-allow, parsed.
func (s *Server) BrowserPrefixes() ([]netip.Prefix, error) {
	return prefixes("browser-allow", s.BrowserAllow)
}

// Grace is stop-grace, parsed.
func (s *Server) Grace() (time.Duration, error) {
	d, err := time.ParseDuration(s.StopGrace)
	if err != nil || d < time.Second || d > time.Hour {
		return 0, wrong("stop-grace", "%q is not a time from 1s to 1h, such as 8s", s.StopGrace)
	}
	return d, nil
}

// KeepBrowsers is keeper-grace, parsed; 0: not at all.
func (s *Server) KeepBrowsers() (time.Duration, error) {
	d, err := time.ParseDuration(s.KeeperGrace)
	if err != nil || d < 0 || d > time.Hour {
		return 0, wrong("keeper-grace", "%q is not a time up to 1h, such as 60s, or 0", s.KeeperGrace)
	}
	return d, nil
}

// ProxyPrefixes is trusted-proxies, parsed.
func (s *Server) ProxyPrefixes() ([]netip.Prefix, error) {
	return prefixes("trusted-proxies", s.TrustedProxies)
}

func prefixes(setting string, ranges []string) ([]netip.Prefix, error) {
	all := make([]netip.Prefix, 0, len(ranges))
	for _, c := range ranges {
		p, err := netip.ParsePrefix(strings.TrimSpace(c))
		if err != nil {
			return nil, wrong(setting, "%q is not a range of addresses such as 10.0.0.0/8", c)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// Keep is retention, parsed; 0 is for ever.
func (s *Server) Keep() (time.Duration, error) { return kept("retention", s.Retention) }

// KeepArtifacts is artifact-retention, parsed; 0 is for ever.
func (s *Server) KeepArtifacts() (time.Duration, error) {
	return kept("artifact-retention", s.ArtifactRetention)
}

func kept(setting, value string) (time.Duration, error) {
	if value == "0" || value == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Hour {
		return 0, wrong(setting, "%q is not a time of at least 1h, such as 720h", value)
	}
	return d, nil
}

// LargestDownload is max-download, in bytes.
func (s *Server) LargestDownload() (int64, error) {
	n, err := bytesOf(s.MaxDownload)
	if err != nil || n < 1<<10 || n > 64<<30 {
		return 0, wrong("max-download", "%q is not a size from 1KiB to 64GiB, such as 256MiB", s.MaxDownload)
	}
	return n, nil
}

// bytesOf reads a size: a whole number of KiB, MiB or GiB.
func bytesOf(size string) (int64, error) {
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if n, ok := strings.CutSuffix(size, unit); ok {
			count, err := strconv.ParseInt(n, 10, 32)
			return count << (10 * (i + 1)), err
		}
	}
	return 0, strconv.ErrSyntax
}

// Level is log-level, parsed.
func (s *Server) Level() (slog.Level, error) {
	switch s.LogLevel {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, wrong("log-level", "%q is none of debug, info, warn, error", s.LogLevel)
}

// Logger writes to w what the server has to say, as log-level and log-format
// ask; what can't be understood in them is for Check to tell.
func (s *Server) Logger(w io.Writer) *slog.Logger {
	level, _ := s.Level()
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		options.ReplaceAttr = unit
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// unit names the unit of a time in JSON, where it is only a number.
func unit(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindDuration {
		return a
	}
	return slog.Float64(a.Key+"Ms", float64(a.Value.Duration().Microseconds())/1000)
}

// NodeAddress is node-url, given the address that the server listens on.
func (s *Server) NodeAddress(listens net.Addr) string {
	base, zero := strings.CutSuffix(s.NodeURL, ":0")
	if a, ok := listens.(*net.TCPAddr); ok && zero {
		return fmt.Sprintf("%s:%d", base, a.Port)
	}
	return s.NodeURL
}
