package egress

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// passing are buffers for bytes on their way. Nobody holds one while waiting for bytes: there
// are many connections, of which few are busy.
var passing = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// outbound is a connection to the outside, whose bytes are counted.
type outbound struct {
	net.Conn
	f *ForwardProxy

	rules        *ruleSet // by which it was made
	host, target string   // whom it is to, and the address, with the port

	writes atomic.Pointer[time.Time] // since when the part that is being written is; nil: none is
}

func (o *outbound) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	o.f.received.Add(int64(n))
	return n, err
}

func (o *outbound) Write(p []byte) (int, error) {
	// First: when there is an answer, what was asked is counted.
	o.f.sent.Add(int64(len(p)))
	o.writes.Store(new(time.Now()))
	defer o.writes.Store(nil)
	n, err := o.Conn.Write(p)
	o.f.sent.Add(int64(n - len(p)))
	return n, err
}

// tunnel passes bytes both ways until both sides have ended.
func tunnel(browser net.Conn, first *bufio.Reader, out *outbound) {
	var back sync.WaitGroup
	back.Go(func() {
		pass(browser, out)
		closeWrite(browser)
	})
	if n := first.Buffered(); n > 0 {
		early, _ := first.Peek(n)
		if _, err := out.Write(early); err != nil {
			browser.Close()
		}
	}
	pass(out, browser)
	// Whether the browser still listens can't be known.
	_ = out.SetReadDeadline(time.Now().Add(endWithin))
	closeWrite(out.Conn)
	back.Wait()
}

// closeWrite tells the other side that nothing more comes.
func closeWrite(nc net.Conn) {
	if half, ok := nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	nc.Close()
}

// pass copies until the source ends. What can't be written ends the source too.
func pass(to io.Writer, from net.Conn) {
	next := waitingReader(from)
	for {
		part, buf, err := next()
		if len(part) > 0 {
			if _, werr := to.Write(part); werr != nil {
				err = werr
				from.Close()
			}
		}
		if buf != nil {
			passing.Put(buf)
		}
		if err != nil {
			return
		}
	}
}

// firstBuffer is how much a connection may always have in memory, in bytes, where it can't
// be known whether there is something to be read.
const firstBuffer = 1 << 10

// waitingReader reads a connection into a buffer that it takes when there is
// something to be read, if it can know. The caller puts back what isn't nil.
func waitingReader(from net.Conn) func() (part []byte, buf *[32 << 10]byte, err error) {
	counted := func(int) {}
	below := from
	if o, ok := from.(*outbound); ok {
		below = o.Conn
		counted = func(n int) { o.f.received.Add(int64(n)) }
	}
	var raw syscall.RawConn
	if sc, ok := below.(syscall.Conn); ok {
		raw, _ = sc.SyscallConn()
	}
	if raw == nil { // TLS with a proxy
		first, more := make([]byte, firstBuffer), false
		return func() (part []byte, buf *[32 << 10]byte, err error) {
			into := first
			if more { // of what has come already
				buf = passing.Get().(*[32 << 10]byte)
				into = buf[:]
			}
			n, err := from.Read(into)
			more = n == len(into)
			return into[:n], buf, err
		}
	}
	return func() (part []byte, buf *[32 << 10]byte, err error) {
		n := 0
		waited := raw.Read(func(fd uintptr) bool {
			buf = passing.Get().(*[32 << 10]byte)
			for {
				if n, err = syscall.Read(int(fd), buf[:]); !errors.Is(err, syscall.EINTR) {
					break
				}
			}
			if errors.Is(err, syscall.EAGAIN) {
				passing.Put(buf)
				buf, n, err = nil, 0, nil
				return false
			}
			return true
		})
		n = max(n, 0)
		counted(n)
		switch {
		case waited != nil:
			err = waited
		case err == nil && n == 0:
			err = io.EOF
		}
		if buf != nil {
			part = buf[:n]
		}
		return part, buf, err
	}
}

// copyBody copies a body of the length. What is chunked is read and written anew, so
// that both sides see the same end; its trailer is not passed on.
func copyBody(to io.Writer, from *bufio.Reader, length int64) error {
	switch length {
	case chunked:
		return copyChunked(to, from)
	case untilClose:
		return copyBytes(to, from, 1<<62, true)
	default:
		return copyBytes(to, from, length, false)
	}
}

// copyBytes copies so many bytes, or as many as there are if fewer may be.
func copyBytes(to io.Writer, from *bufio.Reader, length int64, fewer bool) error {
	for length > 0 {
		if _, err := from.Peek(1); err != nil {
			if fewer && errors.Is(err, io.EOF) {
				return nil
			}
			return noEOF(err)
		}
		buf := passing.Get().(*[32 << 10]byte)
		n, err := from.Read(buf[:min(int64(len(buf)), length)])
		length -= int64(n)
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		passing.Put(buf)
		if err != nil {
			return err
		}
	}
	return nil
}

// copyChunked copies a chunked body, each chunk as it comes.
func copyChunked(to io.Writer, from *bufio.Reader) error {
	const room = 16 // for a chunk's length
	body := httputil.NewChunkedReader(from)
	for {
		if _, err := from.Peek(1); err != nil {
			return noEOF(err)
		}
		buf := passing.Get().(*[32 << 10]byte)
		n, err := body.Read(buf[room : len(buf)-2])
		var werr error
		if n > 0 {
			size := strconv.AppendInt(nil, int64(n), 16)
			size = append(size, '\r', '\n')
			start := room - len(size)
			copy(buf[start:], size)
			copy(buf[room+n:], "\r\n")
			_, werr = to.Write(buf[start : room+n+2])
		}
		passing.Put(buf)
		switch {
		case werr != nil:
			return werr
		case errors.Is(err, io.EOF):
			if err := skipTrailer(from); err != nil {
				return err
			}
			_, err = io.WriteString(to, "0\r\n\r\n")
			return err
		case err != nil:
			return err
		}
	}
}

// skipTrailer reads what may follow a chunked body.
func skipTrailer(from *bufio.Reader) error {
	for left := maxHead; left > 0; {
		line, err := from.ReadSlice('\n')
		left -= len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return noEOF(err)
		case string(line) == "\r\n", string(line) == "\n":
			return nil
		}
	}
	return errHeadTooLong
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
