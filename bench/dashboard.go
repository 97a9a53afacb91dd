package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/test/harness"
)

const (
	archiveSessions   = 10_000
	archiveDeliveries = 1_000_000
	dashboardRounds   = 20
	paintRounds       = 5
	wallSessions      = 60
)

// shownPage is a page of the dashboard, of a server that has kept much and of one that
// has nothing; empty: that one has none like it.
type shownPage struct{ name, full, empty string }

func pagesOf(a load.Archived) []shownPage {
	same := func(name, path string) shownPage { return shownPage{name, path, path} }
	session, delivery := "/sessions/"+a.Long, "/deliveries/"+a.Delivery
	return []shownPage{
		same("the wall", "/"), same("sessions", "/sessions"), same("sessions that failed", "/sessions?status=FAILED"), same("sessions by metadata", "/sessions?metadata=order%3D1"),
		{"a session of 1,000 steps", session, ""}, {"its events", session + "?tab=events", ""}, {"its files", session + "?tab=files", ""}, {"its code", session + "?tab=code", ""},
		same("webhooks", "/webhooks"), {"an endpoint", "/webhooks/" + a.Endpoint, ""}, {"an endpoint that got nothing", "/webhooks/" + a.Quiet, ""},
		{"an endpoint, what failed", "/webhooks/" + a.Endpoint + "?status=FAILED", ""}, {"an endpoint, what waits", "/webhooks/" + a.Endpoint + "?status=PENDING", ""},
		{"an endpoint, a type that none is of", "/webhooks/" + a.Endpoint + "?type=browser_crashed", ""},
		{"a delivery", delivery, ""}, same("event types", "/event-types"), same("an event type", "/event-types/browser_ready"),
		same("keys", "/keys"), same("projects", "/projects"), same("nodes", "/nodes"),
	}
}

// listsOf are the lists of the API that grow, with each of their filters.
func listsOf(a load.Archived) (all []shownPage) {
	never := url.QueryEscape(time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339))
	for _, path := range []string{
		"sessions", "sessions?status=CLOSED", "sessions?status=FAILED", "sessions?status=READY", "sessions?life=open", "sessions?life=ended",
		"sessions?metadata=env%3Dproduction", "sessions?metadata=order%3D1", "sessions?metadata=order%3Dnone", "sessions?metadata=env%3Dproduction&status=FAILED", "sessions?to=" + never,
		"sessions/{session}/steps", "sessions/{session}/steps?limit=100", "sessions/{session}/artifacts",
		"events", "events?types=step_completed", "events?types=browser_crashed", "events?sessionId={session}", "events?sessionId={session}&types=browser_crashed",
		"webhook-endpoints", "webhook-endpoints/{endpoint}/stats?period=7d",
		"deliveries", "deliveries?status=DELIVERED", "deliveries?status=PENDING", "deliveries?status=SENDING", "deliveries?status=FAILED", "deliveries?status=CANCELED",
		"deliveries?eventType=step_completed", "deliveries?eventType=browser_crashed", "deliveries?eventType=browser_crashed&status=DELIVERED", "deliveries?sessionId={session}", "deliveries?to=" + never,
		"deliveries?endpointId={endpoint}", "deliveries?endpointId={endpoint}&status=DELIVERED", "deliveries?endpointId={endpoint}&status=PENDING", "deliveries?endpointId={endpoint}&status=FAILED", "deliveries?endpointId={endpoint}&status=CANCELED",
		"deliveries?endpointId={endpoint}&eventType=browser_crashed", "deliveries?endpointId={endpoint}&eventType=browser_crashed&status=FAILED", "deliveries?endpointId={quiet}", "deliveries?endpointId={quiet}&status=FAILED",
	} {
		one := shownPage{name: path, full: "/v1/" + strings.NewReplacer("{session}", a.Long, "{endpoint}", a.Endpoint, "{quiet}", a.Quiet).Replace(path)}
		if !strings.Contains(path, "{") {
			one.empty = one.full
		}
		if before, _, ok := strings.Cut(path, "?to="); ok {
			one.name = before + "?to=(a day ago)"
		}
		all = append(all, one)
	}
	return all
}

