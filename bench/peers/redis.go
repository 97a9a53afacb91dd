package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/hibiken/asynq"

	"github.com/browserhook/browserhook/bench/load"
)

func asynqPeer() peer {
	return peer{"asynq", "Redis", func(ctx context.Context, url string, begin func(), arrived func() error) error {
		port, stop, err := startRedis(ctx)
		if err != nil {
			return err
		}
		defer stop()
		redis := asynq.RedisClientOpt{Addr: "127.0.0.1:" + port, PoolSize: load.Producers}
		server := asynq.NewServer(redis, asynq.Config{Concurrency: senders, LogLevel: asynq.FatalLevel})
		work := func(ctx context.Context, t *asynq.Task) error {
			var d delivery
			if err := json.Unmarshal(t.Payload(), &d); err != nil {
				return err
			}
			return post(ctx, d.URL, d.Body)
		}
		if err := server.Start(asynq.HandlerFunc(work)); err != nil {
			return err
		}
		defer server.Shutdown()
		c := asynq.NewClient(redis)
		defer c.Close()
		begin()
		err = load.Loop(ctx, load.Producers, *events, 0, func(_ int, due time.Time) error {
			body := load.Body(due)
			payload, err := json.Marshal(delivery{url, body})
			if err != nil {
				return err
			}
			_, err = c.EnqueueContext(ctx, asynq.NewTask("delivery", payload))
			return err
		})
		if err != nil {
			return err
		}
		return arrived()
	}}
}

// startRedis starts one that has flushed what it has answered.
func startRedis(ctx context.Context) (port string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return "", nil, err
	}
	port = freePort()
	end, err := startProcess(exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"))
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, err
	}
	return port, func() { end(); os.RemoveAll(dir) }, waitPort(ctx, port)
}

// freePort is one of loopback that nothing listens at.
func freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // loopback is all that this is about
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// startProcess starts a server in a process group of its own; stop ends all of
// it.
func startProcess(cmd *exec.Cmd) (stop func(), err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	return func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		kill := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_ = cmd.Wait()
		kill.Stop()
	}, nil
}

// waitPort waits until something listens.
func waitPort(ctx context.Context, port string) error {
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("port %s: %w", port, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
