package config

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func good() Server {
	return Server{Listen: "127.0.0.1:0", Data: "data", LogLevel: "info", LogFormat: "text", MaxConnections: 4096, MaxQueued: 10_000, StopGrace: "8s", MaxDownload: "256MiB", KeeperGrace: "60s", KeepSessions: "auto"}
}

func TestCheckNamesTheSetting(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "not-a-program")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		setting string
		change  func(*Server)
	}{
		{"listen", func(s *Server) { s.Listen = "8080" }},
		{"listen", func(s *Server) { s.Listen = "127.0.0.1:http-ish" }},
		{"listen", func(s *Server) { s.Listen = "127.0.0.1:70000" }},
		{"public-url", func(s *Server) { s.PublicURL = "example.com" }},
		{"public-url", func(s *Server) { s.PublicURL = "ftp://example.com" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://example.com/base" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://me:pw@example.com" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://example.com?" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://example.com/?a=b" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://example.com/#" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://:443" }},
		{"public-url", func(s *Server) { s.PublicURL = "https://exa mple.com" }},
		{"data", func(s *Server) { s.Data = "" }},
		{"artifacts-url", func(s *Server) { s.ArtifactsURL = "s3://" }},
		{"artifacts-url", func(s *Server) { s.ArtifactsURL = "s3://bucket/folder" }},
		{"artifacts-url", func(s *Server) { s.ArtifactsURL = "s3://key:secret@bucket" }},
		{"artifacts-url", func(s *Server) { s.ArtifactsURL = "gs://bucket" }},
		{"artifacts-url", func(s *Server) { s.ArtifactsURL = "file://relative" }},
		{"api-key", func(s *Server) { s.APIKey = "secret" }},
		{"api-key", func(s *Server) { s.APIKey = "bh_short" }},
		{"api-key", func(s *Server) { s.APIKey = "bh_" + strings.Repeat("x", 254) }},
		{"api-key", func(s *Server) { s.APIKey = "bh_" + strings.Repeat("x", 40) + "-" }},
		{"cors-origins", func(s *Server) { s.CORSOrigins = []string{"https://app.example.com", "app.example.com"} }},
		{"cors-origins", func(s *Server) { s.CORSOrigins = []string{"https://app.example.com/"} }},
		{"cors-origins", func(s *Server) { s.CORSOrigins = []string{"https://*.example.com"} }},
		{"cors-origins", func(s *Server) { s.CORSOrigins = []string{"null"} }},
		{"embed-origins", func(s *Server) { s.EmbedOrigins = []string{"https://app.example.com; script-src *"} }},
		{"webhook-allow", func(s *Server) { s.WebhookAllow = []string{"10.0.0.0/8", "10.0.0.1"} }},
		{"browser-allow", func(s *Server) { s.BrowserAllow = []string{"10.0.0.0/8", "10.0.0.1"} }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "proxy.example:3128" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "ftp://me:hunter2@proxy.example:3128" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "http://me:hunter2@proxy.example" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "http://me:hunter2@:3128" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "http://me:hunter2@proxy.example:0" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "http://me:hunter2%@proxy.example:3128" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "http://me:hunter2@proxy.example:3128/path" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "http://me:hunter2@proxy.example:3128?a=1" }},
		{"webhook-proxy", func(s *Server) { s.WebhookProxy = "socks5://:hunter2@proxy.example:3128" }},
		{"webhook-proxy", func(s *Server) {
			s.WebhookProxy = "socks5://me:hunter2" + strings.Repeat("x", 255) + "@proxy.example:3128"
		}},
		{"webhook-proxy-names", func(s *Server) { s.WebhookProxyNames = true }},
		{"webhook-ca", func(s *Server) { s.WebhookCA = []string{"/no/such/file"} }},
		{"webhook-ca", func(s *Server) { s.WebhookCA = []string{t.TempDir()} }},
		{"webhook-ca", func(s *Server) { s.WebhookCA = []string{plain} }},
		{"node-ca", func(s *Server) { s.NodeCA = []string{plain} }},
		{"stop-grace", func(s *Server) { s.StopGrace = "0s" }},
		{"stop-grace", func(s *Server) { s.StopGrace = "8" }},
		{"trusted-proxies", func(s *Server) { s.TrustedProxies = []string{"10.0.0.1"} }},
		{"max-connections", func(s *Server) { s.MaxConnections = 3 }},
		{"max-connections", func(s *Server) { s.MaxConnections = 1_000_001 }},
		{"max-download", func(s *Server) { s.MaxDownload = "256" }},
		{"max-download", func(s *Server) { s.MaxDownload = "-1MiB" }},
		{"max-download", func(s *Server) { s.MaxDownload = "65GiB" }},
		{"max-download", func(s *Server) { s.MaxDownload, s.BrowserDisk = "513MiB", "1GiB" }},
		{"max-sessions", func(s *Server) { s.MaxSessions = -1 }},
		{"max-sessions", func(s *Server) { s.MaxSessions = 10_001 }},
		{"max-queued", func(s *Server) { s.MaxQueued = 0 }},
		{"max-queued", func(s *Server) { s.MaxQueued = 1_000_001 }},
		{"node-url", func(s *Server) { s.NodeURL = "10.0.0.5:8080" }},
		{"node-url", func(s *Server) { s.NodeURL = "http://me:hunter2@10.0.0.5" }},
		{"node-url", func(s *Server) { s.NodeURL = "http://10.0.0.5/base" }},
		{"node-url", func(s *Server) { s.DatabaseURL = "postgres://x/y" }},
		{"node-url", func(s *Server) { s.DatabaseURL, s.Listen = "postgres://x/y", ":8080" }},
		{"node-url", func(s *Server) { s.DatabaseURL, s.Listen = "postgres://x/y", "0.0.0.0:8080" }},
		{"node-url", func(s *Server) { s.DatabaseURL, s.Listen = "postgres://x/y", "[::]:8080" }},
		{"node-url", func(s *Server) { s.DatabaseURL, s.Listen = "postgres://x/y", "localhost:8080" }},
		{"pool-size", func(s *Server) { s.PoolSize = new(-1) }},
		{"pool-size", func(s *Server) { s.PoolSize = new(101) }},
		{"chromium", func(s *Server) { s.Chromium = "/no/such/file" }},
		{"chromium", func(s *Server) { s.Chromium = plain }},
		{"chromium", func(s *Server) { s.Chromium = t.TempDir() }},
		{"metrics-listen", func(s *Server) { s.MetricsListen = "9464" }},
		{"metrics-listen", func(s *Server) { s.MetricsListen = "127.0.0.1:metrics" }},
		{"log-level", func(s *Server) { s.LogLevel = "loud" }},
		{"log-format", func(s *Server) { s.LogFormat = "xml" }},
	} {
		s := good()
		tt.change(&s)
		e, ok := errors.AsType[*Error](s.Check())
		if !ok || e.Setting != tt.setting {
			t.Errorf("%+v: got %v, want an error about %s", s, s.Check(), tt.setting)
		}
		if ok && strings.Contains(e.Error(), "hunter2") {
			t.Errorf("%v tells the password", e)
		}
	}
}