// measureDashboard asks a server that has kept much and one that has nothing, in turn.
func measureDashboard(ctx context.Context) (table, error) {
	full := load.Archive{Sessions: less(*sessionsKept), Deliveries: less(*deliveriesKept)}
	t := table{
		Title: "The dashboard and the lists, with much kept and with nothing",
		About: fmt.Sprintf("Two `browserhook serve`, one over %s sessions that have ended and %s deliveries of as many events (one of 500 given up, one of 5,000 waiting for its next try; one session has 1,000 steps with results of 4 kB, and %d wait for a browser), one over an empty database, asked in turn. PostgreSQL has vacuumed and analyzed its tables before, as it does by itself. "+
			"Answer: from the request to the last byte, on a kept connection, medians of %d; to empty is beside the same page of the empty server, or, where that has none like it, its list of sessions. "+
			"First paint: first contentful paint in a whole Chromium of 1280×800 without a cache, as it tells itself, medians of %d. kB: document, styles and scripts, as they come, without pictures.",
			thousands(full.Sessions), thousands(full.Deliveries), wallSessions, dashboardRounds, paintRounds),
		Columns: []string{"", "store", "answer, empty", "answer", "to empty", "first paint, empty", "first paint", "kB"},
	}
	for _, k := range load.Kinds {
		if err := t.addDashboard(ctx, k, full); err != nil {
			return t, fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	return t, nil
}

// keeper is a server over what was kept.
type keeper struct {
	*harness.Server
	cookie *http.Cookie
}

func (t *table) addDashboard(ctx context.Context, k load.Kind, much load.Archive) (err error) {
	var ends stops
	defer func() { err = errors.Join(err, ends.stop()) }()
	var kept load.Archived
	var servers [2]keeper // empty and full
	for i := range servers {
		place, remove, err := k.Fresh(ctx)
		if err != nil {
			return err
		}
		ends = append(ends, func() error { remove(); return nil })
		if i == 1 {
			if kept, err = fillArchive(ctx, k, place, much); err != nil {
				return err
			}
		}
		s, err := harness.Launch(place.Data, append(place.Args(), "--max-sessions=1", "--max-queued=100")...)
		if err != nil {
			return err
		}
		ends = append(ends, s.End)
		if servers[i], err = signedIn(ctx, s); err != nil {
			return err
		}
	}
	for range wallSessions {
		if _, err := servers[1].Client().Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{"metadata": harness.Object{"order": "A-17"}}); err != nil {
			return err
		}
	}
	has, err := programs()
	if err != nil {
		return err
	}
	conn, stop, err := bare(ctx, has.Programs[browser.Chromium])
	if err != nil {
		return err
	}
	ends = append(ends, func() error { stop(); return nil })
	tab, err := attach(ctx, conn)
	if err != nil {
		return err
	}
	screen := &end{Session: tab}
	for _, method := range []string{"Network.enable", "Page.enable"} {
		if err := screen.Call(ctx, method, nil, nil); err != nil {
			return err
		}
	}
	if err := screen.Call(ctx, "Network.setCacheDisabled", object{"cacheDisabled": true}, nil); err != nil {
		return err
	}
	for _, p := range pagesOf(kept) {
		row, err := p.answers(ctx, k.Name, servers)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		paints, kB, err := p.paints(ctx, screen, servers)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		t.Rows = append(t.Rows, append(row, append(paints, kB)...))
	}
	for _, p := range listsOf(kept) {
		row, err := p.answers(ctx, k.Name, servers)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		row[0] = "`" + p.name + "`"
		t.Rows = append(t.Rows, append(row, "", "", ""))
	}
	return nil
}

func fillArchive(ctx context.Context, k load.Kind, place load.Place, much load.Archive) (made load.Archived, err error) {
	store, err := k.Open(ctx, place, load.Nothing)
	if err != nil {
		return made, err
	}
	if made, err = much.Fill(ctx, store); err != nil {
		return made, errors.Join(err, store.Close())
	}
	if err := store.Close(); err != nil || place.URL == "" {
		return made, err
	}
	conn, err := pgx.Connect(ctx, place.URL)
	if err != nil {
		return made, err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
	return made, err
}

// signedIn signs in to a server as soon as it is ready.
func signedIn(ctx context.Context, s *harness.Server) (k keeper, err error) {
	err = harness.Until(ctx, func() (bool, error) {
		res, err := http.Get(s.URL + "/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // it isn't up yet
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK, nil
	})
	if err != nil {
		return k, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/sign-in", strings.NewReader(url.Values{"key": {harness.Key}}.Encode()))
	if err != nil {
		return k, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", s.URL)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return k, err
	}
	res.Body.Close()
	if len(res.Cookies()) != 1 {
		return k, fmt.Errorf("signing in was answered with %d", res.StatusCode)
	}
	return keeper{s, res.Cookies()[0]}, nil
}

// answer is how long the server takes for a page.
func (k keeper) answer(ctx context.Context, path string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.URL+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	if strings.HasPrefix(path, "/v1/") {
		req.Header.Set("Authorization", "Bearer "+harness.Key)
	} else {
		req.AddCookie(k.cookie)
	}
	began := time.Now()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	took := time.Since(began)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s was answered with %d: %s", path, res.StatusCode, body)
	}
	return took, err
}

// instead is asked of the empty server where it has no such page: its simplest list.
func (p shownPage) instead() string {
	switch {
	case p.empty != "":
		return p.empty
	case strings.HasPrefix(p.full, "/v1/"):
		return "/v1/sessions"
	}
	return "/sessions"
}

// answers is a row of how long the servers took, in turn.
func (p shownPage) answers(ctx context.Context, store string, servers [2]keeper) ([]string, error) {
	var took [2][]time.Duration
	for round := range dashboardRounds + 1 { // the first warms up
		for i, path := range []string{p.instead(), p.full} {
			d, err := servers[i].answer(ctx, path)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				took[i] = append(took[i], d)
			}
		}
	}
	empty, full := median(took[0]), median(took[1])
	return []string{p.name, store, ms(empty), ms(full), ratio(full, empty)}, nil
}

// painted is what a page says of itself once it has loaded: when it first showed
// something, and the bytes of what it is made of.
const painted = `new Promise((done) => new PerformanceObserver((list, observer) => {
  const first = list.getEntriesByName("first-contentful-paint")[0];
  if (!first) return;
  observer.disconnect();
  const parts = performance.getEntriesByType("resource").filter((r) => !["img", "iframe", "fetch", "other"].includes(r.initiatorType));
  const bytes = [performance.getEntriesByType("navigation")[0], ...parts].reduce((sum, r) => sum + r.encodedBodySize, 0);
  done([first.startTime, bytes]);
}).observe({ type: "paint", buffered: true }))`

// paints is when a Chromium shows the pages, in turn, and how large the full one is.
func (p shownPage) paints(ctx context.Context, screen *end, servers [2]keeper) (paints []string, kB string, err error) {
	var took [2][]time.Duration
	largest := 0.0
	for round := range paintRounds + 1 {
		for i, path := range []string{p.instead(), p.full} {
			k := servers[i]
			if err := screen.Call(ctx, "Network.setCookie", object{"name": k.cookie.Name, "value": k.cookie.Value, "url": k.URL}, nil); err != nil {
				return nil, "", err
			}
			if err := screen.open(ctx, k.URL+path, 1280, 800); err != nil {
				return nil, "", err
			}
			var said json.RawMessage
			var is [2]float64
			if err := screen.evaluate(ctx, painted, &said); err != nil {
				return nil, "", err
			}
			if err := json.Unmarshal(said, &is); err != nil {
				return nil, "", fmt.Errorf("a page says %s: %w", said, err)
			}
			if i == 1 {
				largest = max(largest, is[1])
			}
			if round > 0 {
				took[i] = append(took[i], time.Duration(is[0]*float64(time.Millisecond)))
			}
		}
	}
	return []string{ms(median(took[0])), ms(median(took[1]))}, fmt.Sprintf("%.0f", largest/1000), nil
}
