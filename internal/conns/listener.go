package conns

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// spares is how many connections beyond the bounds are open at once. Each
	// lives for spareLife, or until so many others have come: whoever comes
	// when all is full is answered, however many keep coming.
	spares    = 128
	spareLife = 2 * time.Second
)

// listener bounds the connections of another one.
type listener struct {
	net.Listener
	cfg Config

	mu     sync.Mutex
	all    int                // connections, without spare ones
	each   map[netip.Addr]int // of them, and of requests through proxies, by client
	spares []*conn            // oldest first
}

// Accept waits for the next connection. One for which there is no room is a
// spare one.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.admit(c), nil
}

func (l *listener) admit(c net.Conn) *conn {
	mine := &conn{Conn: c, listener: l, from: address(c.RemoteAddr().String())}
	mine.proxy = l.cfg.trusts(mine.from)
	var oldest *conn
	l.mu.Lock()
	switch {
	case l.all < l.cfg.Most && (mine.proxy || l.enter(mine.from)):
		l.all++
	default:
		mine.spare, mine.until = true, time.Now().Add(spareLife)
		if len(l.spares) >= spares {
			oldest = l.spares[0]
			l.spares = l.spares[1:]
		}
		l.spares = append(l.spares, mine)
	}
	l.mu.Unlock()
	if oldest != nil {
		_ = oldest.Conn.Close()
	}
	return mine
}

// enter counts one more of the client's, if that may have more.
func (l *listener) enter(client netip.Addr) bool {
	client = counted(client)
	if l.each[client] >= l.cfg.each() {
		return false
	}
	l.each[client]++
	return true
}

func (l *listener) leave(client netip.Addr) {
	client = counted(client)
	if l.each[client]--; l.each[client] <= 0 {
		delete(l.each, client)
	}
}

// gone forgets a connection that has ended.
func (l *listener) gone(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.spare {
		if i := slices.Index(l.spares, c); i >= 0 {
			l.spares = slices.Delete(l.spares, i, i+1)
		}
		return
	}
	l.all--
	if !c.proxy {
		l.leave(c.from)
	}
}

// request counts a request of a client's that came through a proxy, while it is
// being answered.
func (l *listener) request(client netip.Addr) (done func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.enter(client) {
		return nil, false
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.leave(client)
	}, true
}
