package egress

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// maxHead is how long the head of a message through the forward proxy may be.
const maxHead = 512 << 10

// The lengths of bodies that no number says.
const (
	chunked    = -1
	untilClose = -2
)

// requestHead is the head of a request to a forward proxy. It is passed on as it was
// written, but for what concerns this one connection.
type requestHead struct {
	method  string
	host    string // as it is compared: see PlainHost
	port    string
	length  int64  // of the body; chunked
	upgrade bool   // it asks for another protocol
	last    bool   // of its connection
	out     []byte // what is to be sent; nil of a CONNECT
}

func (h *requestHead) connect() bool { return h.method == "CONNECT" }

// headError is a head that is none, by the status that says so.
type headError struct {
	status int
	why    string
}

func (e *headError) Error() string { return e.why }

func bad(why string) error { return &headError{400, why} }

var errHeadTooLong = &headError{431, "the head is too long"}

// readHead reads up to the empty line. The lines may end with a newline alone if
// bare.
func readHead(r *bufio.Reader, bare bool) ([]byte, error) {
	var head []byte
	for {
		part, err := r.ReadSlice('\n')
		head = append(head, part...)
		switch {
		case len(head) > maxHead:
			return nil, errHeadTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return nil, err
		case bytes.HasSuffix(head, []byte("\r\n\r\n")), bytes.Equal(head, []byte("\r\n")):
			return head, nil
		case bare && (bytes.HasSuffix(head, []byte("\n\n")) || bytes.HasSuffix(head, []byte("\n\r\n"))):
			return head, nil
		}
	}
}

