package internal

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// waits says of each function that starts a goroutine by a bare go statement who
// waits for it. All others are started by the Go of a [sync.WaitGroup], or of a type
// that has its two methods, and somebody in the same package calls Wait on the very
// same one. What isn't listed is forbidden: a goroutine that nobody waits for
// outlives its test, its session and its server.
var waits = map[string]string{
	"internal/app.App.Run":                 "itself, until the stop has taken as long as it may",
	"internal/app.look.take":               "itself and its next calls; nothing ends a look that hangs, and no second one is begun beside it",
	"internal/browser.Launcher.watch":      "who waits for Browser.Done, which is closed last",
	"internal/browser/keeper.keeper.run":   "nobody: it ends with the keeper's process",
	"internal/browser/keeper.keeper.start": "nobody: it ends with the keeper's process",
	"internal/browser/keeper.whenHungUp":   "the function that it returns",
	"internal/session.actor.runStep":       "itself, unless the step hangs longer than a stop may take",
	"internal/step.maker.markdown":         "itself, unless the step ends: nothing ends a conversion, and few are made at once",
	"internal/store/sqlite.Open":           "Store.Close",
	"internal/store/postgres.Store.start":  "Store.Close",
	"internal/demo.demo.buy":               "itself",
	"internal/demo.demo.startServer":       "the function that it returns",
	"internal/demo.listen":                 "nobody: it ends with the demo's process",
	"cmd/browserhook.serve":                "nobody: it ends the process",
}

// stops says of each function that has something done later, at a time or with the
// end of a context, who takes that back. What has begun by then is soon over.
var stops = map[string]string{
	"client.stream.read":                     "itself",
	"internal/app.metricsServer.Run":         "itself",
	"internal/browser.Browser.Dial":          "itself",
	"internal/browser.Browser.dialKeeper":    "itself",
	"internal/browser.Browser.watch":         "itself",
	"internal/browser.Tabs.keepFile":         "itself",
	"internal/browser.pool.backOff":          "pool.close",
	"internal/browser.screencast.again":      "Watcher.Close of the last one",
	"internal/browser/cdp.Session.Subscribe": "the function that it returns",
	"internal/browser/mux.Mux.waits":         "itself, or Mux.goOn, which Mux.Run calls when the browser ends",
	"internal/commands.readKey":              "itself",
	"internal/connect.writeLong":             "itself",
	"internal/egress.Client.exchange":        "itself",
	"internal/egress.direct.lookIn":          "direct.closeIdle",
	"internal/egress.tunnels.through":        "itself",
	"internal/egress.wire.watch":             "wire.Close",
	"internal/hop.Servers.expect":            "nobody: it begins with the end of the request",
	"internal/hop.Servers.pass":              "itself",
	"internal/live.Handler.socket":           "itself",
	"internal/mcp.Handler.beginning":         "itself",
	"internal/mcp.Server.Run":                "itself",
	"internal/mcp.add":                       "itself",
	"internal/session.Service.Run":           "itself",
	"internal/store/postgres.Store.Hurry":    "Store.Close",
	"internal/webhook.Engine.Run":            "itself",
	"internal/webhook.alarm.set":             "alarm.stop; what rings is waited for",
	"cmd/browserhook.run":                    "itself",
}

// forTests are the packages that only tests use, which look for what is left of
// them themselves.
var forTests = regexp.MustCompile(`/(browsertest|egresstest|pgtest|steptest|storetest)$`)

func TestEveryGoroutineHasAnOwner(t *testing.T) {
	started, later := map[string]bool{}, map[string]bool{}
	for _, p := range typesOf(t) {
		g := groups{typed: p, started: map[types.Object]token.Pos{}, waited: map[types.Object]bool{}, same: map[types.Object][]types.Object{}}
		for _, f := range p.files {
			for _, decl := range f.Decls {
				in := p.name + "." + named(decl)
				ast.Inspect(decl, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.GoStmt:
						started[in] = true
						if waits[in] == "" {
							t.Errorf("%s: %s starts a goroutine: start it with the Go of a sync.WaitGroup that somebody waits for", p.at(n.Pos()), in)
						}
					case *ast.Ident:
						if fn, ok := p.Uses[n].(*types.Func); ok && (fn.FullName() == "time.AfterFunc" || fn.FullName() == "context.AfterFunc") {
							later[in] = true
							if stops[in] == "" {
								t.Errorf("%s: %s has something done later: say in the table who takes it back", p.at(n.Pos()), in)
							}
						}
					}
					g.see(n)
					return true
				})
			}
		}
		g.check(t)
	}
	for in := range waits {
		if !started[in] {
			t.Errorf("%s is in the table of who waits for a goroutine, and starts none", in)
		}
	}
	for in := range stops {
		if !later[in] {
			t.Errorf("%s is in the table of who takes back what is done later, and nothing is", in)
		}
	}
}

