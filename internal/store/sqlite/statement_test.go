package sqlite

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/seal"
)

// TestStatementsDoWhatTheySay asks SQLite what every statement of the writer
// does: whether it writes, and whether it touches the tables of the log.
func TestStatementsDoWhatTheySay(t *testing.T) {
	s := openTest(t)
	everyStatement(t, s)
	changeThings(t, s)
	made := map[string]bool{}
	err := s.update(t.Context(), func(tx *tx) error {
		type table struct {
			name string
			root int
		}
		rows, err := tx.w.conn.QueryContext(t.Context(), `SELECT tbl_name, rootpage FROM sqlite_schema WHERE tbl_name IN ('events', 'deliveries', 'attempts')`)
		log, err := collect(rows, err, func(r codec.Scanner) (l table, err error) {
			err = r.Scan(&l.name, &l.root)
			return l, err
		})
		if err != nil {
			return err
		}
		for text, st := range tx.w.stmts {
			if st.query.bare {
				continue
			}
			made[text] = true
			got := query{text: text}
			ops, err := explain(t, tx, text)
			if err != nil {
				return err
			}
			for _, op := range ops {
				switch op.name {
				case "Transaction":
					got.writes = got.writes || op.p2 > 0
				case "OpenRead", "OpenWrite", "ReopenIdx":
					got.log = got.log || slices.ContainsFunc(log, func(l table) bool { return l.root == op.p2 })
				case "Clear": // all rows
					got.log = got.log || slices.ContainsFunc(log, func(l table) bool { return l.root == op.p1 })
				}
			}
			if got != st.query {
				t.Errorf("declared to write: %v, to be of the log: %v; it does: %v, %v\n\t%s", st.query.writes, st.query.log, got.writes, got.log, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range declared(t) {
		if !slices.ContainsFunc(sorted(made), func(q string) bool { return strings.Contains(q, text) }) {
			t.Errorf("not looked at: %s", text)
		}
	}
}

func sorted(set map[string]bool) (all []string) {
	for one := range set {
		all = append(all, one)
	}
	slices.Sort(all)
	return all
}

type opcode struct {
	name   string
	p1, p2 int
}

func explain(t *testing.T, tx *tx, text string) ([]opcode, error) {
	t.Helper()
	rows, err := tx.w.conn.QueryContext(t.Context(), "EXPLAIN "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil { // its parameters have numbers
		rows, err = tx.w.conn.QueryContext(t.Context(), "EXPLAIN "+text)
	}
	return collect(rows, err, func(r codec.Scanner) (op opcode, err error) {
		var rest any
		err = r.Scan(&rest, &op.name, &op.p1, &op.p2, &rest, &rest, &rest, &rest)
		return op, err
	})
}

// declared are the longest texts in the code of which statements are declared.
func declared(t *testing.T) (texts []string) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	look := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); !ok || !slices.Contains([]string{"reads", "readsLog", "writes", "writesLog"}, name.Name) {
			return true
		}
		longest := ""
		ast.Inspect(call.Args[0], func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && len(l.Value) > len(longest)+2 {
				longest, _ = strconv.Unquote(l.Value)
			}
			return true
		})
		texts = append(texts, longest)
		return true
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, look)
	}
	if len(texts) < 50 {
		t.Errorf("only %d are declared", len(texts))
	}
	return texts
}

// changeThings has a store change what everyStatement doesn't.
func changeThings(t *testing.T, s *Store) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const project, endpoint = "proj_a", "we_z"
	key := domain.APIKey{ID: "key_a", ProjectID: project, Role: domain.RoleOperator, Prefix: "bh_a", Hash: []byte("h"), CreatedAt: now}
	ok(s.CreateKey(ctx, key, "", nil))
	e := domain.Endpoint{ID: endpoint, ProjectID: project, EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}}, Status: domain.EndpointEnabled}
	ok(s.CreateEndpoint(ctx, e, nil))
	ok(s.CreateStream(ctx, domain.Stream{ID: "str_z", ProjectID: project, SessionID: "browser_a", KeyID: key.ID, Token: "z"}, nil))
	viewer := domain.Viewer{ID: "view_z", ProjectID: project, SessionID: "browser_a", StreamID: "str_z"}
	ok(s.AddViewer(ctx, viewer, ""))
	ok(s.ViewerLeft(ctx, viewer))
	viewer.StreamID = "str_none"
	if err := s.AddViewer(ctx, viewer, ""); !errors.Is(err, domain.ErrNotFound) {
		t.Error(err)
	}
	id, err := s.SendTest(ctx, project, endpoint, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", now), nil)
	ok(err)
	_, err = s.CancelDelivery(ctx, project, id, now)
	ok(err)
	_, err = s.Recover(ctx, project, endpoint, now.Add(-time.Hour), now.Add(time.Hour), now, &domain.Idempotency{Key: "recover"})
	ok(err)
	other := key
	other.ID = "key_b"
	ok(s.CreateKey(ctx, other, "", nil))
	ok(s.RevokeKey(ctx, key.ID, now, false))
	ok(s.update(ctx, func(tx *tx) error {
		tx.w.forget()
		return nil
	}))
	ok(s.ChangeSession(ctx, project, "browser_a", func(*domain.SessionChange) error { return nil }))
	claim, err := s.Claim(ctx, endpoint, now, domain.Capacity{Deliveries: 1, Bytes: 1})
	ok(err)
	o := domain.Outcome{Delivery: claim.Jobs[0].Delivery, Attempt: domain.Attempt{ID: "att_z", Number: 1}}
	ok(o.Delivery.Transition(domain.DeliveryFailed))
	ok(s.Finish(ctx, []domain.Outcome{o}, []domain.Draft{domain.DraftDelivery(&o.Delivery, now)}))
	_, err = s.Reseal(ctx)
	ok(err)
	box, err := seal.New(seal.NewKey() + " " + testKey)
	ok(err)
	s.box = box
	_, err = s.Reseal(ctx)
	ok(err)
	s.failed.Store(true)
	ok(s.Ping(ctx))
}