// parseRequest reads a request's head strictly: what two programs could read in two
// ways is refused, so that a request is judged as it is then understood.
func parseRequest(head []byte) (*requestHead, error) {
	text := strings.TrimSuffix(string(head), "\r\n")
	first, rest, _ := strings.Cut(text, "\r\n")
	method, line, _ := strings.Cut(first, " ")
	target, version, ok := strings.Cut(line, " ")
	switch {
	case !ok || !httpguts.ValidHeaderFieldName(method) || len(method) > 64:
		return nil, bad("the first line is no request")
	case version != "HTTP/1.1":
		return nil, &headError{505, "the version is not HTTP/1.1"}
	case strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return nil, bad("the target holds what no target may")
	}
	h := &requestHead{method: method}
	if h.connect() {
		if !h.authority(target, "") {
			return nil, bad("CONNECT needs a host and a port")
		}
		// It has no body, and the connection is the tunnel's from here on.
		return h, nil
	}
	if len(target) < len("http://") || !strings.EqualFold(target[:len("http://")], "http://") {
		return nil, bad("the target is no http:// URL")
	}
	address, path := target[len("http://"):], ""
	if at := strings.IndexAny(address, "/?#"); at >= 0 {
		address, path = address[:at], address[at:]
	}
	if !h.authority(address, "80") {
		return nil, bad("the target has no valid host and port")
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	h.out = append(h.out, method+" "+path+" HTTP/1.1\r\n"...)
	return h, h.headers(rest, address)
}

// authority reads host and port.
func (h *requestHead) authority(raw, port string) bool {
	host := raw
	if at := strings.LastIndexByte(raw, ':'); at > strings.LastIndexByte(raw, ']') {
		host, port = raw[:at], raw[at+1:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strings.HasPrefix(port, "+") {
		return false
	}
	if strings.Contains(host, ":") != strings.HasPrefix(host, "[") {
		return false // an IPv6 address stands in brackets, and nothing else
	}
	if strings.HasPrefix(host, "[") {
		if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil || !addr.Is6() {
			return false
		}
	}
	h.port = strconv.FormatUint(n, 10)
	var ok bool
	h.host, ok = PlainHost(host)
	return ok
}

// field is a header with its line as it was written.
type field struct{ name, value, line string }

// perHop are headers that concern one connection alone.
var perHop = map[string]bool{
	"connection": true, "proxy-connection": true, "keep-alive": true, "te": true, "trailer": true, "upgrade": true,
	"proxy-authorization": true, "proxy-authenticate": true, "content-length": true, "transfer-encoding": true,
}

// options are what a message's Connection headers name.
func options(fields []field) map[string]bool {
	named := map[string]bool{}
	for _, f := range fields {
		if f.name == "connection" || f.name == "proxy-connection" {
			for _, option := range strings.Split(f.value, ",") {
				named[strings.ToLower(strings.TrimSpace(option))] = true
			}
		}
	}
	return named
}

// headers reads a request's headers, and writes those that are passed on, with the
// host that the target names.
func (h *requestHead) headers(text, address string) error {
	var fields []field
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\r\n")
		name, value, ok := strings.Cut(line, ":")
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return bad("a header can't be read")
		}
		fields = append(fields, field{strings.ToLower(name), strings.Trim(value, " \t"), line})
	}
	named := options(fields)
	var length, encoding, upgrade string
	seen := map[string]bool{}
	for _, f := range fields {
		switch f.name {
		case "content-length", "transfer-encoding", "host":
			if seen[f.name] {
				return bad(f.name + " is there twice")
			}
			seen[f.name] = true
		}
		switch f.name {
		case "content-length":
			length = f.value
		case "transfer-encoding":
			encoding = f.value
		case "upgrade":
			upgrade = f.value
		}
	}
	switch {
	case seen["content-length"] && seen["transfer-encoding"]:
		return bad("the body has two lengths")
	case seen["transfer-encoding"] && !strings.EqualFold(encoding, "chunked"):
		return &headError{501, "the transfer encoding is not chunked"}
	case seen["transfer-encoding"]:
		h.length = chunked
	case seen["content-length"]:
		n, err := strconv.ParseUint(length, 10, 63)
		if err != nil {
			return bad("Content-Length is no number")
		}
		h.length = int64(n)
	}
	h.upgrade = upgrade != "" && named["upgrade"]
	h.last = named["close"]
	h.out = append(h.out, "Host: "+address+"\r\n"...)
	kept := false
	for _, f := range fields {
		switch {
		case f.name == "host":
		case f.name == "content-length", f.name == "transfer-encoding":
			h.out = append(append(h.out, f.line...), "\r\n"...)
		case f.name == "connection" || f.name == "proxy-connection":
			if !h.upgrade && !kept {
				kept = true
				h.out = append(h.out, "Connection: keep-alive\r\n"...)
			}
		case perHop[f.name] || named[f.name]:
		default:
			h.out = append(append(h.out, f.line...), "\r\n"...)
		}
	}
	if h.upgrade {
		h.out = append(h.out, "Connection: Upgrade\r\nUpgrade: "+upgrade+"\r\n"...)
	}
	h.out = append(h.out, "\r\n"...)
	return nil
}

// responseHead is the head of an answer to a request of the method.
type responseHead struct {
	status int
	length int64 // of the body; chunked, untilClose
	last   bool  // of its connection
	out    []byte
}

var errNoResponse = errors.New("it is no answer that a browser could read")

// parseResponse reads an answer's head leniently where its meaning is the same to
// all, since what it passes on is for a browser that knows the web: but a body has one
// length, or none is passed on.
func parseResponse(head []byte, method string) (*responseHead, error) {
	lines := strings.Split(strings.TrimRight(string(head), "\r\n"), "\n")
	version, status, _ := strings.Cut(strings.TrimSuffix(lines[0], "\r"), " ")
	if len(status) < 3 || version != "HTTP/1.1" && version != "HTTP/1.0" || len(status) > 3 && status[3] != ' ' {
		return nil, errNoResponse
	}
	code, err := strconv.ParseUint(status[:3], 10, 16)
	if err != nil || code < 100 || strings.ContainsAny(status, "\r\x00") {
		return nil, errNoResponse
	}
	var fields []field
	for _, line := range lines[1:] {
		line = strings.TrimSuffix(line, "\r")
		if strings.ContainsAny(line, "\r\x00") {
			return nil, errNoResponse
		}
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 {
			last := &fields[len(fields)-1] // it goes on with the line before
			last.value, last.line = last.value+" "+strings.Trim(line, " \t"), last.line+" "+strings.Trim(line, " \t")
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !httpguts.ValidHeaderFieldName(name) {
			continue // as browsers do
		}
		fields = append(fields, field{strings.ToLower(name), strings.Trim(value, " \t"), line})
	}
	h := &responseHead{status: int(code)}
	named := options(fields)
	h.last = named["close"] || version == "HTTP/1.0" && !named["keep-alive"]
	if h.length, err = bodyLength(fields, method, h.status); err != nil {
		return nil, err
	}
	h.last = h.last || h.length == untilClose
	h.write(status, fields, named)
	return h, nil
}

// bodyLength says how long an answer's body is.
func bodyLength(fields []field, method string, status int) (int64, error) {
	var length int64 = untilClose
	encoding := ""
	for _, f := range fields {
		switch f.name {
		case "transfer-encoding":
			encoding += "," + strings.ToLower(f.value)
		case "content-length":
			n, err := strconv.ParseUint(f.value, 10, 63)
			if err != nil || length >= 0 && length != int64(n) {
				return 0, errNoResponse
			}
			length = int64(n)
		}
	}
	switch {
	case method == "HEAD", status < 200, status == 204, status == 304:
		return 0, nil
	case encoding == ",chunked":
		return chunked, nil
	case encoding != "" && encoding != ",identity":
		return 0, errNoResponse
	}
	return length, nil
}

// write writes what is passed on. Of an answer without a body, the length tells of the
// one that there would be.
func (h *responseHead) write(status string, fields []field, named map[string]bool) {
	h.out = append(h.out, "HTTP/1.1 "+status+"\r\n"...)
	for _, f := range fields {
		switch {
		case f.name == "content-length" && h.length != chunked:
		case f.name == "upgrade" && h.status == 101:
		case perHop[f.name] || named[f.name] || f.name == RefusedHeader:
			continue
		}
		h.out = append(append(h.out, f.line...), "\r\n"...)
	}
	switch {
	case h.status == 101:
		h.out = append(h.out, "Connection: Upgrade\r\n"...)
	case h.length == chunked:
		h.out = append(h.out, "Transfer-Encoding: chunked\r\n"...)
	}
	if h.last && h.status >= 200 {
		h.out = append(h.out, "Connection: close\r\n"...)
	}
	h.out = append(h.out, "\r\n"...)
}

// address is where a request goes to.
func (h *requestHead) address() string { return net.JoinHostPort(h.host, h.port) }