func TestTheLargestDownload(t *testing.T) {
	for _, tt := range []struct {
		disk string
		want int64
	}{{"0", 256 << 20}, {"1GiB", 256 << 20}, {"512MiB", 256 << 20}, {"128MiB", 64 << 20}} {
		s := good()
		s.MaxDownload, s.BrowserDisk = "", tt.disk
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.LargestDownload(); got != tt.want || err != nil {
			t.Errorf("with a disk of %s: %d, %v", tt.disk, got, err)
		}
	}
}

func TestCheckFillsDefaults(t *testing.T) {
	s := good()
	s.PublicURL = "https://browsers.example.com/"
	s.WebhookAllow = []string{"10.1.2.3/8"}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	if s.PublicURL != "https://browsers.example.com" || s.MaxSessions < 2 {
		t.Errorf("got %+v", s)
	}
	if p, err := s.WebhookPrefixes(); err != nil || p[0].String() != "10.0.0.0/8" {
		t.Errorf("got %v, %v", p, err)
	}
}

// TestPublicURLIsWrittenOnce: every link begins with it as it is written here.
func TestPublicURLIsWrittenOnce(t *testing.T) {
	for given, want := range map[string]string{
		"HTTPS://Browsers.Example.com/": "https://browsers.example.com", "http://[::1]:8080": "http://[::1]:8080",
		"https://münchen.example": "https://xn--mnchen-3ya.example",
	} {
		s := Server{PublicURL: given}
		if err := s.checkPublicURL(); err != nil || s.PublicURL != want {
			t.Errorf("%s is written %s: %v", given, s.PublicURL, err)
		}
	}
}

