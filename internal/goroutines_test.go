package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// waits says of each function that starts a goroutine by a bare go statement who
// waits for it. All others are started by something with the methods Go and Wait,
// a [sync.WaitGroup] above all, and somebody in the same package calls Wait. What
// isn't listed is forbidden: a goroutine that nobody waits for outlives its test,
// its session and its server.
var waits = map[string]string{
	"internal/app.App.Run":                 "itself, until the stop has taken as long as it may",
	"internal/app.look.take":               "itself and its next calls; nothing ends a look that hangs, and no second one is begun beside it",
	"internal/browser.Launcher.start":      "who waits for Browser.Done, which is closed last",
	"internal/browser/keeper.keeper.run":   "nobody: it ends with the keeper's process",
	"internal/browser/keeper.keeper.start": "nobody: it ends with the keeper's process",
	"internal/session.actor.runStep":       "itself, unless the step hangs longer than a stop may take",
	"internal/step.maker.markdown":         "itself, unless the step ends: nothing ends a conversion, and few are made at once",
	"internal/store/sqlite.Open":           "Store.Close",
	"internal/store/postgres.Store.start":  "Store.Close",
	"internal/demo.demo.buy":               "itself",
	"internal/demo.demo.startServer":       "the function that it returns",
	"internal/demo.listen":                 "nobody: it ends with the demo's process",
	"cmd/browserhook.serve":                "nobody: it ends the process",
}

// forTests are the packages that only tests use, which look for what is left of
// them themselves.
var forTests = regexp.MustCompile(`/(browsertest|egresstest|pgtest|steptest|storetest)$`)

func TestEveryGoroutineHasAnOwner(t *testing.T) {
	found := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if ours := strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "client/"); !ours || forTests.MatchString(name) {
			continue
		}
		fset := token.NewFileSet()
		started, waited := map[string]token.Position{}, map[string]bool{} // by the last name before Go and Wait
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range f.Decls {
				in := name + "." + named(decl)
				ast.Inspect(decl, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.GoStmt:
						found[in] = true
						if waits[in] == "" {
							t.Errorf("%s: %s starts a goroutine: start it with the Go of a sync.WaitGroup that somebody waits for", fset.Position(n.Pos()), in)
						}
					case *ast.CallExpr:
						called, ok := n.Fun.(*ast.SelectorExpr)
						if !ok {
							break
						}
						of := strings.ToLower(last(called.X))
						switch {
						case called.Sel.Name == "Go" && len(n.Args) == 1:
							started[of] = fset.Position(n.Pos())
						case called.Sel.Name == "Wait" && len(n.Args) == 0:
							waited[of] = true
						}
					}
					return true
				})
			}
		}
		for of, at := range started {
			if !waited[of] {
				t.Errorf("%s: nobody in %s calls %s.Wait", at, name, of)
			}
		}
	}
	for in := range waits {
		if !found[in] {
			t.Errorf("%s is in the table of who waits for a goroutine, and starts none", in)
		}
	}
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
