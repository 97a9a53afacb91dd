// Package internal holds the packages of the server; this test holds their
// imports to the shape that docs/architecture.md draws.
package internal

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/browserhook/browserhook/"

// mayImport says, for each package, which of ours it may import. What isn't
// listed is forbidden: a new arrow is a decision, made here.
var mayImport = map[string][]string{
	"internal/domain":                  {},
	"internal/config":                  {"internal/weburl"},
	"internal/weburl":                  {},
	"internal/advice":                  {},
	"internal/egress":                  {"internal/domain", "internal/weburl"},
	"internal/egress/egresstest":       {},
	"internal/access":                  {"internal/domain"},
	"internal/conns":                   {"internal/domain"},
	"internal/event":                   {"internal/domain"},
	"internal/browser/cdp":             {},
	"internal/browser/mux":             {},
	"internal/sessionlog":              {"internal/domain"},
	"internal/recording":               {"internal/domain", "internal/browser"},
	"internal/browser/cgroup":          {},
	"internal/browser/keeper":          {"internal/domain", "internal/egress", "internal/browser/cgroup", "internal/browser/mux"},
	"internal/browser":                 {"internal/advice", "internal/domain", "internal/egress", "internal/browser/cdp", "internal/browser/cgroup", "internal/browser/keeper", "internal/sessionlog"},
	"internal/step":                    {"internal/domain", "internal/egress", "internal/browser", "internal/browser/cdp", "internal/strictjson", "internal/weburl"},
	"internal/session":                 {"internal/domain", "internal/egress", "internal/browser", "internal/recording", "internal/sessionlog", "internal/step", "internal/weburl"},
	"internal/webhook":                 {"internal/domain", "internal/egress", "internal/weburl"},
	"internal/connect":                 {"internal/domain", "internal/browser/cdp"},
	"internal/live":                    {"internal/domain", "internal/browser", "internal/step", "internal/strictjson", "internal/ui"},
	"internal/retention":               {"internal/domain"},
	"internal/store/rowid":             {"internal/domain"},
	"internal/store/sqlite":            {"internal/advice", "internal/domain", "internal/store/codec", "internal/store/cursor", "internal/store/schema", "internal/store/seal", "internal/store/work"},
	"internal/store/seal":              {"internal/advice", "internal/domain", "internal/store/codec"},
	"internal/store/schema":            {"internal/advice"},
	"internal/store/codec":             {"internal/domain"},
	"internal/store/postgres":          {"internal/advice", "internal/domain", "internal/store/codec", "internal/store/cursor", "internal/store/schema", "internal/store/seal", "internal/store/work"},
	"internal/store/cursor":            {"internal/domain", "internal/store/codec", "internal/store/rowid"},
	"internal/store/work":              {"internal/domain", "internal/store/codec", "internal/store/rowid"},
	"internal/telemetry":               {"internal/domain"},
	"internal/store/pgtest":            {},
	"internal/store/storetest":         {"internal/domain"},
	"internal/store/sqlite/sqlitetest": {"internal/domain", "internal/store/sqlite"},
	"internal/hop":                     {"internal/domain"},
	"internal/docsite":                 {"docs", "examples", "internal/domain", "internal/ui"},
	"internal/httpapi":                 {"internal/access", "internal/docsite", "internal/domain", "internal/hop", "internal/recording", "internal/session", "internal/sessionlog", "internal/step", "internal/strictjson", "internal/ui", "internal/webhook"},
	"internal/ui":                      {},
	"internal/inprocess":               {},
	"internal/dashboard":               {"client", "client/webhook", "internal/domain", "internal/inprocess", "internal/ui"},
	"internal/strictjson":              {},
	"internal/demo":                    {},
	"client/webhook":                   {}, // users import it: it brings nothing along
	"client":                           {"client/webhook"},
	"internal/clientgen":               {},
	"internal/terminal":                {"client/webhook"},
	"internal/sender":                  {"client/webhook"},
	"internal/mcp":                     {"client", "internal/domain", "internal/inprocess", "internal/step"},
	"internal/commands":                {"client", "client/webhook", "internal/sender", "internal/terminal", "internal/weburl"},
	"internal/receive":                 {"client", "client/webhook", "internal/sender", "internal/terminal"},
	"internal/listen":                  {"client", "internal/sender", "internal/terminal"},
	"internal/hooktest":                {"client/webhook", "internal/domain", "internal/sender", "internal/terminal"},
	"internal/app":                     {"*"},
	"cmd/browserhook":                  {"internal/access", "internal/advice", "internal/app", "internal/config", "internal/domain", "internal/browser/keeper", "internal/httpapi", "internal/step", "internal/webhook", "client", "client/webhook", "internal/receive", "internal/listen", "internal/hooktest", "internal/mcp", "internal/commands", "internal/sender", "internal/terminal", "internal/weburl"},
	"cmd/demo":                         {"internal/demo"},
	"internal":                         {},
	"internal/step/steptest":           {},
	"internal/browser/browsertest":     {"internal/domain", "internal/browser", "internal/browser/keeper", "internal/browser/cdp"},
}