// groups are the wait groups of a package: variables and fields, and for what is
// waited for as a whole, like a browser's wire, its type.
type groups struct {
	*typed
	started map[types.Object]token.Pos
	waited  map[types.Object]bool
	same    map[types.Object][]types.Object // of a pointer to one: those that it points to
}

func (g *groups) see(n ast.Node) {
	switch n := n.(type) {
	case *ast.SelectorExpr: // called, or handed on to be
		group := g.group(n.X)
		if group == nil {
			break
		}
		switch n.Sel.Name {
		case "Go", "Add":
			g.started[group] = n.Pos()
		case "Wait":
			g.waited[group] = true
		}
	case *ast.AssignStmt:
		for i := range n.Rhs {
			if len(n.Lhs) == len(n.Rhs) {
				g.point(n.Lhs[i], n.Rhs[i])
			}
		}
	case *ast.KeyValueExpr:
		g.point(n.Key, n.Value)
	}
}

// point has a pointer stand for the group whose address it is given.
func (g *groups) point(pointer, to ast.Expr) {
	address, ok := to.(*ast.UnaryExpr)
	if !ok || address.Op != token.AND {
		return
	}
	if group := g.group(address.X); group != nil {
		if p := g.object(pointer); p != nil {
			g.same[p] = append(g.same[p], group)
		}
	}
}

// group is the one that an expression means; nil: none.
func (g *groups) group(e ast.Expr) types.Object {
	of := g.TypeOf(e)
	if of == nil {
		return nil
	}
	if pointer, ok := of.(*types.Pointer); ok {
		of = pointer.Elem()
	}
	one, ok := of.(*types.Named)
	if !ok {
		return nil
	}
	for _, method := range []string{"Go", "Wait"} {
		if fn, _, _ := types.LookupFieldOrMethod(one, true, nil, method); fn == nil {
			return nil
		}
	}
	if strings.HasPrefix(one.Obj().Pkg().Path()+"/", module) {
		return one.Obj()
	}
	return g.object(e)
}

// object is the variable or field that an expression ends with.
func (g *groups) object(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		return g.ObjectOf(e)
	case *ast.SelectorExpr:
		return g.ObjectOf(e.Sel)
	}
	return nil
}

func (g *groups) check(t *testing.T) {
	t.Helper()
	for group, at := range g.started {
		all := g.same[group]
		if len(all) == 0 {
			all = []types.Object{group}
		}
		for _, one := range all {
			if !g.waited[one] {
				t.Errorf("%s: nobody in %s calls the Wait of this %s", g.at(at), g.name, one.Name())
			}
		}
	}
}

// typed is a package that the program is made of, with its types.
type typed struct {
	types.Info
	name  string
	fset  *token.FileSet
	files []*ast.File
}

func (p *typed) at(pos token.Pos) token.Position { return p.fset.Position(pos) }

func typesOf(t *testing.T) (all []*typed) {
	t.Helper()
	compiled := map[string]string{}
	list := packages(t, "-export", "-deps")
	for _, p := range list {
		compiled[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })
	for _, l := range list {
		name, ours := strings.CutPrefix(l.ImportPath, module)
		if part, _, _ := strings.Cut(name, "/"); !ours || part != "internal" && part != "cmd" && part != "client" || forTests.MatchString(name) {
			continue
		}
		p := &typed{name: name, fset: fset, Info: types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		}}
		for _, file := range l.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(l.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			p.files = append(p.files, f)
		}
		if _, err := (&types.Config{Importer: imports}).Check(l.ImportPath, fset, p.files, &p.Info); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// named is a function's name, a method's with its type.
func named(decl ast.Decl) string {
	fn, ok := decl.(*ast.FuncDecl)
	if !ok {
		return "a variable"
	}
	if fn.Recv == nil {
		return fn.Name.Name
	}
	of := fn.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	if generic, ok := of.(*ast.IndexExpr); ok {
		of = generic.X
	}
	return last(of) + "." + fn.Name.Name
}

// last is the last name of a selection.
func last(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
