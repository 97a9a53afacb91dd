package postgres

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
)

// asking makes a session that waits for a certain browser; empty: for any.
func (c *cluster) asking(n *node, browser string) (id string) {
	c.Helper()
	s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionQueued, Options: domain.SessionOptions{Browser: browser}, StreamToken: domain.NewToken()}
	c.ok(n.CreateSession(c.Context(), &domain.NewSession{Session: s, Stream: domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: s.StreamToken}}))
	return s.ID
}

// has is that a node tells the others which browsers it can start.
func (c *cluster) has(n *node, browsers ...string) {
	c.Helper()
	c.ok(n.Announce(c.Context(), func() domain.Node { return domain.Node{Browsers: append([]string{}, browsers...)} }))
}

// TestANodeClaimsWhatItCanStart: of each project the session that waits longest of those
// that ask for one of its browsers, or for none.
func TestANodeClaimsWhatItCanStart(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	shell, whole, none := c.start("a"), c.start("b"), c.start("c")
	c.has(shell, domain.BrowserShell)
	c.has(whole, domain.BrowserChromium)
	c.has(none)
	c.project(shell)
	chromium, second := c.asking(shell, domain.BrowserChromium), c.asking(shell, domain.BrowserChromium)
	anything, third := c.asking(shell, ""), c.asking(shell, domain.BrowserShell)
	c.claims(none, "")
	c.claims(shell, anything)
	c.claims(shell, third)
	c.claims(shell, "")
	c.claims(whole, chromium)
	c.has(shell, domain.BrowserShell, domain.BrowserChromium) // it was installed
	c.claims(shell, second)
	c.claims(whole, "")
	all, err := whole.Nodes(t.Context())
	c.ok(err)
	for i, want := range [][]string{{domain.BrowserShell, domain.BrowserChromium}, {domain.BrowserChromium}, {}} {
		if got := all[i].Browsers; got == nil || !slices.Equal(got, want) {
			t.Errorf("%s has %q", all[i].ID, got)
		}
	}
}

// TestANodeThatJoinsAnewSaysWhatItHas at once.
func TestANodeThatJoinsAnewSaysWhatItHas(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a := c.start("a")
	c.has(a, domain.BrowserShell)
	c.ok(a.rejoin())
	all, err := a.Nodes(t.Context())
	c.ok(err)
	if len(all) != 1 || !slices.Equal(all[0].Browsers, []string{domain.BrowserShell}) {
		t.Errorf("%+v", all)
	}
}

// TestNoBrowserAnywhere: the only node claims what it can't start, to say so; one of a
// release that doesn't say what it has is left alone with that.
func TestNoBrowserAnywhere(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a := c.start("a")
	c.has(a)
	c.project(a)
	first, second := c.asking(a, domain.BrowserChromium), c.asking(a, "")
	c.claims(a, first)
	old := c.start("b") // it hasn't announced what it has
	c.claims(a, "")
	all, err := a.Nodes(t.Context())
	c.ok(err)
	if all[1].Browsers != nil {
		t.Errorf("it has %q", all[1].Browsers)
	}
	c.claims(old, second)
}

// TestALongQueueOfOthers for a browser that a node lacks costs it nothing.
func TestALongQueueOfOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a := c.start("a")
	c.has(a, domain.BrowserShell)
	c.project(a)
	first := c.asking(a, domain.BrowserChromium)
	_, err := a.pool.Exec(t.Context(), `INSERT INTO sessions (project_id, id, node, status, close_reason, error, options, metadata, stream_token, step_count, created_at, ready_at, ended_at)
		SELECT project_id, id || g, node, status, '', '', options, metadata, '', 0, created_at, 0, 0 FROM sessions, generate_series(1, 5000) g WHERE id = $1`, first)
	c.ok(err)
	mine := c.asking(a, "")
	browsers, err := a.startsFor(t.Context())
	c.ok(err)
	for name, q := range map[string]pgx.TraceQueryStartData{
		"whether there is any": {SQL: startable, Args: []any{a.node.Load(), 1, browsers}},
		"which is next":        {SQL: `SELECT $1::bigint, (` + longest + `)`, Args: []any{a.node.Load(), project, browsers}},
	} {
		if n, plan := touches(t, a.Store, q); n > 100 {
			t.Errorf("%s: touches %d rows\n%s", name, n, plan)
		}
	}
	c.claims(a, mine)
}
