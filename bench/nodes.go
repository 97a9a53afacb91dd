package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/bench/load"
)

const (
	nodesDeliveries = 200_000
	nodesEndpoints  = 10
	nodesRuns       = 3
	nodeCommand     = "node" // has this program be one node of a measurement
)

// measureNodes has one and then two processes make events and send them, on
// one database.
func measureNodes(ctx context.Context) (table, error) {
	t := table{
		Title: "Nodes on one database",
		About: fmt.Sprintf("%s deliveries to %d endpoints at full load; each node is a process that commits its part of the events and sends what it gets. Until the last answer is recorded, medians of %d runs, in turn. Sent twice: how many deliveries came again under the same `webhook-id`, of all runs together. Nodes, database and receiver share the machine.",
			thousands(less(nodesDeliveries)), nodesEndpoints, nodesRuns),
		Columns: []string{"", "deliveries", "to one node", "sent twice"},
	}
	for _, k := range load.Kinds {
		most := 2
		if !k.Shared {
			most = 1
		}
		times, twice := make([][]time.Duration, most), make([]int, most)
		for range nodesRuns {
			for i := range most {
				took, again, err := runNodes(ctx, k, i+1)
				if err != nil {
					return t, err
				}
				times[i], twice[i] = append(times[i], took), twice[i]+again
			}
		}
		for i := range most {
			d := median(times[i])
			t.Rows = append(t.Rows, []string{
				fmt.Sprintf("%s, %d %s", k.Name, i+1, []string{"node", "nodes"}[min(i, 1)]), fmt.Sprintf("%.0f/s %s", float64(less(nodesDeliveries))/d.Seconds(), spread(times[i])),
				ratio(median(times[0]), d), strconv.Itoa(twice[i]),
			})
		}
	}
	return t, nil
}

// runNodes measures so many processes, and counts what they sent twice.
func runNodes(ctx context.Context, k load.Kind, nodes int) (took time.Duration, twice int, err error) {
	var mu sync.Mutex
	seen := map[string]bool{}
	receiver := load.NewReceiver(load.Plain, func(r *http.Request, _ []byte) {
		key := r.URL.Path + " " + r.Header.Get("Webhook-Id")
		mu.Lock()
		defer mu.Unlock()
		if seen[key] {
			twice++
		}
		seen[key] = true
	})
	defer receiver.Close()
	place, remove, err := k.Fresh(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer remove()
	if err := prepare(ctx, k, place, receiver.URL); err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends every node, whatever happened
	var recorded load.Counter
	var all []*node
	for range nodes {
		n, err := startNode(ctx, k, place, less(nodesDeliveries)/nodesEndpoints/nodes, &recorded)
		if err != nil {
			return 0, 0, err
		}
		all = append(all, n)
	}
	began := time.Now()
	for _, n := range all {
		if _, err := io.WriteString(n.stdin, "go\n"); err != nil {
			return 0, 0, err
		}
	}
	if err := recorded.Reach(ctx, int64(less(nodesDeliveries))); err != nil {
		return 0, 0, err
	}
	took = time.Since(began)
	for _, n := range all {
		err = errors.Join(err, n.stdin.Close(), n.wait())
	}
	return took, twice, err
}

func prepare(ctx context.Context, k load.Kind, place load.Place, url string) error {
	store, err := k.Open(ctx, place, load.Nothing)
	if err != nil {
		return err
	}
	var urls []string
	for i := range nodesEndpoints {
		urls = append(urls, fmt.Sprintf("%s/%d", url, i))
	}
	return errors.Join(load.Prepare(ctx, store, urls), store.Close())
}

// node is a process of this program that runs beANode.
type node struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	read  chan struct{} // all that it printed has been read
}

func startNode(ctx context.Context, k load.Kind, place load.Place, events int, recorded *load.Counter) (*node, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	n := &node{cmd: exec.CommandContext(ctx, self, nodeCommand, k.Name, place.Data, place.URL, strconv.Itoa(events)), read: make(chan struct{})}
	n.cmd.Stderr = os.Stderr
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if n.stdin, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() { // its first line: it is ready
		return nil, fmt.Errorf("a node ended at once: %w", n.cmd.Wait())
	}
	go func() {
		defer close(n.read)
		for lines.Scan() {
			if k, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
				recorded.Add(k)
			}
		}
	}()
	return n, nil
}

func (n *node) wait() error {
	<-n.read
	return n.cmd.Wait()
}

// beANode says when it is ready, makes its events when told to, says how many
// deliveries it recorded, again and again, and ends with its input.
func beANode(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return errors.New("a node is started by the measurement `nodes`")
	}
	i := slices.IndexFunc(load.Kinds, func(k load.Kind) bool { return k.Name == args[0] })
	events, err := strconv.Atoi(args[3])
	if i < 0 || err != nil {
		return fmt.Errorf("no such node: %q", args)
	}
	n, err := load.Start(ctx, load.Kinds[i], load.Place{Data: args[1], URL: args[2]}, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	input := bufio.NewScanner(os.Stdin)
	if !input.Scan() {
		return n.Stop()
	}
	n.Recorded.Each(func(k int64) { fmt.Fprintln(os.Stdout, k) })
	if err := n.Events(ctx, events, 0); err != nil {
		return err
	}
	input.Scan()
	return n.Stop()
}
