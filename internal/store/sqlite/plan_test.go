package sqlite

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// grown are the tables that grow for as long as the server runs.
var grown = regexp.MustCompile(`^SCAN (deliveries|d|events|e|steps|attempts|sessions|endpoints|streams|viewers|artifacts)\b`)

// mayScan are statements of the start that read an index of open things whole, and
// those that count or sort what waits for a browser or an endpoint, which is bounded.
var mayScan = []string{
	"FROM queues JOIN projects", "SELECT (SELECT COUNT(*) FROM sessions WHERE " + queued, "SELECT id, rank FROM (",
	"UPDATE deliveries SET status = 'PENDING'", "FROM sessions\n\t\tWHERE status NOT IN", "SELECT " + codec.ProjectColumns + " FROM projects",
	"FROM endpoints WHERE deleted_at <> 0", "INDEXED BY deliveries_open ON d.endpoint = p.num AND d.ended_at = 0",
}

// TestNothingIsReadWhole asks SQLite how it runs every statement of the store:
// none reads a growing table from end to end.
func TestNothingIsReadWhole(t *testing.T) {
	s := openTest(t)
	ctx := t.Context()
	seen := 0
	check := func(query string, plan []string) {
		seen++
		for _, allowed := range mayScan {
			if strings.Contains(query, allowed) {
				return
			}
		}
		for _, line := range plan {
			if grown.MatchString(line) || strings.Contains(line, "TEMP B-TREE FOR ORDER BY") && !strings.Contains(query, "(SELECT * FROM steps") {
				t.Errorf("%s\n\tin the plan of %s", line, query)
			}
		}
	}
	everyStatement(t, s)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	explain := func(query string, rows func(string, ...any) ([]string, error)) {
		t.Helper()
		plan, err := rows("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
		if err != nil {
			plan, err = rows("EXPLAIN QUERY PLAN " + query)
		}
		if err != nil {
			t.Errorf("explain %s: %v", query, err)
		}
		check(query, plan)
	}
	ok(s.update(ctx, func(tx *tx) error {
		var queries []string
		for query := range tx.w.stmts {
			queries = append(queries, query)
		}
		for _, query := range queries {
			if word, _, _ := strings.Cut(query, " "); strings.Contains("SELECT INSERT UPDATE DELETE WITH", word) {
				explain(query, func(q string, args ...any) ([]string, error) {
					rows, err := tx.w.conn.QueryContext(ctx, q, args...)
					return collect(rows, err, planLine)
				})
			}
		}
		return nil
	}))
	s.read.stmts.Range(func(query, _ any) bool {
		explain(query.(string), func(q string, args ...any) ([]string, error) {
			rows, err := s.read.db.QueryContext(ctx, q, args...)
			return collect(rows, err, planLine)
		})
		return true
	})
	if seen < 50 {
		t.Errorf("only %d statements were looked at", seen)
	}
}

// TestWhatAnEndpointGaveUpIsFoundByItsIndex: a page of an endpoint's failed deliveries
// opens as fast whether a million of others' or of its own were delivered or failed.
func TestWhatAnEndpointGaveUpIsFoundByItsIndex(t *testing.T) {
	s := openTest(t)
	for _, status := range []domain.DeliveryStatus{domain.DeliveryFailed, domain.DeliveryCanceled} {
		if _, _, err := s.Deliveries(t.Context(), "proj_a", domain.DeliveryFilter{EndpointID: "we_a", Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	s.read.stmts.Range(func(query, _ any) bool {
		if !strings.Contains(query.(string), "deliveries_endpoint_given_up") {
			return true
		}
		seen++
		rows, err := s.read.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query.(string), make([]any, strings.Count(query.(string), "?"))...)
		plan, err := collect(rows, err, planLine)
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "\n"); !strings.Contains(all, "deliveries_endpoint_given_up (endpoint=?") || strings.Contains(all, "B-TREE") {
			t.Errorf("%s\n%s", query, all)
		}
		return true
	})
	if seen == 0 {
		t.Error("its index is not asked")
	}
}

// everyStatement has a store make every statement that it can make.
func everyStatement(t *testing.T, s *Store) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	const project, session, endpoint = "proj_a", "browser_a", "we_a"
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(s.CreateProject(ctx, domain.Project{ID: project, Name: "a"}, "", nil))
	e := domain.Endpoint{ID: endpoint, ProjectID: project, EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}}, Status: domain.EndpointEnabled}
	idem := &domain.Idempotency{Key: "k"}
	ok(s.CreateEndpoint(ctx, e, idem))
	step := domain.Step{ID: "step_a", ProjectID: project, SessionID: session, Status: domain.StepPending}
	link := domain.Stream{ID: "str_a", ProjectID: project, SessionID: session, Token: "a"}
	ok(s.CreateSession(ctx, &domain.NewSession{
		Session: domain.Session{ID: session, ProjectID: project, Status: domain.SessionReady, StepCount: 1}, Steps: []domain.Step{step}, Stream: link,
	}))
	waiting := domain.NewSession{Session: domain.Session{ID: "browser_q", ProjectID: project, Status: domain.SessionQueued}, Stream: domain.Stream{ID: "str_q", ProjectID: project, SessionID: "browser_q", Token: "q"}, MaxQueued: 1}
	ok(s.CreateSession(ctx, &waiting))
	ok(s.LimitProject(ctx, project, 2))
	_, err := s.ClaimSession(ctx)
	ok(err)
	ok(s.ChangeSession(ctx, project, session, func(c *domain.SessionChange) error {
		c.Open[0].Status = domain.StepRunning
		c.Artifacts = append(c.Artifacts, domain.Artifact{ID: "art_a", ProjectID: project, SessionID: session})
		for range atATime[0] {
			c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventBrowserReady, "", now))
		}
		return nil
	}))
	claim, err := s.Claim(ctx, endpoint, now, domain.Capacity{Deliveries: 1})
	ok(err)
	d := claim.Jobs[0].Delivery
	d.Status, d.EndedAt = domain.DeliveryFailed, now
	o := domain.Outcome{Delivery: d, Attempt: domain.Attempt{ID: "att_a", ProjectID: project, DeliveryID: d.ID}, Health: domain.HealthGone}
	ok(s.Finish(ctx, []domain.Outcome{o}, []domain.Draft{{ProjectID: project, SessionID: session, At: now}}))
	ok(s.ChangeEndpoint(ctx, project, endpoint, func(c *domain.EndpointChange) error {
		c.Endpoint.Status = domain.EndpointEnabled
		return nil
	}))
	_, err = s.RetryDelivery(ctx, project, d.ID, now, nil)
	ok(err)
	_, err = s.SendTest(ctx, project, endpoint, domain.Draft{ProjectID: project, At: now}, nil)
	ok(err)
	viewer := domain.Viewer{ID: "view_a", ProjectID: project, SessionID: session, StreamID: "str_a"}
	ok(s.AddViewer(ctx, viewer, ""))
	ok(s.ViewerLeft(ctx, viewer))
	ok(s.RevokeStream(ctx, project, session, "str_a", now))
	ok(s.SetConnectToken(ctx, project, session, "c", nil))
	ok(s.ReleaseClaims(ctx))
	ok(s.ForgetIdempotency(ctx, now))
	ok(s.CreateSignIn(ctx, domain.SignIn{Hash: []byte("a"), KeyID: "key_a", CreatedAt: now, SeenAt: now}))
	ok(s.SeenSignIn(ctx, []byte("a"), now))
	ok(s.EndSignIn(ctx, []byte("b")))
	ok(s.ForgetSignIns(ctx, now.Add(-time.Hour), now.Add(-time.Hour)))
	ok(s.AddStats(ctx, []domain.EndpointSpan{{Endpoint: domain.EndpointRef{ProjectID: project, ID: endpoint}, EndpointStats: domain.EndpointStats{From: now}}}))
	ok(s.DeleteEndpoint(ctx, project, endpoint, now))
	readEverything(t, s, project, session)
	forgetThings(t, s, project)
}

