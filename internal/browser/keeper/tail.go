package keeper

import (
	"bufio"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	tailLines = 20
	tailWidth = 400 // bytes of a line
	tailWait  = 200 * time.Millisecond
)

// tail keeps the last lines that Chromium printed.
type tail struct {
	mu    sync.Mutex
	lines []string
	done  chan struct{}
}

func newTail() *tail { return &tail{done: make(chan struct{})} }

func (t *tail) read(from io.ReadCloser) {
	defer close(t.done)
	defer from.Close()
	r := bufio.NewReaderSize(from, 4096)
	for {
		raw, more, err := r.ReadLine()
		if err != nil {
			return
		}
		line := string(raw)
		for more && err == nil { // the rest of a long line is not kept
			_, more, err = r.ReadLine()
		}
		if len(line) > tailWidth {
			line = line[:tailWidth]
		}
		if line = strings.TrimSpace(strings.ToValidUTF8(line, "?")); line == "" {
			continue
		}
		t.mu.Lock()
		t.lines = append(t.lines, line)
		if over := len(t.lines) - tailLines; over > 0 {
			t.lines = t.lines[over:]
		}
		t.mu.Unlock()
	}
}

// wait gives what was printed last time to arrive.
func (t *tail) wait() {
	select {
	case <-t.done:
	case <-time.After(tailWait):
	}
}

func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string{}, t.lines...)
}
