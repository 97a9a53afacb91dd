package telemetry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	rules      = "../../deploy/prometheus/browserhook.rules.yml"
	rulesTest  = "../../deploy/prometheus/browserhook.rules.test.yml"
	dashboard  = "../../deploy/grafana/browserhook.json"
	operations = "../../docs/operations.md"
)

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestAlertRules has promtool try them on series that should and should not alert.
func TestAlertRules(t *testing.T) {
	promtool(t, "", "check", "rules", rules)
	promtool(t, "", "test", "rules", rulesTest)
	tried := read(t, rulesTest)
	for _, alert := range alerts(t) {
		if !regexp.MustCompile(`alertname: ` + alert + `\n\s+exp_alerts:\n\s+- exp_labels`).MatchString(tried) {
			t.Errorf("no test has %s alert", alert)
		}
		if !strings.Contains(tried, "alertname: "+alert+", exp_alerts: []") {
			t.Errorf("no test has %s keep still", alert)
		}
	}
}

// TestPrometheusAsDocumented: promtool takes what docs/operations.md prints for
// Prometheus, with the rules and the key beside it.
func TestPrometheusAsDocumented(t *testing.T) {
	_, text, _ := strings.Cut(read(t, operations), "### Metrics\n")
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("there is nothing for Prometheus")
	}
	dir := t.TempDir()
	const key = "/etc/prometheus/browserhook.key"
	if !strings.Contains(text, key) {
		t.Fatalf("no key:\n%s", text)
	}
	for name, content := range map[string]string{
		"prometheus.yml": strings.Replace(text, key, filepath.Join(dir, "browserhook.key"), 1), "browserhook.key": "bh_", "browserhook.rules.yml": read(t, rules),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	promtool(t, "", "check", "config", filepath.Join(dir, "prometheus.yml"))
}

func alerts(t *testing.T) (names []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)- alert: (\S+)`).FindAllStringSubmatch(read(t, rules), -1) {
		names = append(names, m[1])
	}
	return names
}

// TestRunbooks: what an alert links to is there.
func TestRunbooks(t *testing.T) {
	doc := read(t, operations)
	for _, alert := range alerts(t) {
		if !strings.Contains(doc, "\n#### "+alert+"\n") {
			t.Errorf("docs/operations.md has no heading %s", alert)
		}
	}
}

// queries are those of the dashboard.
func queries(t *testing.T) (all []string) {
	t.Helper()
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, dashboard)), &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

// TestDashboard: its queries are PromQL.
func TestDashboard(t *testing.T) {
	var file strings.Builder
	file.WriteString("groups:\n- name: dashboard\n  rules:\n")
	all := queries(t)
	for _, q := range all {
		q = strings.ReplaceAll(q, "$__rate_interval", "5m")
		quoted, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		file.WriteString("  - record: x" + strings.Repeat("x", file.Len()%7) + "\n    expr: " + string(quoted) + "\n")
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "", "check", "rules", "--lint=none", path)
	if len(all) < 40 {
		t.Errorf("it has %d queries", len(all))
	}
}

// TestMetricsAreUsedAndDescribed: each metric is in the documents, and what rules and
// dashboard ask for is there.
func TestMetricsAreUsedAndDescribed(t *testing.T) {
	tm := open(t)
	everything(t, tm)
	scraped := scrape(t, tm)
	doc := read(t, operations)
	names := metricNames(scraped)
	for _, name := range names {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/operations.md does not tell of %s", name)
		}
	}
	for _, text := range []string{read(t, rules), strings.Join(queries(t), "\n")} {
		for _, name := range regexp.MustCompile(`\b(?:browserhook|process|go)_[a-z_]+`).FindAllString(text, -1) {
			if !regexp.MustCompile(`(?m)^` + name + `(\{| )`).MatchString(scraped) {
				t.Errorf("there is no metric %s", name)
			}
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(browserhook_[a-z_]+)`").FindAllStringSubmatch(doc, -1) {
		if !slices.Contains(names, m[1]) {
			t.Errorf("docs/operations.md tells of %s, which there isn't", m[1])
		}
	}
}
