package browser

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// A browser that hangs is found by who uses it: one that is used and says nothing is
// asked whether it is there.
const (
	// usedFor is how long after a use it is listened to.
	usedFor = 30 * time.Second
	// askAfter is how long it may say nothing until it is asked.
	askAfter = 3 * time.Second
	// lookAfter is how late its answer is when it is looked at what it does,
	lookAfter = time.Second
	// idleFor how long it may then do nothing at all instead of answering…
	idleFor = 5 * time.Second
	// …and busyFor how long it may have said nothing while it does something.
	busyFor = cdp.DefaultTimeout
)

// watchLiveness ends the browser when it hangs.
func (b *Browser) watchLiveness() {
	if hangs(b.conn, func() work { return workOf(b.PID()) }) {
		b.log.Error("a browser does not answer and is ended", "session", b.ID, "silent", b.conn.Quiet().Round(time.Millisecond))
		b.finishUsage(context.Background()) // while its keeper has a server
		b.conn.GiveUp()
	}
}

// hangs returns true when the browser hangs, false when the wire has ended.
func hangs(conn *cdp.Conn, look func() work) bool {
	for {
		select {
		case <-conn.Used():
		case <-conn.Done():
			return false
		}
		// That it said nothing while nobody used it says nothing.
		began := time.Now()
		quiet := func() time.Duration { return min(conn.Quiet(), time.Since(began)) }
		for conn.Idle() < usedFor {
			if quiet() >= askAfter {
				if !answers(conn, quiet, look) {
					return conn.Err() == nil
				}
				continue
			}
			select {
			case <-time.After(askAfter - quiet()):
			case <-conn.Done():
				return false
			}
		}
	}
}

// answers asks the browser whether it is there. One that works, or waits for a
// processor, is waited for as long as for any answer.
func answers(conn *cdp.Conn, quiet func() time.Duration, look func() work) bool {
	ctx, cancel := context.WithTimeout(context.Background(), busyFor)
	defer cancel()
	answered := make(chan struct{})
	conn.Go(func() {
		err := conn.Ask(ctx, "Browser.getVersion")
		if _, refused := errors.AsType[*cdp.Error](err); err == nil || refused {
			close(answered)
		}
	})
	var before work
	for wait := lookAfter; ; wait = idleFor {
		select {
		case <-answered:
			return true
		case <-conn.Done():
			return false
		case <-time.After(wait):
		}
		if quiet() < askAfter {
			return true // it says other things
		}
		after := look()
		if wait == idleFor && (quiet() >= busyFor || !after.mayAnswer(before)) {
			return false
		}
		before = after
	}
}

// work is what the processes of a browser do.
type work struct {
	known   bool
	stopped bool   // its first
	running bool   // its first runs, waits for a processor or for a disk
	time    uint64 // of processors, in ticks, that they ever had
}

// mayAnswer says whether something has been done since, or may have been.
func (w work) mayAnswer(before work) bool {
	return !w.stopped && (!w.known || w.running || w.time != before.time)
}

// workOf is what is done in a process and its group.
func workOf(pid int) (w work) {
	w, group, ok := stat(pid)
	if !ok || pid == 0 {
		return work{}
	}
	others, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range others {
		other, _ := strconv.Atoi(filepath.Base(dir))
		if of, its, ok := stat(other); ok && other != pid && its == group {
			w.time += of.time
		}
	}
	return w
}

// stat reads what the kernel tells of a process.
func stat(pid int) (w work, group int, ok bool) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return w, 0, false
	}
	// Its name, which may hold anything, is in brackets.
	fields := strings.Fields(string(raw)[strings.LastIndexByte(string(raw), ')')+1:])
	if len(fields) < 13 {
		return w, 0, false
	}
	state, user, system := fields[0], fields[11], fields[12]
	group, _ = strconv.Atoi(fields[2])
	for _, field := range []string{user, system} {
		ticks, _ := strconv.ParseUint(field, 10, 64)
		w.time += ticks
	}
	w.known, w.stopped, w.running = true, strings.ContainsAny(state, "Tt"), strings.ContainsAny(state, "RD")
	return w, group, true
}
