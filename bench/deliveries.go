package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/webhook"
)

const (
	deliveries = 60_000
	producers  = 256
	senders    = 32
)

func measureDeliveries(ctx context.Context) (table, error) {
	t := table{
		Title: "Webhook deliveries per second, SQLite",
		About: fmt.Sprintf("%d deliveries from the first event to the last recorded answer, the best of three runs each, in turn: the event, its deliveries and every attempt are on disk before they count. "+
			"Bare: a loop that POSTs the same body over %d kept connections to the same receiver and stores nothing. Receiver and database are on the same machine.", deliveries, senders),
		Columns: []string{"endpoints", "bare", "browserhook", "of bare"},
	}
	var got atomic.Int64
	var done chan struct{}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
		if got.Add(1) == deliveries {
			close(done)
		}
	}))
	defer receiver.Close()
	for _, endpoints := range []int{1, 10} {
		var best [2]time.Duration
		for range 3 {
			for i, measure := range []func(context.Context, string, int) error{postLoop, engine} {
				got.Store(0)
				done = make(chan struct{})
				began := time.Now()
				if err := measure(ctx, receiver.URL, endpoints); err != nil {
					return t, err
				}
				<-done
				if took := time.Since(began); best[i] == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
		rate := func(d time.Duration) float64 { return deliveries / d.Seconds() }
		t.Rows = append(t.Rows, []string{
			fmt.Sprint(endpoints), fmt.Sprintf("%.0f/s", rate(best[0])), fmt.Sprintf("%.0f/s", rate(best[1])),
			fmt.Sprintf("%.0f %%", 100*rate(best[1])/rate(best[0])),
		})
	}
	return t, nil
}

func session(publicURL string) (*domain.NewSession, domain.Draft) {
	s := domain.Session{
		ID: domain.NewID(domain.PrefixSession), ProjectID: "proj_1", Status: domain.SessionReady,
		StreamToken: domain.NewToken(), CreatedAt: time.Now(),
	}
	step := &domain.Step{
		ID: domain.NewID(domain.PrefixStep), Action: "extract", Status: domain.StepCompleted,
		Result: json.RawMessage(`{"order":"A-17"}`), StartedAt: s.CreatedAt, FinishedAt: s.CreatedAt,
	}
	n := &domain.NewSession{Session: s, Stream: domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: s.ProjectID, SessionID: s.ID, Token: s.StreamToken, Mode: domain.StreamView, CreatedAt: s.CreatedAt,
	}}
	return n, domain.StepNews(&s, step, domain.EventStepCompleted, publicURL, s.CreatedAt)
}

func postLoop(ctx context.Context, target string, _ int) error {
	_, draft := session("http://127.0.0.1:8080")
	event, err := draft.Seal(1)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(deliveries)
	var wg sync.WaitGroup
	errs := make(chan error, senders)
	for range senders {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(event.Body))
				if err != nil {
					errs <- err
					return
				}
				res, err := client.Do(req)
				if err != nil {
					errs <- err
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

func engine(ctx context.Context, target string, endpoints int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log := slog.New(slog.DiscardHandler)
	box, err := seal.New(seal.NewKey())
	if err != nil {
		return err
	}
	var e *webhook.Engine
	store, err := sqlite.Open(ctx, filepath.Join(dir, "bench.db"), box, func(c domain.Commit) {
		if e != nil {
			e.Wake(c.Due...)
		}
	}, log)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.CreateProject(ctx, domain.Project{ID: "proj_1", Name: "bench", CreatedAt: time.Now()}); err != nil {
		return err
	}
	client := egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer client.CloseIdle()
	service := webhook.NewService(store, client.Guard)
	for range endpoints {
		if _, err := service.Create(ctx, "proj_1", domain.EndpointSettings{URL: target, Events: domain.Subscription{"*"}}, false, nil); err != nil {
			return err
		}
	}
	queue := &counted{Store: store, done: make(chan struct{})}
	queue.left.Store(int64(deliveries / endpoints * endpoints))
	e = webhook.NewEngine(queue, client, "bench", log)
	store.OfferTo(e)
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- e.Run(running) }()
	var left atomic.Int64
	left.Store(int64(deliveries / endpoints))
	var wg sync.WaitGroup
	errs := make(chan error, producers)
	for range producers {
		wg.Go(func() {
			n, draft := session("http://127.0.0.1:8080")
			if err := store.CreateSession(ctx, n); err != nil {
				errs <- err
				return
			}
			for left.Add(-1) >= 0 {
				if err := store.ChangeSession(ctx, "proj_1", n.Session.ID, func(c *domain.SessionChange) error {
					c.News = append(c.News, draft)
					return nil
				}); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	if err := <-errs; err != nil {
		stop()
		return err
	}
	<-queue.done // all of it counts: the end is when the last outcome is recorded
	stop()
	return <-ended
}

// counted is a store that tells when so many deliveries are recorded.
type counted struct {
	*sqlite.Store
	left atomic.Int64
	done chan struct{}
}

func (c *counted) Finish(ctx context.Context, outcomes []domain.Outcome, news []domain.Draft) error {
	err := c.Store.Finish(ctx, outcomes, news)
	if err != nil {
		return err
	}
	delivered := 0
	for i := range outcomes {
		if outcomes[i].Delivery.Status == domain.DeliveryDelivered {
			delivered++
		}
	}
	if delivered > 0 && c.left.Add(int64(-delivered)) == 0 {
		close(c.done)
	}
	return nil
}
