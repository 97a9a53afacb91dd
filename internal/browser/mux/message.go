package mux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxMessage bounds one message of a client, in bytes: what is larger ends its
// connection. Chromium stops reading its pipe for good at 100 MiB.
const MaxMessage = 96 << 20

// maxHeld bounds a message of the browser that can't be passed on while it comes.
const maxHeld = 64 << 20

// errTooLarge is a message that is larger than may be held.
var errTooLarge = errors.New("a message is too large")

// pageText lets text of pages through that isn't UTF-8. Both ends write such.
var pageText = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// reader cuts a stream into messages, which end with a NUL byte.
type reader struct {
	from  io.Reader
	buf   []byte
	begin int // of what has not been taken
	end   int
	held  func(n int) // told of so many bytes more of a long message; nil: nobody is
}

const readSize = 64 << 10

func newReader(from io.Reader) *reader { return &reader{from: from, buf: make([]byte, readSize)} }

// part returns the next message without its NUL, or, of one that is longer than
// readSize, so much of it; last says that it ends there. It is valid until the
// next call. The error is io.EOF between two messages, io.ErrUnexpectedEOF within
// one.
func (r *reader) part() (part []byte, last bool, err error) {
	for seen := r.begin; ; {
		if i := bytes.IndexByte(r.buf[seen:r.end], 0); i >= 0 {
			part = r.buf[r.begin : seen+i]
			r.begin = seen + i + 1
			return part, true, nil
		}
		if r.begin > 0 {
			r.end = copy(r.buf, r.buf[r.begin:r.end])
			r.begin = 0
		}
		if seen = r.end; r.end == len(r.buf) {
			r.begin, r.end = 0, 0
			return r.buf, false, nil
		}
		n, err := r.from.Read(r.buf[r.end:])
		if r.end += n; n > 0 {
			continue
		}
		if errors.Is(err, io.EOF) && r.end > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// next returns the next message, which is the caller's own.
func (r *reader) next(limit int) ([]byte, error) {
	part, last, err := r.part()
	if err != nil {
		return nil, err
	}
	if last {
		return bytes.Clone(part), nil
	}
	return r.rest(part, limit)
}

// rest reads a message to its end of which the first part has been. One of more
// than limit bytes is errTooLarge, and has been read to its end without being held.
func (r *reader) rest(part []byte, limit int) (message []byte, err error) {
	message = bytes.Clone(part)
	for last := false; !last; {
		if part, last, err = r.part(); err != nil {
			return nil, within(err)
		}
		if len(message)+len(part) > limit {
			message, limit = nil, -1
			continue
		}
		message = append(message, part...)
		if r.held != nil {
			r.held(len(part))
		}
	}
	if limit < 0 {
		return nil, errTooLarge
	}
	return message, nil
}

// within is an error in the midst of a message.
func within(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// answer is a message from the browser, read as far as passing it on needs: all
// but params, result and error are in its fields, and body is those, as they
// came: `,"result":{…}` of an answer, `"method":"…","params":{…}` of an event.
type answer struct {
	id      int64  // of the command that it answers; 0: it is an event
	method  string // of an event
	session string // that it comes from; empty: from the browser itself
	body    []byte
}

const (
	idFirst     = `{"id":`
	methodFirst = `{"method":"`
	sessionLast = `,"sessionId":"`
)

// readAnswer reads a message from the browser. As Chromium writes nearly all of
// them, the id or the method first and the session last, the rest is never
// looked at, however long.
func readAnswer(message []byte) (answer, error) {
	a, ok := quickly(message)
	if ok {
		return a, nil
	}
	var m struct {
		ID        int64          `json:"id"`
		Method    string         `json:"method"`
		SessionID string         `json:"sessionId"`
		Params    jsontext.Value `json:"params"`
		Result    jsontext.Value `json:"result"`
		Error     jsontext.Value `json:"error"`
	}
	if err := json.Unmarshal(message, &m, pageText); err != nil {
		return answer{}, fmt.Errorf("the browser sent no message: %w", err)
	}
	a = answer{id: m.ID, method: m.Method, session: m.SessionID}
	if m.ID == 0 {
		a.body = append(a.body, `"method":`...)
		a.body, _ = jsontext.AppendQuote(a.body, m.Method)
	}
	for _, part := range []struct {
		name  string
		value jsontext.Value
	}{{"params", m.Params}, {"result", m.Result}, {"error", m.Error}} {
		if part.value != nil {
			a.body = append(append(append(a.body, `,"`...), part.name...), `":`...)
			a.body = append(a.body, part.value...)
		}
	}
	return a, nil
}

// quickly reads a message that is written as Chromium does. Its last member is
// params, result or error, an object each, or the session's id, a string: so
// one that ends with `"}` ends with a member of the message itself, and as no
// quote stands bare in a string, that is sessionId when it looks so.
func quickly(message []byte) (a answer, ok bool) {
	end := len(message) - 1
	if end < 1 || message[end] != '}' {
		return a, false
	}
	if message[end-1] == '"' {
		open := bytes.LastIndexByte(message[:end-1], '"')
		from := open + 1 - len(sessionLast)
		if from < 0 || string(message[from:open+1]) != sessionLast || !plain(message[open+1:end-1]) {
			return a, false
		}
		a.session, end = string(message[open+1:end-1]), from
	} else if message[end-1] != '}' {
		return a, false
	}
	switch {
	case bytes.HasPrefix(message, []byte(idFirst)):
		id, at := idOf(message[:end])
		if id == 0 {
			return a, false
		}
		a.id, a.body = id, message[at:end]
	case bytes.HasPrefix(message, []byte(methodFirst)):
		name, _, found := bytes.Cut(message[len(methodFirst):min(end, 256)], []byte{'"'})
		if !found || !plain(name) {
			return a, false
		}
		a.method, a.body = string(name), message[1:end]
	default:
		return a, false
	}
	return a, true
}

// idOf is the id that a message of the browser begins with, and where the rest
// begins; 0: it begins otherwise.
func idOf(message []byte) (id int64, rest int) {
	digits, ok := bytes.CutPrefix(message[:min(len(message), len(idFirst)+20)], []byte(idFirst))
	if !ok {
		return 0, 0
	}
	digits = digits[:len(digits)-len(bytes.TrimLeft(digits, "0123456789"))]
	id, err := strconv.ParseInt(string(digits), 10, 64)
	if rest = len(idFirst) + len(digits); err != nil || rest >= len(message) || message[rest] != ',' {
		return 0, 0
	}
	return id, rest
}

// plain says that a string stands in JSON as it is.
func plain(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return len(s) > 0
}

// params are an event's, or nil.
func (a answer) params() jsontext.Value {
	_, params, ok := bytes.Cut(a.body, []byte(`,"params":`))
	if !ok {
		return nil
	}
	return params
}

// decode reads the members of an answer that may be.
func (a answer) decode(into any) error {
	return json.Unmarshal(append(append([]byte(`{"id":0`), a.body...), '}'), into, pageText)
}

// target is what something is that can be attached to.
type target struct {
	ID   string `json:"targetId"`
	Type string `json:"type"`
	URL  string `json:"url"`
}

// ofPages says that it is a page, or belongs to one: not a window of the program
// itself, whose scripts may do more than those of pages.
func (t target) ofPages() bool {
	scheme, _, _ := strings.Cut(t.URL, ":")
	switch strings.ToLower(scheme) {
	case "chrome", "chrome-untrusted", "chrome-search", "chrome-extension", "devtools":
		return false
	}
	return t.Type != "browser_ui"
}

// pieces are the message as a client gets it, under its own id and session, its
// NUL included. A small one is one piece.
func (a answer) pieces(id int64, session string) [][]byte {
	if a.id == 0 {
		return join([]byte{'{'}, a.body, tail(session))
	}
	return join(strconv.AppendInt([]byte(idFirst), id, 10), a.body, tail(session))
}

const small = 4 << 10

func join(head, body, tail []byte) [][]byte {
	if len(body) < small {
		return [][]byte{append(append(head, body...), tail...)}
	}
	return [][]byte{head, body, tail}
}

func tail(session string) []byte {
	if session == "" {
		return []byte("}\x00")
	}
	return []byte(sessionLast + session + "\"}\x00")
}

// command is a message from a client.
type command struct {
	numbered bool // it has an id
	id       int64
	method   string
	session  string // empty: the client's root session
	params   jsontext.Value
}

// refusal is what the protocol calls an error: the answer to a command that is
// not done.
type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The protocol's codes, which are JSON-RPC's but the last two.
const (
	codeParse     = -32700
	codeInvalid   = -32600
	codeRefused   = -32000
	codeNoSession = -32001
)

// readCommand reads a message from a client. A message that could be read in two
// ways is refused, so that what is judged here is what the browser does. What
// was read of it before that is returned with the refusal.
func readCommand(message []byte) (c command, no *refusal) {
	d := jsontext.NewDecoder(bytes.NewBuffer(message), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return c, &refusal{codeParse, "JSON: a message is an object"}
	}
	seen := map[string]bool{}
	for d.PeekKind() != '}' {
		t, err := d.ReadToken()
		if err != nil {
			return c, unreadable(err)
		}
		name := t.String()
		if seen[name] {
			return c, &refusal{codeInvalid, fmt.Sprintf("Message has property %q twice", name)}
		}
		seen[name] = true
		value, err := d.ReadValue()
		if err != nil {
			return c, unreadable(err)
		}
		switch name {
		case "id":
			err = json.Unmarshal(value, &c.id)
			c.numbered = err == nil
		case "method":
			err = json.Unmarshal(value, &c.method)
		case "sessionId":
			if err = json.Unmarshal(value, &c.session); err == nil && c.session != "" && !plain([]byte(c.session)) {
				c.session, err = "", errors.New("not an id")
			}
		case "params":
			c.params = value.Clone()
			if k := value.Kind(); k != '{' && k != 'n' {
				err = errors.New("not an object")
			}
		default:
			name, err = "", errors.New("unknown")
		}
		if err != nil {
			return c, &refusal{codeInvalid, invalid[name]}
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return c, unreadable(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return c, &refusal{codeParse, "JSON: something follows the message"}
	}
	switch {
	case !c.numbered:
		return c, &refusal{codeInvalid, invalid["id"]}
	case c.method == "":
		return c, &refusal{codeInvalid, invalid["method"]}
	}
	return c, nil
}

// invalid has Chromium's words for a member of a message that is wrong, and for
// one that there isn't.
var invalid = map[string]string{
	"":          "Message has property other than 'id', 'method', 'sessionId', 'params'",
	"id":        "Message must have integer 'id' property",
	"method":    "Message must have string 'method' property",
	"sessionId": "Message may have string 'sessionId' property",
	"params":    "Message may have object 'params' property",
}

func unreadable(err error) *refusal { return &refusal{codeParse, "JSON: " + err.Error()} }

// pieces are the command as the browser gets it.
func (c command) pieces(id int64, session string) [][]byte {
	head := strconv.AppendInt([]byte(idFirst), id, 10)
	head, _ = jsontext.AppendQuote(append(head, `,"method":`...), c.method)
	if c.params == nil {
		return join(head, nil, tail(session))
	}
	return join(append(head, `,"params":`...), c.params, tail(session))
}
