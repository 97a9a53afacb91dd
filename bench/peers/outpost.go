package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/store/pgtest"
)

// outpostPeer is Outpost with what it takes to run: Redis, RabbitMQ and
// PostgreSQL. Events come in by its HTTP API, the only way that needs no queue
// of one's own.
func outpostPeer(postgres *pgtest.Server) peer {
	return peer{"Outpost", "Redis, RabbitMQ, PostgreSQL", func(ctx context.Context, url string, begin func(), arrived func() error) error {
		dir, err := os.MkdirTemp("", "bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		database, err := postgres.NewDatabase(ctx, "template1")
		if err != nil {
			return err
		}
		redis, stopRedis, err := startRedis(ctx)
		if err != nil {
			return err
		}
		defer stopRedis()
		rabbit, stopRabbit, err := startRabbit(ctx, dir)
		if err != nil {
			return err
		}
		defer stopRabbit()
		o, stop, err := startOutpost(ctx, dir, database, redis, rabbit)
		if err != nil {
			return err
		}
		defer stop()
		if err := o.call(ctx, http.MethodPut, "/tenants/bench", nil); err != nil {
			return err
		}
		destination := map[string]any{"type": "webhook", "topics": []string{"*"}, "config": map[string]string{"url": url}}
		if err := o.call(ctx, http.MethodPost, "/tenants/bench/destinations", destination); err != nil {
			return err
		}
		begin()
		err = load.Loop(ctx, load.Producers, *events, 0, func(_ int, due time.Time) error {
			body := load.Body(due)
			return o.call(ctx, http.MethodPost, "/publish", map[string]any{"tenant_id": "bench", "topic": "step_completed", "data": json.RawMessage(body)})
		})
		if err != nil {
			return err
		}
		return arrived()
	}}
}

// startRabbit starts RabbitMQ with all its files in dir.
func startRabbit(ctx context.Context, dir string) (port string, stop func(), err error) {
	port = freePort()
	env := append(os.Environ(), "HOME="+dir, "ERL_EPMD_PORT="+freePort(), "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=bench@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT="+port, "RABBITMQ_DIST_PORT="+freePort(),
		"RABBITMQ_MNESIA_BASE="+filepath.Join(dir, "mnesia"), "RABBITMQ_LOG_BASE="+filepath.Join(dir, "log"),
		"RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"), "RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(dir, "plugins"),
		"RABBITMQ_CONFIG_FILE="+filepath.Join(dir, "rabbitmq"))
	// Erlang's registry of names would otherwise be started by RabbitMQ and stay.
	names := exec.Command("epmd")
	names.Env = env
	stopNames, err := startProcess(names)
	if err != nil {
		return "", nil, err
	}
	server := exec.Command("/usr/lib/rabbitmq/bin/rabbitmq-server")
	server.Env = env
	stopServer, err := startProcess(server)
	if err != nil {
		stopNames()
		return "", nil, err
	}
	return port, func() { stopServer(); stopNames() }, waitPort(ctx, port)
}

// outpostServer is one that runs.
type outpostServer struct{ url string }

const outpostKey = "bench"

func startOutpost(ctx context.Context, dir, database, redis, rabbit string) (outpostServer, func(), error) {
	port := freePort()
	env := append(os.Environ(), "API_PORT="+port, "API_KEY="+outpostKey, "API_JWT_SECRET=bench", "AES_ENCRYPTION_SECRET=0123456789abcdef",
		"TOPICS=step_completed", "POSTGRES_URL="+database, "REDIS_HOST=127.0.0.1", "REDIS_PORT="+redis,
		"RABBITMQ_SERVER_URL=amqp://guest:guest@127.0.0.1:"+rabbit, "LOG_LEVEL=error", "DISABLE_TELEMETRY=true",
		"DELIVERY_MAX_CONCURRENCY=100", "PUBLISH_MAX_CONCURRENCY=100", "LOG_MAX_CONCURRENCY=100", "LOG_BATCH_THRESHOLD_SECONDS=1")
	migrate := exec.CommandContext(ctx, filepath.Join(*outpost, "outpost"), "migrate", "apply", "--yes")
	migrate.Env, migrate.Dir = env, dir
	if out, err := migrate.CombinedOutput(); err != nil {
		return outpostServer{}, nil, fmt.Errorf("outpost migrate: %w\n%s", err, out)
	}
	server := exec.Command(filepath.Join(*outpost, "outpost-server"))
	server.Env, server.Dir, server.Stdout, server.Stderr = env, dir, os.Stderr, os.Stderr
	stop, err := startProcess(server)
	if err != nil {
		return outpostServer{}, nil, err
	}
	return outpostServer{"http://127.0.0.1:" + port + "/api/v1"}, stop, waitPort(ctx, port)
}

// producer is what the callers' requests go over.
var producer = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: load.Producers}}

func (o outpostServer) call(ctx context.Context, method, path string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, o.url+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+outpostKey)
	res, err := producer.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, answer)
	}
	return nil
}
