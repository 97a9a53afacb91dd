// Package config is every setting of the server: one annotated struct from
// which flags, environment variables (BROWSERHOOK_NAME), keys of a YAML file,
// defaults, checks, the printed reference and the start-up summary all come.
package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/browserhook/browserhook/internal/weburl"
)

// Server is the settings of `browserhook serve`.
type Server struct {
	Listen            string   `help:"Address and port to listen on; port 0 takes a free one." default:"127.0.0.1:8080" placeholder:"ADDR"`
	PublicURL         string   `help:"Address under which users reach the server, for streaming URLs. Default: http:// and the listen address." placeholder:"URL"`
	Data              string   `help:"Folder of the database, the artifacts and the running browsers' files." default:"browserhook-data" placeholder:"DIR" type:"path"`
	DatabaseURL       string   `help:"PostgreSQL database to keep all state in, postgres://user:password@host/name, that several servers may share. Default: a file inside data." placeholder:"URL"`
	NodeURL           string   `help:"Address under which the other servers of the database reach this one, http://host:port; port 0 is the one that it listens on. Needed with database-url, unless the host of listen is one that they reach." placeholder:"URL"`
	NodeCA            []string `help:"Files of certificate authorities (PEM) that the other servers' node-urls may have, beside the system's." placeholder:"FILE" type:"path"`
	ArtifactsURL      string   `help:"Where screenshots and other artifacts are kept: a file:// URL, or s3://bucket?region=… for a bucket of an S3-compatible store. Default: the folder artifacts inside data." placeholder:"URL"`
	APIKey            string   `help:"The first API key: bh_ and at least 32 letters or digits. Without it one is made and printed on the first start." placeholder:"KEY"`
	MasterKey         string   `help:"Encrypts the secrets of webhooks, sessions and steps in the database, and what browsers have stored among the artifacts: 32 bytes in base64; older keys may follow after a space. Default: the file master.key inside data, made on the first start." placeholder:"KEY"`
	Retention         string   `help:"How long sessions that have ended, their steps, events, deliveries and attempts are kept, at least 1h; 0 is for ever." default:"720h" placeholder:"TIME"`
	ArtifactRetention string   `help:"How long artifacts are kept, at least 1h; 0 is for ever." default:"0" placeholder:"TIME"`
	StopGrace         string   `help:"How long a stop may take, at least 1s: running steps and webhooks under way may finish; what hangs is left to the next start." default:"8s" placeholder:"TIME"`
	KeeperGrace       string   `help:"How long browsers outlive the server, for it to come back and go on with its sessions, up to 1h; 0: they end with it." default:"60s" placeholder:"TIME"`
	KeepSessions      string   `help:"Whether SIGTERM leaves sessions to the next start, which goes on with them: auto, where browsers can outlive the server; always; or never. SIGINT ends them." default:"auto" placeholder:"WHEN"`
	TrustedProxies    []string `help:"Addresses (CIDR) of proxies in front of the server: whom they name in X-Forwarded-For counts as the client." placeholder:"CIDR"`
	MaxConnections    int      `help:"Connections that may be open at once, a quarter of them from one client; further ones are told to come back." default:"4096" placeholder:"N"`
	EmbedOrigins      []string `name:"embed-origins" help:"Origins whose pages may show the live page in a frame, such as https://app.example.com; *: all may show one that is only to be looked at. Default: none." placeholder:"ORIGIN"`
	CORSOrigins       []string `name:"cors-origins" help:"Origins whose pages may use the API, such as https://app.example.com; *: all. Default: none." placeholder:"ORIGIN"`
	WebhookAllow      []string `help:"Address ranges (CIDR) inside private space that webhooks may be sent to." placeholder:"CIDR"`
	WebhookProxy      string   `help:"Proxy that all webhooks go through: http://, https:// or socks5://, [user:password@]host:port." placeholder:"URL"`
	WebhookProxyNames bool     `help:"Have the proxy resolve the names of webhook targets: it must then keep private addresses closed itself. Default: they are resolved and checked here."`
	WebhookCA         []string `help:"Files of certificate authorities (PEM) that receivers of webhooks and the proxy may have, beside the system's." placeholder:"FILE" type:"path"`
	BrowserAllow      []string `help:"Address ranges (CIDR) inside private space, loopback or this machine's own addresses that pages in sessions may reach." placeholder:"CIDR"`
	NoFailureBundles  bool     `help:"Keep nothing of what a page was like when a step failed on it. Default: a picture, the accessibility tree, the console and the network are kept as an artifact."`
	NoDashboard       bool     `help:"Serve no dashboard: / leads to the documents."`
	MaxDownload       string   `help:"Size of the largest file that a page may download, up to 64GiB and half of browser-disk: a larger one is stopped. Default: 256MiB, or that half where it is less." placeholder:"SIZE"`
	Record            string   `help:"How sessions are recorded that say nothing of it: off; all; or a time from 10s to 24h, such as 5m, of which the last is kept." default:"off" placeholder:"WHAT"`
	MaxRecording      string   `help:"Bytes that the recording of a session may have, at least 16MiB; 0: any number. One that has more is not continued; of one that keeps the last so long, the oldest goes." default:"256MiB" placeholder:"SIZE"`
	MaxSessions       int      `help:"Browsers that may run at once; further sessions wait. Default: one per GiB of memory, at least 2." placeholder:"N"`
	MaxQueued         int      `help:"Sessions that may wait for a browser, of all projects and servers together; when so many do, further ones of the projects that have some waiting are refused." default:"10000" placeholder:"N"`
	PoolSize          *int     `help:"Browsers that are kept ready for sessions to come; 0: none. Default: 1 on a machine with 1.5 GiB of memory or more." placeholder:"N"`
	BrowserMemory     string   `help:"Memory that a browser may have; 0: any. One that takes more is ended." default:"2GiB" placeholder:"SIZE"`
	BrowserDisk       string   `help:"Disk that a browser's files may take, downloads included; 0: any. One that takes more is ended." default:"1GiB" placeholder:"SIZE"`
	BrowserProcesses  int      `help:"Processes and threads that a browser may have; 0: any number." default:"2048" placeholder:"N"`
	BrowserCPUs       float64  `name:"browser-cpus" help:"Processors that a browser may keep busy, such as 1.5, where control groups can be had; 0: all." default:"0" placeholder:"N"`
	Chromium          string   `help:"Path of the Chromium to start, or of its headless shell. Default: those that are installed, the headless shell before the whole browser." placeholder:"PATH"`
	MetricsListen     string   `help:"Another address and port to serve /metrics on, without a key: one that only Prometheus reaches. Default: they are at listen alone, for keys of operators." placeholder:"ADDR"`
	LogLevel          string   `help:"debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	LogFormat         string   `help:"text or json." default:"text" placeholder:"FORMAT"`
}

var apiKey = regexp.MustCompile(`^bh_[A-Za-z0-9]+$`)

// Error is a setting with a value that can't be used.
type Error struct {
	Setting string // as in the file and, after "--", as a flag
	Problem string
}

func (e *Error) Error() string { return fmt.Sprintf("setting %q: %s", e.Setting, e.Problem) }

func wrong(setting, format string, args ...any) error {
	return &Error{Setting: setting, Problem: fmt.Sprintf(format, args...)}
}

// Check returns an *Error that names the first setting that can't work, and
// fills in the defaults that depend on the machine.
func (s *Server) Check() error {
	if err := checkAddress("listen", s.Listen); err != nil {
		return err
	}
	if err := s.checkMetricsListen(); err != nil {
		return err
	}
	if err := s.checkPublicURL(); err != nil {
		return err
	}
	for name, all := range map[string][]string{"cors-origins": s.CORSOrigins, "embed-origins": s.EmbedOrigins} {
		for _, origin := range all {
			if written, err := server(name, origin); origin != "*" && (err != nil || written != origin || strings.Contains(origin, "*")) {
				return wrong(name, "%q is not an origin, such as https://app.example.com", origin)
			}
		}
	}
	if s.Data == "" {
		return wrong("data", "must name a folder")
	}
	if s.DatabaseURL != "" && !strings.HasPrefix(s.DatabaseURL, "postgres://") && !strings.HasPrefix(s.DatabaseURL, "postgresql://") {
		return wrong("database-url", "must begin with postgres://")
	}
	if err := s.checkNodeURL(); err != nil {
		return err
	}
	if err := checkArtifactsURL(s.ArtifactsURL); err != nil {
		return err
	}
	if n := len(s.APIKey); n > 0 && (n < 35 || n > 256 || !apiKey.MatchString(s.APIKey)) {
		return wrong("api-key", "must be bh_ and 32 to 253 letters or digits")
	}
	if err := checkRecord(s.Record); err != nil {
		return err
	}
	if _, err := s.LargestRecording(); err != nil {
		return err
	}
	if _, err := s.WebhookPrefixes(); err != nil {
		return err
	}
	if _, err := s.BrowserPrefixes(); err != nil {
		return err
	}
	if _, err := s.Proxy(); err != nil {
		return err
	}
	if _, err := s.WebhookRoots(); err != nil {
		return err
	}
	if _, err := s.NodeRoots(); err != nil {
		return err
	}
	if _, err := s.Grace(); err != nil {
		return err
	}
	if _, err := s.KeepBrowsers(); err != nil {
		return err
	}
	if s.KeepSessions != "auto" && s.KeepSessions != "always" && s.KeepSessions != "never" {
		return wrong("keep-sessions", "%q is none of auto, always, never", s.KeepSessions)
	}
	if _, err := s.ProxyPrefixes(); err != nil {
		return err
	}
	if s.MaxConnections < 4 || s.MaxConnections > 1_000_000 {
		return wrong("max-connections", "%d is not between 4 and 1000000", s.MaxConnections)
	}
	if _, err := s.Keep(); err != nil {
		return err
	}
	if _, err := s.KeepArtifacts(); err != nil {
		return err
	}
	if s.MaxSessions < 0 || s.MaxSessions > 10_000 {
		return wrong("max-sessions", "%d is not between 1 and 10000", s.MaxSessions)
	}
	if s.MaxSessions == 0 {
		s.MaxSessions = sessionsForMemory(memoryBytes("/proc/meminfo"))
	}
	if s.MaxQueued < 1 || s.MaxQueued > 1_000_000 {
		return wrong("max-queued", "%d is not between 1 and 1000000", s.MaxQueued)
	}
	if s.PoolSize == nil {
		s.PoolSize = new(readyForMemory(memoryBytes("/proc/meminfo")))
	}
	if *s.PoolSize < 0 || *s.PoolSize > 100 {
		return wrong("pool-size", "%d is not between 0 and 100", *s.PoolSize)
	}
	limits, err := s.Limits()
	if err != nil {
		return err
	}
	if s.MaxDownload == "" {
		s.MaxDownload = "256MiB"
		if limits.Disk > 0 && limits.Disk/2 < 256<<20 {
			s.MaxDownload = fmt.Sprintf("%dKiB", limits.Disk/2>>10)
		}
	}
	largest, err := s.LargestDownload()
	if err != nil {
		return err
	}
	if limits.Disk > 0 && largest > limits.Disk/2 {
		return wrong("max-download", "%q is more than half of browser-disk, %q, in which downloads lie until they are kept", s.MaxDownload, s.BrowserDisk)
	}
	if s.Chromium != "" {
		if info, err := os.Stat(s.Chromium); err != nil {
			return wrong("chromium", "%q can't be used: %s", s.Chromium, reason(err))
		} else if info.IsDir() || info.Mode()&0o111 == 0 {
			return wrong("chromium", "%q is not a program", s.Chromium)
		}
	}
	if _, err := s.Level(); err != nil {
		return err
	}
	if s.LogFormat != "text" && s.LogFormat != "json" {
		return wrong("log-format", "%q is neither text nor json", s.LogFormat)
	}
	return nil
}

func checkAddress(setting, address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil {
		return wrong(setting, "%q is not host:port", address)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return wrong(setting, "%q is not a port number", port)
	}
	return nil
}

// checkMetricsListen looks at the address, which may be empty.
func (s *Server) checkMetricsListen() error {
	if s.MetricsListen == "" {
		return nil
	}
	return checkAddress("metrics-listen", s.MetricsListen)
}

// checkPublicURL looks at the address, and writes it as links are to begin.
func (s *Server) checkPublicURL() (err error) {
	s.PublicURL, err = server("public-url", s.PublicURL)
	return err
}

// server is the address of a server as it is written everywhere; empty: there is none.
func server(setting, raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	u, err := weburl.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil {
		return "", wrong(setting, "is not an http or https address")
	}
	written := u.Scheme + "://" + u.Host
	if u.String() != written || strings.Contains(raw, "#") {
		return "", wrong(setting, "must be only scheme, host and port")
	}
	return written, nil
}

// checkNodeURL looks at the address for the other servers of a database, of which
// there must be one.
func (s *Server) checkNodeURL() (err error) {
	if s.NodeURL, err = server("node-url", s.NodeURL); err != nil || s.NodeURL != "" || s.DatabaseURL == "" {
		return err
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return wrong("listen", "%q is not host:port", s.Listen)
	}
	addr, err := netip.ParseAddr(host)
	if host == "" || host == "localhost" || err == nil && (addr.IsUnspecified() || addr.IsLoopback()) {
		return wrong("node-url", "is needed with database-url: other servers don't reach this one at %s; such as http://10.0.0.5:%s", s.Listen, port)
	}
	s.NodeURL = "http://" + s.Listen
	return nil
}

func checkArtifactsURL(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	switch {
	case err == nil && u.Scheme == "file" && u.Path != "" && u.Host == "":
		return nil
	case err == nil && u.Scheme == "s3" && u.Host != "" && u.Path == "" && u.User == nil:
		return nil
	case err == nil && u.User != nil:
		return wrong("artifacts-url", "must hold no login: the environment has that, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return wrong("artifacts-url", "%q is neither a file:///… nor an s3://bucket?… URL", raw)
}

// reason is what the system said, without the path that the caller names.
func reason(err error) string {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
