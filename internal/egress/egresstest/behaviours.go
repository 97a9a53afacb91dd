package egresstest

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Behaviour is a way to receive, and what a sender must make of it.
type Behaviour struct {
	Name    string
	Serve   func(*Conn)
	TLS     bool   // reached by https
	Class   string // of the failure, as egress names it; "" when it counts as received
	Status  int    // of the answer; 0: none, -1: a matter of chance
	Body    int    // bytes kept of it; -1: some
	Floods  bool   // says as much as it is let
	Long    bool   // only when it is sent a long request
	Resends int64  // at most so many requests; 0: one
}

// Hostile is everything that a receiver can do wrong.
func Hostile() []Behaviour {
	return slices.Concat(closing, waiting, flooding, garbled, badTLS, http2Behaviours)
}

// kept is how much of an answer a sender keeps.
const kept = 16 << 10

const okay = "HTTP/1.1 200 OK\r\n"

// closing receivers end the connection at each point of the exchange.
var closing = []Behaviour{
	{Name: "closes at once", Class: "protocol", Serve: func(*Conn) {}},
	// Before anything was read, a reset could be the connecting one.
	{Name: "resets in the request", Class: "protocol", Serve: func(c *Conn) { c.some(1); c.reset() }},
	{Name: "closes in the request", Class: "protocol", Serve: func(c *Conn) { c.some(20) }},
	{Name: "closes in the request's body", Class: "protocol", Long: true, Serve: func(c *Conn) { c.some(100_000) }},
	{Name: "closes after the request", Class: "protocol", Serve: answer("")},
	{Name: "resets after the request", Class: "protocol", Serve: func(c *Conn) { c.request(); c.reset() }},
	{Name: "closes in the status line", Class: "protocol", Serve: answer("HTTP/1.1 20")},
	{Name: "closes after the status line", Class: "protocol", Serve: answer(okay)},
	{Name: "closes in the headers", Class: "protocol", Serve: answer(okay + "Content-Le")},
	{Name: "closes before the body", Class: "protocol", Status: 200, Serve: answer(okay + "Content-Length: 10\r\n\r\n")},
	{Name: "closes in the body", Class: "protocol", Status: 200, Body: 5, Serve: answer(okay + "Content-Length: 10\r\n\r\nhello")},
	{Name: "closes in a chunk's length", Class: "protocol", Status: 200, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\n5")},
	{Name: "closes in a chunk", Class: "protocol", Status: 200, Body: 3, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel")},
	{Name: "closes between chunks", Class: "protocol", Status: 200, Body: 5, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")},
	{Name: "answers without reading it all", Status: 204, Serve: func(c *Conn) {
		// An answer to nothing at all would be a protocol error.
		c.some(1)
		c.say("HTTP/1.1 204 No Content\r\n\r\n")
		c.listen()
	}},
}

// waiting receivers take their time.
var waiting = []Behaviour{
	{Name: "never reads", Class: "timeout", Serve: (*Conn).ignore},
	{Name: "never answers", Class: "timeout", Serve: (*Conn).listen},
	{Name: "hangs in the status line", Class: "timeout", Serve: stall("HTTP/1.1 20")},
	{Name: "hangs in the headers", Class: "timeout", Serve: stall(okay)},
	{Name: "hangs in the body", Class: "timeout", Status: 200, Body: 5, Serve: stall(okay + "Content-Length: 10\r\n\r\nhello")},
	{Name: "hangs after an informational answer", Class: "timeout", Serve: stall("HTTP/1.1 100 Continue\r\n\r\n")},
	{Name: "a byte of a header at a time", Class: "timeout", Serve: drip(okay + "A: ")},
	{Name: "a byte of the body at a time", Class: "timeout", Status: 200, Body: -1, Serve: drip(okay + "\r\n")},
	{Name: "reads a byte at a time", Class: "timeout", Serve: func(c *Conn) {
		c.some(1000)
		c.drip()
	}},
}

// flooding receivers never stop.
var flooding = []Behaviour{
	{Name: "endless status line", Class: "protocol", Floods: true, Serve: flood("HTTP/1.1 200 ", strings.Repeat("b", 1000))},
	{Name: "endless headers", Class: "protocol", Floods: true, Serve: flood(okay, "A: "+strings.Repeat("b", 1000)+"\r\n")},
	{Name: "endless tiny headers", Class: "protocol", Floods: true, Serve: flood(okay, strings.Repeat("A:\r\n", 250))},
	{Name: "one endless header", Class: "protocol", Floods: true, Serve: flood(okay+"A: ", strings.Repeat("b", 1000))},
	{Name: "endless empty informational answers", Class: "protocol", Floods: true, Serve: flood("", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 40))},
	{Name: "endless informational answers", Class: "protocol", Floods: true, Serve: flood("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")},
	{Name: "endless body", Status: 200, Body: kept, Floods: true, Serve: flood(okay+"\r\n", strings.Repeat("b", 1000))},
	{Name: "a body as long as a number can be", Status: 200, Body: kept, Floods: true,
		Serve: flood(okay+"Content-Length: 9223372036854775807\r\n\r\n", strings.Repeat("b", 1000))},
	{Name: "endless body of a failure", Class: "status", Status: 500, Body: kept, Floods: true,
		Serve: flood("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n", "a\r\n0123456789\r\n")},
	{Name: "endless body of a redirect", Class: "redirect", Status: 302, Body: kept, Floods: true,
		Serve: flood("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", strings.Repeat("b", 1000))},
	{Name: "endless chunk extension", Class: "protocol", Status: 200, Floods: true,
		Serve: flood(okay+"Transfer-Encoding: chunked\r\n\r\n5;", strings.Repeat("b", 1000))},
	{Name: "endless tiny chunks with extensions", Class: "protocol", Status: 200, Body: -1, Floods: true,
		Serve: flood(okay+"Transfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("e", 1000)+"\r\nx\r\n")},
	{Name: "endless trailers", Class: "protocol", Status: 200, Body: 5, Floods: true,
		Serve: flood(okay+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "A: "+strings.Repeat("b", 1000)+"\r\n")},
	{Name: "gzip bomb", Status: 200, Body: kept, Serve: func(c *Conn) {
		c.request()
		c.say(okay + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + Bomb())
	}},
	{Name: "gzip bomb by transfer encoding", Class: "protocol", Serve: func(c *Conn) {
		c.request()
		c.say(okay + "Transfer-Encoding: gzip, chunked\r\n\r\n" + Bomb())
	}},
	{Name: "redirects to itself", Class: "redirect", Status: 308, Serve: func(c *Conn) {
		c.request()
		c.say(fmt.Sprintf("HTTP/1.1 308 Permanent Redirect\r\nLocation: http://%s/?next\r\nContent-Length: 0\r\n\r\n", c.LocalAddr()))
	}},
}

// Bomb is small, and large when decompressed.
var Bomb = sync.OnceValue(func() string {
	var buf bytes.Buffer
	z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is one
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = z.Write(zeros) // a buffer takes all
	}
	_ = z.Close()
	return buf.String()
})

// garbled receivers answer, but not in HTTP.
var garbled = []Behaviour{
	{Name: "another protocol", Class: "protocol", Serve: answer("SSH-2.0-OpenSSH_9.9\r\n")},
	{Name: "binary noise", Class: "protocol", Serve: answer(strings.Repeat("\xff\x00\x80", 5000))},
	{Name: "empty lines", Class: "protocol", Serve: answer(strings.Repeat("\r\n", 1000))},
	{Name: "HTTP/2 without being asked", Class: "protocol", Serve: answer("\x00\x00\x00\x04\x00\x00\x00\x00\x00")},
	{Name: "HTTP/0.9", Class: "protocol", Serve: answer("<html>hello</html>")},
	{Name: "status of four digits", Class: "protocol", Serve: answer("HTTP/1.1 2000 OK\r\n\r\n")},
	{Name: "negative status", Class: "protocol", Serve: answer("HTTP/1.1 -20 OK\r\n\r\n")},
	{Name: "two lengths", Class: "protocol", Serve: answer(okay + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")},
	{Name: "a list of lengths", Class: "protocol", Serve: answer(okay + "Content-Length: 1, 2\r\n\r\nab")},
	{Name: "negative length", Class: "protocol", Serve: answer(okay + "Content-Length: -1\r\n\r\nab")},
	{Name: "signed length", Class: "protocol", Serve: answer(okay + "Content-Length: +2\r\n\r\nab")},
	{Name: "length beyond numbers", Class: "protocol", Serve: answer(okay + "Content-Length: 99999999999999999999\r\n\r\nab")},
	{Name: "unknown encoding", Class: "protocol", Serve: answer(okay + "Transfer-Encoding: identity, chunked\r\n\r\n")},
	{Name: "chunk of no length", Class: "protocol", Status: 200, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\nhello\r\n")},
	{Name: "chunk of negative length", Class: "protocol", Status: 200, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n")},
	{Name: "chunk of a length beyond numbers", Class: "protocol", Status: 200, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\nhello\r\n")},
	{Name: "chunk that is longer than it says", Class: "protocol", Status: 200, Body: -1, Serve: answer(okay + "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n")},
	{Name: "length and chunks", Status: 200, Body: 5, Serve: answer(okay + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")},
	{Name: "header without a name", Class: "protocol", Serve: answer(okay + ": x\r\n\r\n")},
	{Name: "header without a colon", Class: "protocol", Serve: answer(okay + "hello\r\n\r\n")},
	{Name: "switches protocols", Class: "status", Status: 101, Serve: stall("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")},
	{Name: "switches protocols and floods", Class: "status", Status: 101, Floods: true,
		Serve: flood("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", strings.Repeat("b", 1000))},
}

// badTLS receivers don't get as far as HTTP.
var badTLS = []Behaviour{
	{Name: "expired certificate", TLS: true, Class: "tls", Serve: https(expired)},
	{Name: "certificate of tomorrow", TLS: true, Class: "tls", Serve: https(future)},
	{Name: "another host's certificate", TLS: true, Class: "tls", Serve: https(other)},
	{Name: "certificate of an unknown authority", TLS: true, Class: "tls", Serve: https(stranger)},
	{Name: "TLS 1.0 only", TLS: true, Class: "tls", Serve: func(c *Conn) {
		c.secure(&tls.Config{Certificates: []tls.Certificate{good()}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})
	}},
	{Name: "TLS noise", TLS: true, Class: "tls", Serve: func(c *Conn) { c.some(16); c.say(strings.Repeat("\xff\x00\x80", 5000)); c.listen() }},
	{Name: "plain HTTP in place of TLS", TLS: true, Class: "tls", Serve: func(c *Conn) { c.some(16); c.say("HTTP/1.1 400 Bad Request\r\n\r\n"); c.listen() }},
	{Name: "closes at once in place of TLS", TLS: true, Class: "tls", Serve: func(c *Conn) { c.some(1) }},
	{Name: "closes in the handshake", TLS: true, Class: "tls", Serve: func(c *Conn) { c.some(16) }},
	{Name: "hangs in the handshake", TLS: true, Class: "timeout", Serve: (*Conn).listen},
	{Name: "a byte of the handshake at a time", TLS: true, Class: "timeout", Serve: func(c *Conn) {
		c.some(16)
		c.say("\x16\x03\x03\x40\x00") // a record of 16 KiB
		c.drip()
	}},
	{Name: "endless handshake", TLS: true, Class: "tls", Floods: true, Serve: func(c *Conn) {
		c.some(16)
		c.say("\x16\x03\x03\x40\x00\x02\xff\xff\xff") // a hello of 16 MiB, in records of 16 KiB
		c.say(strings.Repeat("\x00", 16<<10-4))
		c.forever("\x16\x03\x03\x40\x00" + strings.Repeat("\x00", 16<<10))
	}},
	{Name: "endless warnings", TLS: true, Class: "tls", Floods: true, Serve: func(c *Conn) {
		c.some(16)
		c.forever("\x15\x03\x03\x00\x02\x01\x5a") // user_canceled
	}},
	{Name: "closes after the handshake", TLS: true, Class: "protocol", Serve: func(c *Conn) {
		if s := c.secure(&tls.Config{Certificates: []tls.Certificate{good()}}); s != nil {
			s.some(1)
			_ = s.Close()
		}
	}},
	{Name: "cut off inside TLS", TLS: true, Class: "protocol", Serve: func(c *Conn) {
		if s := c.secure(&tls.Config{Certificates: []tls.Certificate{good()}}); s != nil {
			s.request()
			s.say(okay)
		}
	}},
	{Name: "noise inside TLS", TLS: true, Class: "protocol", Serve: func(c *Conn) {
		if s := c.secure(&tls.Config{Certificates: []tls.Certificate{good()}}); s != nil {
			s.request()
			_, _ = c.raw.Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("z", 32)))
			s.listen()
		}
	}},
}
