package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// Namespaces says why browsers that are started by the keeper's command can't have a
// network namespace of their own here; nil: they can.
func Namespaces(ctx context.Context, command []string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	try := exec.CommandContext(ctx, command[0], append(slices.Clone(command[1:]), "namespace")...)
	try.SysProcAttr = keeper.Attr(true)
	why, err := try.Output()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case ended && exit.ExitCode() == keeper.NoNamespace:
		return errors.New(string(why))
	case ctx.Err() != nil:
		return fmt.Errorf("try a network namespace: %w", context.Cause(ctx))
	case try.SysProcAttr.Cloneflags != 0 && slices.ContainsFunc(noUserNamespace, func(no syscall.Errno) bool { return errors.Is(err, no) }):
		return fmt.Errorf("make a user namespace: %w", err)
	default:
		return fmt.Errorf("try a network namespace: %w", err)
	}
}

// noUserNamespace is what the kernel answers who may make none, or no more, or where
// there are none. What else goes wrong has to do with the program.
var noUserNamespace = []syscall.Errno{syscall.EPERM, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS}

var errTurnedOff = errors.New("they are turned off")

// setRules tells the keeper what the session's browser may reach: nothing, before.
func (b *Browser) setRules(ctx context.Context, open []netip.Prefix, opt domain.SessionOptions) error {
	rules := &egress.Rules{Open: open, Proxy: opt.Proxy}
	if n := opt.Network; n != nil {
		rules.Allow, rules.Deny = n.Allow, n.Deny
	}
	b.forwards.Store(true)
	conn, _, err := b.dialKeeper(ctx, keeper.Hello{Rules: rules})
	if err != nil {
		return fmt.Errorf("tell the keeper what the browser may reach: %w", err)
	}
	return conn.Close()
}

// dialKeeper makes a connection to the keeper that begins with a hello.
func (b *Browser) dialKeeper(ctx context.Context, hello keeper.Hello) (_ net.Conn, welcome keeper.Welcome, err error) {
	conn, err := dial(ctx, b.dir)
	if err != nil {
		return nil, welcome, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			conn.Close()
		}
	}()
	hello.Version, hello.Oldest, hello.Key = keeper.Version, max(hello.Oldest, 1), b.key
	raw, err := json.Marshal(map[string]any{"id": 1, "method": keeper.MethodHello, "params": hello})
	if err != nil {
		return nil, welcome, err
	}
	if _, err = conn.Write(append(raw, 0)); err != nil {
		return nil, welcome, err
	}
	// Nothing comes after the answer until something is sent.
	if raw, err = bufio.NewReader(conn).ReadBytes(0); err != nil {
		return nil, welcome, err
	}
	var answer struct {
		Result keeper.Welcome
		Error  *cdp.Error
	}
	if err = json.Unmarshal(raw[:len(raw)-1], &answer); err != nil {
		return nil, welcome, err
	}
	if answer.Error != nil {
		answer.Error.Method = keeper.MethodHello
		return nil, welcome, answer.Error
	}
	return conn, answer.Result, nil
}

const (
	// usageWithin bounds how long a keeper may take to say what has passed.
	usageWithin = time.Second
	// settleWithin bounds it when all that is still to pass has to end first.
	settleWithin = 5 * time.Second
)

// Usage is what the browser has had of the network, as far as the keeper can be asked
// or has said. After Close it is all of it.
func (b *Browser) Usage(ctx context.Context) domain.Usage {
	b.askUsage(ctx, keeper.Hello{Asks: true}, usageWithin)
	return b.Used()
}

// Used is Usage as the keeper has said last, which it does every few seconds.
func (b *Browser) Used() domain.Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.usage
}

// finishUsage has nothing of the browser's pass any more, and learns what has. It tries once.
func (b *Browser) finishUsage(ctx context.Context) {
	b.mu.Lock()
	settled := b.settled
	b.settled = true
	b.mu.Unlock()
	if settled {
		return
	}
	b.askUsage(ctx, keeper.Hello{Ends: true}, settleWithin)
}

// askUsage asks what has passed, unless all of it was told. It asks by a connection of its
// own: a browser that hangs, whose wire has been given up, has a keeper still.
func (b *Browser) askUsage(ctx context.Context, hello keeper.Hello, within time.Duration) {
	b.mu.Lock()
	told := b.exited != nil
	b.mu.Unlock()
	if told || !b.forwards.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, welcome, err := b.dialKeeper(ctx, hello)
	if err != nil {
		return
	}
	conn.Close()
	if welcome.Usage != nil {
		b.used(*welcome.Usage)
	}
}

// used takes what the keeper says has passed, which is never less than before.
func (b *Browser) used(u domain.Usage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.usage = domain.Usage{
		SentBytes: max(u.SentBytes, b.usage.SentBytes), ReceivedBytes: max(u.ReceivedBytes, b.usage.ReceivedBytes), Refused: max(u.Refused, b.usage.Refused),
	}
}

// Dial connects to an address, host:port, as the session's browser does: by its rules
// and through its proxy, and it is counted. Of an address that may not be reached the
// error is an *[egress.Error] of class blocked.
func (b *Browser) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("a session's browser has no connections of %s", network)
	}
	if !b.forwards.Load() {
		return nil, errors.New("the session's keeper is of an earlier version")
	}
	conn, _, err := b.dialKeeper(ctx, keeper.Hello{Dials: true})
	if err != nil {
		return nil, fmt.Errorf("connect to the keeper: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = egress.Connect(conn, address)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// unreached remembers for a while which connections a browser wanted and did not get.
type unreached struct {
	mu  sync.Mutex
	all []Unreached
}

// Unreached is a connection that a browser wanted and did not get.
type Unreached struct {
	egress.Refusal
	At time.Time
}

// maxUnreached is how many are remembered.
const maxUnreached = 64

func (u *unreached) onEvent(e cdp.Event) {
	var r egress.Refusal
	if json.Unmarshal(e.Params, &r) != nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.all) == maxUnreached {
		u.all = slices.Delete(u.all, 0, 1)
	}
	u.all = append(u.all, Unreached{r, time.Now()})
}

// Unreached is the last connection to a host's port that the browser did not get since
// then, if there is one; to any host, if none is named.
func (p *Page) Unreached(host string, port int, since time.Time) (Unreached, bool) {
	u := &p.tabs.unreached
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range slices.Backward(u.all) {
		if !one.At.Before(since) && (host == "" || one.Host == host && one.Port == port) {
			return one, true
		}
	}
	return Unreached{}, false
}