// forgetThings deletes in every way in which something is deleted.
func forgetThings(t *testing.T, s *Store, project string) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	ok := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	for _, id := range []string{"browser_b", "browser_c", "browser_d"} {
		inline := domain.Endpoint{ID: "we_" + id, ProjectID: project, SessionID: id, EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}}}
		ok(nil, s.CreateSession(ctx, &domain.NewSession{
			Session: domain.Session{ID: id, ProjectID: project, Status: domain.SessionReady}, Stream: domain.Stream{ID: "str", ProjectID: project, SessionID: id, Token: id},
			Endpoint: &inline,
		}))
		ok(nil, s.ChangeSession(ctx, project, id, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, now.Add(-time.Hour)
			if id != "browser_d" {
				c.Artifacts = append(c.Artifacts, domain.Artifact{ID: "art", ProjectID: project, SessionID: id, CreatedAt: now.Add(-time.Hour)})
			}
			if id == "browser_b" {
				c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventBrowserClosed, "", now))
			}
			return nil
		}))
	}
	ok(nil, s.CreateEndpoint(ctx, domain.Endpoint{ID: "we_gone", ProjectID: project, Status: domain.EndpointEnabled}, nil))
	ok(nil, s.DeleteEndpoint(ctx, project, "we_gone", now.Add(-time.Hour)))
	ok(nil, s.ForgetSession(ctx, project, "browser_b", now))
	ok(s.Prune(ctx, now))
	ok(s.PruneSessions(ctx, now, now))
	ok(s.PruneArtifacts(ctx, now, now))
	files, err := s.RemovedFiles(ctx, 0, 10)
	ok(nil, err)
	if len(files) != 6 {
		t.Errorf("files to remove: %+v", files)
	}
	ok(nil, s.ForgetRemovedFiles(ctx, files[4].Num, now))
}