type listed struct {
	ImportPath string
	Doc        string
	Imports    []string
	Dir        string
	GoFiles    []string
	Export     string // its types, compiled
}

func packages(t *testing.T, flags ...string) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"list", "-json=ImportPath,Dir,Doc,Imports,GoFiles,Export"}, flags, []string{module + "..."})...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if !strings.HasPrefix(name, "internal") && !strings.HasPrefix(name, "cmd") && !strings.HasPrefix(name, "client") {
			continue
		}
		allowed, ok := mayImport[name]
		if !ok && len(p.GoFiles) > 0 {
			t.Errorf("%s is not in the table of packages and what they may import", name)
			continue
		}
		for _, imp := range p.Imports {
			ours, ok := strings.CutPrefix(imp, module)
			if ok && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s", name, ours)
			}
		}
	}
}

// TestHeavyLibrariesStayInTheirPlace keeps each big dependency behind the one
// package that is there to hold it.
func TestHeavyLibrariesStayInTheirPlace(t *testing.T) {
	home := map[string][]string{
		"github.com/danielgtaylor/huma/v2":               {"internal/httpapi", "internal/step"},
		"github.com/alecthomas/kong":                     {"internal/config", "cmd/browserhook", "cmd/demo"},
		"github.com/coder/websocket":                     {"internal/live", "internal/connect"},
		"github.com/go-json-experiment/json":             {"internal/strictjson", "internal/browser/mux"},
		"github.com/pressly/goose/v3":                    {"internal/store/schema", "internal/store/sqlite", "internal/store/postgres"},
		"github.com/jackc/pgx/v5":                        {"internal/store/postgres", "internal/store/pgtest"},
		"go.opentelemetry.io/otel":                       {"internal/telemetry"},
		"go.opentelemetry.io/otel/trace":                 {"internal/telemetry"},
		"go.opentelemetry.io/otel/metric":                {"internal/telemetry"},
		"github.com/prometheus/client_golang/prometheus": {"internal/telemetry"},
		"database/sql":                                   {"internal/store/sqlite"},
		"net/http":                                       {"internal/conns", "internal/dashboard", "internal/hop", "internal/inprocess", "internal/ui", "internal/connect", "internal/docsite", "internal/httpapi", "internal/live", "internal/egress", "internal/egress/egresstest", "internal/webhook", "internal/telemetry", "internal/app", "internal/demo", "cmd/demo", "internal/sender", "internal/receive", "internal/listen", "internal/hooktest", "internal/mcp", "internal/commands", "internal/step/steptest"},
		"github.com/yuin/goldmark":                       {"internal/docsite"},
		"github.com/alecthomas/chroma/v2":                {"internal/docsite"},
		"github.com/alecthomas/chroma/v2/lexers":         {}, // it reads all that it has when the process begins,
		"github.com/yuin/goldmark/extension":             {}, // and makes all of its expressions
		"github.com/modelcontextprotocol/go-sdk/mcp":     {"internal/mcp"},
		"github.com/modelcontextprotocol/go-sdk/auth":    {"internal/mcp"},
	}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if !strings.HasPrefix(name, "internal") && !strings.HasPrefix(name, "cmd") {
			continue
		}
		for _, imp := range p.Imports {
			if where, ok := home[imp]; ok && !slices.Contains(where, name) {
				t.Errorf("%s imports %s, which belongs in %v", name, imp, where)
			}
		}
	}
}

// TestUsersPackagesNeedTheStandardLibraryOnly keeps what users import from
// bringing anything else into their programs.
func TestUsersPackagesNeedTheStandardLibraryOnly(t *testing.T) {
	for _, p := range packages(t) {
		if !strings.HasPrefix(p.ImportPath, module+"client") {
			continue
		}
		for _, imp := range p.Imports {
			if strings.Contains(imp, ".") && !strings.HasPrefix(imp, module+"client") {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment", strings.TrimPrefix(p.ImportPath, module))
		}
	}
}