// TestNodeURL: where the other servers reach this one is said, or is what it listens on.
func TestNodeURL(t *testing.T) {
	for _, tt := range []struct{ listen, given, want string }{
		{"10.0.0.5:8080", "", "http://10.0.0.5:8080"},
		{"10.0.0.5:0", "", "http://10.0.0.5:4711"},
		{"[fd00::5]:8080", "", "http://[fd00::5]:8080"},
		{"node5.internal:8080", "", "http://node5.internal:8080"},
		{"127.0.0.1:0", "http://127.0.0.1:0", "http://127.0.0.1:4711"},
		{":8080", "https://Node5.internal/", "https://node5.internal"},
	} {
		s := good()
		s.DatabaseURL, s.Listen, s.NodeURL = "postgres://x/y", tt.listen, tt.given
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", tt, err)
		} else if got := s.NodeAddress(&net.TCPAddr{Port: 4711}); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	s := good()
	if err := s.Check(); err != nil || s.NodeURL != "" {
		t.Errorf("without a database of several: %q, %v", s.NodeURL, err)
	}
}

func TestSessionsForMemory(t *testing.T) {
	for gib, want := range map[int64]int{0: 2, 1: 2, 8: 8, 64: 64} {
		if got := sessionsForMemory(gib << 30); got != want {
			t.Errorf("%d GiB: %d", gib, got)
		}
	}
	for mib, want := range map[int64]int{0: 0, 1024: 0, 1900: 1, 64000: 1} {
		if got := readyForMemory(mib << 20); got != want {
			t.Errorf("%d MiB: %d are kept ready", mib, got)
		}
	}
	if memoryBytes("/no/such/file") != 0 {
		t.Error("a missing file has memory")
	}
}

