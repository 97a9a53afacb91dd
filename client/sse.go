package browserhook

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

const (
	// silence is how long a stream may say nothing, of which there is a comment every 15 s,
	// before it counts as lost.
	silence = 45 * time.Second
	// maxMessage bounds a message: more than any event has.
	maxMessage = 16 << 20
)

// stream is server-sent events that go on where they were lost.
type stream struct {
	api   *Client
	query url.Values
	// event takes the data of a message, and says whether to go on.
	event func(data []byte) bool
	// quiet, unless it is nil, is asked in pauses of the stream whether to go on.
	quiet func() bool
	// told, unless it is nil, hears of each connection, and why it was lost.
	told func(lost error)

	last string // the id of the last message
}

var (
	errStop   = errors.New("that is enough")
	errEnded  = errors.New("browserhook: the stream ended")
	errSilent = fmt.Errorf("browserhook: the stream was silent for %s", silence)
)

// run follows the stream until the end of ctx, of what takes the messages, or until the
// server refuses it. It goes on after a lost connection, if there has been one.
func (s *stream) run(ctx context.Context) error {
	for failures, began := 0, false; ; {
		res, err := s.open(ctx)
		if err == nil {
			began, failures = true, 0
			s.tell(nil)
			err = s.read(ctx, res)
		}
		refused, answered := errors.AsType[*Error](err)
		switch {
		case errors.Is(err, errStop):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !began, answered && !refused.Temporary():
			return err
		}
		s.tell(err)
		if !sleep(ctx, pauseAfter(failures, refused)) {
			return context.Cause(ctx)
		}
		failures++
	}
}

func (s *stream) tell(lost error) {
	if s.told != nil {
		s.told(lost)
	}
}

func (s *stream) open(ctx context.Context) (res *http.Response, err error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if s.last != "" {
		header.Set("Last-Event-ID", s.last)
	}
	err = s.api.do(ctx, request{method: http.MethodGet, path: path("events"), query: s.query, header: header}, func(r *http.Response) error {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "text/event-stream" {
			return &Error{Status: r.StatusCode, Detail: "and no stream: " + isItOurs}
		}
		res = r
		return nil
	})
	return res, err
}

// read takes messages until the connection ends.
func (s *stream) read(ctx context.Context, res *http.Response) error {
	defer res.Body.Close()
	silent := time.AfterFunc(silence, func() { res.Body.Close() })
	defer silent.Stop()
	defer context.AfterFunc(ctx, func() { res.Body.Close() })()
	lines := bufio.NewReader(res.Body)
	var m message
	begun := false
	for {
		line, err := readLine(lines, maxMessage-len(m.data))
		switch {
		case err != nil && !silent.Stop():
			return errSilent
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errEnded
		case err != nil:
			return fmt.Errorf("browserhook: %w", err)
		}
		silent.Reset(silence)
		switch {
		case len(line) > 0 && line[0] == ':':
			if begun && s.quiet != nil && !s.quiet() {
				return errStop
			}
		case len(line) > 0:
			m.add(line)
		default:
			// An id counts when its message has been taken. Who takes their time for it is no
			// silence of the server's.
			if silent.Stop(); m.data != nil && !s.event(bytes.TrimSuffix(m.data, []byte("\n"))) {
				return errStop
			}
			silent.Reset(silence)
			if m.id != "" {
				s.last = m.id
			}
			m, begun = message{}, true
		}
	}
}

// message is what the lines of one have said so far.
type message struct {
	id   string
	data []byte
}

// add reads a line that is neither empty nor a comment.
func (m *message) add(line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "id":
		m.id = string(value)
	case "data":
		m.data = append(append(m.data, value...), '\n')
	}
}

var errLong = errors.New("browserhook: a message of the stream is too long")

// readLine reads a line without its end, which is \n or \r\n.
func readLine(r *bufio.Reader, most int) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > most {
			return nil, errLong
		}
		switch {
		case err == nil:
			return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