func planLine(r codec.Scanner) (string, error) {
	var id, parent, unused int
	var detail string
	return detail, r.Scan(&id, &parent, &unused, &detail)
}

func readEverything(t *testing.T, s *Store, project, session string) {
	t.Helper()
	ctx := t.Context()
	var errs []error
	keep := func(_ any, err error) { errs = append(errs, err) }
	keepPage := func(_ any, _ string, err error) { errs = append(errs, err) }
	keepPage(s.Sessions(ctx, project, domain.SessionFilter{}))
	keepPage(s.Sessions(ctx, project, domain.SessionFilter{Open: new(true), Name: "a", Value: "b", From: time.Now(), To: time.Now()}))
	keepPage(s.Sessions(ctx, project, domain.SessionFilter{Open: new(false), Status: domain.SessionFailed}))
	keep(s.OpenSessions(ctx))
	keep(s.QueuePositions(ctx, project, []string{session}))
	keep(s.Session(ctx, project, session))
	keep(s.Step(ctx, project, session, "step_a"))
	keep(s.Steps(ctx, project, session, -1, 10))
	keep(s.LastSteps(ctx, project, session, domain.StepsEnd, 10))
	keep(s.StepsByID(ctx, project, session, []string{"step_a"}))
	keep(s.Artifacts(ctx, project, session))
	keep(s.ArtifactsPage(ctx, project, session, "", 10))
	keep(s.Artifact(ctx, project, session, "art_a"))
	keep(s.Streams(ctx, project, session))
	keep(s.Viewers(ctx, project, session, "", 10))
	keep(s.Stream(ctx, project, session, "str_a"))
	keep(s.StreamByToken(ctx, "a"))
	keep(s.SessionByConnectToken(ctx, "c"))
	page, err := s.Events(ctx, project, domain.EventQuery{})
	keep(nil, err)
	events := page.Events
	keep(s.Events(ctx, project, domain.EventQuery{SessionID: session, After: events[0].ID}))
	keep(s.Event(ctx, project, events[0].ID))
	keep(s.Events(ctx, project, domain.EventQuery{After: page.Next}))
	keep(s.Events(ctx, project, domain.EventQuery{After: domain.NewID(domain.PrefixEvent), SessionID: session}))
	keep(s.Events(ctx, project, domain.EventQuery{Types: []domain.EventType{domain.EventBrowserReady}}))
	keep(s.LastEvents(ctx, project, session, 0, 10))
	keep(s.EventsEnd(ctx, project))
	keepPage(s.Endpoints(ctx, project, domain.EndpointFilter{}))
	for _, f := range []domain.DeliveryFilter{
		{}, {EndpointID: "we_a"}, {SessionID: session}, {Status: domain.DeliveryFailed}, {Status: domain.DeliveryPending}, {EndpointID: "we_a", Status: domain.DeliveryPending}, {Status: domain.DeliverySending},
		{EventType: domain.EventBrowserReady}, {EndpointID: "we_a", Status: domain.DeliveryCanceled},
	} {
		keepPage(s.Deliveries(ctx, project, f))
	}
	keep(s.DueEndpoints(ctx))
	keep(s.Backlogs(ctx))
	keep(s.EndpointStats(ctx, project, []string{"we_a"}, time.Time{}))
	keep(s.BacklogsOf(ctx, project, []string{"we_a"}))
	keep(s.Attempts(ctx, project, "dlv_a"))
	_, _, err = s.Ahead(ctx, project, "dlv_a")
	keep(nil, err)
	keep(s.ProjectByName(ctx, "a"))
	keepPage(s.ProjectsPage(ctx, domain.PageFilter{}))
	keep(s.Project(ctx, project))
	keepPage(s.Keys(ctx, domain.PageFilter{}))
	keep(s.RevokedKeys(ctx, []string{"key_a"}))
	keep(s.SignIn(ctx, []byte("a")))
	keep(s.KeysByPrefix(ctx, "bh_abcdefgh"))
	for _, err := range errs {
		if err != nil {
			t.Errorf("read: %v", err)
		}
	}
}