func parse(t *testing.T, file string, args ...string) (Server, error) {
	t.Helper()
	var cli struct {
		Version kong.VersionFlag `env:"-"`
		Serve   Server           `cmd:""`
	}
	r, err := YAML(strings.NewReader(file))
	if err != nil {
		return Server{}, err
	}
	p, err := kong.New(&cli, kong.Resolvers(r), kong.DefaultEnvars("BROWSERHOOK"), kong.Exit(func(int) { t.Error("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Parse(append([]string{"serve"}, args...))
	return cli.Serve, err
}

func TestSources(t *testing.T) {
	t.Setenv("BROWSERHOOK_LOG_LEVEL", "warn")
	t.Setenv("BROWSERHOOK_LOG_FORMAT", "json")
	s, err := parse(t, "listen: 127.0.0.1:9000\nlog-level: error\nmax-sessions: 3\nwebhook-allow: [10.0.0.0/8, 'fd00::/8']\n",
		"--log-format=text")
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:9000" || s.MaxSessions != 3 || len(s.WebhookAllow) != 2 {
		t.Errorf("from the file: %+v", s)
	}
	if s.LogLevel != "warn" {
		t.Errorf("the environment comes before the file: %s", s.LogLevel)
	}
	if s.LogFormat != "text" {
		t.Errorf("a flag comes before the environment: %s", s.LogFormat)
	}
}

// TestFlagsOfOneName has two commands with a flag of one name: the one with an
// environment variable of its own has a key of its own.
func TestFlagsOfOneName(t *testing.T) {
	var cli struct {
		Serve   Server `cmd:""`
		Receive struct {
			Listen string `default:"127.0.0.1:9000" env:"BROWSERHOOK_RECEIVE_LISTEN"`
		} `cmd:""`
	}
	for file, want := range map[string]string{
		"listen: 127.0.0.1:1":         "127.0.0.1:9000",
		"receive-listen: 127.0.0.1:2": "127.0.0.1:2",
	} {
		r, err := YAML(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		p, err := kong.New(&cli, kong.Resolvers(r), kong.DefaultEnvars(EnvPrefix), kong.Exit(func(int) { t.Error("exit") }))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse([]string{"receive"}); err != nil || cli.Receive.Listen != want {
			t.Errorf("%s: %q, %v", file, cli.Receive.Listen, err)
		}
	}
}

func TestFileErrors(t *testing.T) {
	for file, want := range map[string]string{
		"lisen: x":          `setting "lisen": there is no such setting (in the settings file); did you mean listen?`,
		"version: true":     `setting "version"`,
		"pool-sizes: 3":     `setting "pool-sizes"`,
		"help: true":        `setting "help"`,
		"listen: {a: b}":    `setting "listen"`,
		"- listen":          "not a YAML mapping",
		"listen: [":         "not a YAML mapping",
		"max-sessions: two": "max-sessions",
	} {
		if _, err := parse(t, file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
	if _, err := parse(t, ""); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestUnknownVariablesAreNamed(t *testing.T) {
	var cli struct {
		Version kong.VersionFlag       `env:"-"`
		Serve   Server                 `cmd:""`
		Listen  struct{ Since string } `cmd:""`
	}
	p, err := kong.New(&cli, kong.DefaultEnvars(EnvPrefix))
	if err != nil {
		t.Fatal(err)
	}
	serve := p.Model.Children[0]
	for env, want := range map[string]string{
		"BROWSERHOOK_LISTEN=x":                 "",
		"BROWSERHOOK_SINCE=x":                  "", // another command's
		"BROWSERHOOKS=x":                       "",
		"PATH=x":                               "",
		"BROWSERHOOK_PORT=tcp://10.0.0.1:80":   "", // Kubernetes makes these
		"BROWSERHOOK_SERVICE_HOST=10.0.0.1":    "",
		"BROWSERHOOK_SERVICE_PORT_HTTP=80":     "",
		"BROWSERHOOK_PORT_80_TCP_ADDR=x":       "",
		"BROWSERHOOK_VERSION=1":                "BROWSERHOOK_VERSION is no setting and has no effect",
		"BROWSERHOOK_PORT_NUMBER=1":            "BROWSERHOOK_PORT_NUMBER is no setting and has no effect",
		"BROWSERHOOK_MASTERKEY=hush":           "BROWSERHOOK_MASTERKEY is no setting and has no effect; did you mean BROWSERHOOK_MASTER_KEY?",
		"BROWSERHOOK_LOGLEVEL=x":               "BROWSERHOOK_LOGLEVEL is no setting and has no effect; did you mean BROWSERHOOK_LOG_LEVEL?",
		"BROWSERHOOK_ALLOWED_WEBHOOK_RANGES=x": "BROWSERHOOK_ALLOWED_WEBHOOK_RANGES is no setting and has no effect",
	} {
		got := strings.TrimPrefix(strings.Join(UnknownEnv(p.Model, serve, []string{env}), "; "), "the environment variable ")
		if got != want {
			t.Errorf("%s: said %q", env, got)
		}
	}
}
