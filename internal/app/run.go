package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Run serves until ctx ends, and then stops in order: no new work, running
// steps to their end, browsers closed, webhooks under way answered, the store
// closed. If the cause is ErrTerminated, browsers may be left to the next start. When
// that takes longer than the setting stop-grace, it leaves the rest
// as it is, for the next start to see, and returns.
func (a *App) Run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var wg sync.WaitGroup
	part := func(ctx context.Context, name string, run func(context.Context) error) (stop func()) {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		wg.Go(func() {
			defer close(done)
			if err := run(ctx); err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
		return func() { cancel(); <-done }
	}
	background := context.WithoutCancel(ctx)
	stopEngine := part(background, "webhooks", a.engine.Run)
	stopStats := part(background, "statistics of webhooks", a.stats.Run)
	stopSessions := part(background, "sessions", a.sessions.Run)
	a.launcher.Fill()
	others := []func(){
		part(background, "health", a.health.Run),
		part(background, "browsers", a.starts.Run),
		part(background, "retention", a.retention.Run),
		part(background, "keys", a.access.Run),
	}
	if a.metrics != nil {
		others = append(others, part(background, "metrics", a.metrics.Run))
	}
	part(background, "http", func(context.Context) error {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	select {
	case <-ctx.Done():
	case <-a.sessions.Drained():
		a.log.Info("drained: the last session has ended")
		fail(errDrained)
	}
	leave := a.ends == "" && errors.Is(context.Cause(ctx), ErrTerminated)
	if leave {
		a.log.Info("stopping: running steps may finish, sessions are left to the next start; a second signal ends it at once")
	} else {
		a.log.Info("stopping: running steps may finish, sessions are closed; a second signal ends it at once")
	}
	began := time.Now()
	a.stopBy.Store(new(began.Add(a.grace * 7 / 8))) // the rest is for the store
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		hurry(a.store)
		if leave {
			a.sessions.Leave()
		} else {
			a.sessions.Stop()
		}
		a.endIntake()
		stopSessions()
		a.launcher.Close()
		a.sendAway()
		var last sync.WaitGroup
		last.Go(func() { a.shutdown(background) })
		last.Go(func() {
			stopEngine()
			stopStats() // which counts to the end what that did
		})
		last.Go(a.models.Close)
		for _, stop := range others {
			last.Go(stop)
		}
		last.Wait()
		wg.Wait()
		a.release()
	}()
	select {
	case <-stopped:
		a.log.Info("stopped", "took", time.Since(began))
	case <-time.After(a.grace):
		a.log.Warn("stopped with something left undone that hangs; the next start takes it up", "took", time.Since(began))
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, ErrTerminated) && !errors.Is(err, errDrained) {
		return err
	}
	return nil
}

// shutdown lets requests under way be answered, for a while.
func (a *App) shutdown(ctx context.Context) {
	ctx, cancel := context.WithDeadline(ctx, *a.stopBy.Load())
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		_ = a.server.Close()
	}
}

// release closes what New opened, in the opposite order.
func (a *App) release() {
	if a.listener != nil {
		_ = a.listener.Close()
	}
	a.metrics.close()
	if a.hops != nil {
		a.hops.Close()
	}
	if a.egress != nil {
		a.egress.CloseIdle()
	}
	if a.blobs != nil {
		if err := a.blobs.Close(); err != nil {
			a.log.Error("close artifacts", "err", err)
		}
	}
	if a.telemetry != nil {
		a.closeTelemetry()
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.log.Error("close store", "err", err)
		}
	}
	if a.data != nil {
		a.data.Close()
	}
}
