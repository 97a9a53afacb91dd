package egresstest

import (
	"bytes"
	"crypto/tls"
	"io"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2 speaks HTTP/2 up to the first request, whose stream is 1, then lets the
// script write frames. What else comes in is read and thrown away.
func h2(script func(c *Conn, f *http2.Framer)) func(*Conn) {
	return h2With(nil, script)
}

func h2With(settings []http2.Setting, script func(c *Conn, f *http2.Framer)) func(*Conn) {
	return func(c *Conn) {
		s := c.secure(&tls.Config{Certificates: []tls.Certificate{good()}, NextProtos: []string{"h2"}})
		if s == nil {
			return
		}
		s.some(len(http2.ClientPreface))
		f := http2.NewFramer(s, s)
		if f.WriteSettings(settings...) != nil {
			return
		}
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			if frame.Header().Type == http2.FrameHeaders {
				c.receiver.requests.Add(1)
				break
			}
		}
		// Read on, so that a close is not a reset and answers to floods don't block.
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, s)
		}()
		script(s, f)
		_ = s.Close()
		<-done
	}
}

// headers encodes an answer's headers, given as pairs.
func headers(pairs ...string) []byte {
	var buf bytes.Buffer
	enc := hpack.NewEncoder(&buf)
	for i := 0; i < len(pairs); i += 2 {
		_ = enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}) // a buffer takes all
	}
	return buf.Bytes()
}

func ok2(f *http2.Framer) {
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers(":status", "200"), EndHeaders: true})
}

// until writes until the other side has had enough.
func until(write func() error) {
	for write() == nil {
	}
}

var http2Behaviours = []Behaviour{
	{Name: "HTTP/2: noise", TLS: true, Class: "protocol", Serve: h2(func(c *Conn, _ *http2.Framer) {
		c.say(strings.Repeat("\xff\x00\x80\x7f", 5000))
	})},
	{Name: "HTTP/2: answers in HTTP/1.1", TLS: true, Class: "protocol", Serve: h2(func(c *Conn, _ *http2.Framer) {
		c.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})},
	{Name: "HTTP/2: closes after the request", TLS: true, Class: "protocol", Serve: h2(func(*Conn, *http2.Framer) {})},
	{Name: "HTTP/2: never answers, not even pings", TLS: true, Class: "timeout", Serve: h2(func(c *Conn, _ *http2.Framer) { c.ignore() })},
	{Name: "HTTP/2: takes no body", TLS: true, Class: "timeout", Serve: h2With([]http2.Setting{{ID: http2.SettingInitialWindowSize, Val: 0}},
		func(c *Conn, _ *http2.Framer) { c.ignore() })},
	{Name: "HTTP/2: goes away over the request", TLS: true, Class: "protocol", Serve: h2(func(_ *Conn, f *http2.Framer) {
		_ = f.WriteGoAway(1, http2.ErrCodeInternal, []byte("no"))
	})},
	{Name: "HTTP/2: goes away before the request", TLS: true, Class: "protocol", Resends: 4, Serve: h2(func(_ *Conn, f *http2.Framer) {
		_ = f.WriteGoAway(0, http2.ErrCodeNo, nil)
	})},
	{Name: "HTTP/2: resets the stream", TLS: true, Class: "protocol", Serve: h2(func(c *Conn, f *http2.Framer) {
		_ = f.WriteRSTStream(1, http2.ErrCodeInternal)
		c.ignore()
	})},
	{Name: "HTTP/2: refuses the stream", TLS: true, Class: "timeout", Resends: 6, Serve: h2(func(c *Conn, f *http2.Framer) {
		_ = f.WriteRSTStream(1, http2.ErrCodeRefusedStream)
		c.ignore()
	})},
	{Name: "HTTP/2: resets in the body", TLS: true, Class: "protocol", Status: 200, Body: 5, Serve: h2(func(c *Conn, f *http2.Framer) {
		ok2(f)
		_ = f.WriteData(1, false, []byte("hello"))
		_ = f.WriteRSTStream(1, http2.ErrCodeInternal)
		c.ignore()
	})},
	{Name: "HTTP/2: answers, takes no body and hangs", TLS: true, Class: "timeout", Status: 200, Serve: h2With([]http2.Setting{{ID: http2.SettingInitialWindowSize, Val: 0}},
		func(c *Conn, f *http2.Framer) { ok2(f); c.ignore() })},
	{Name: "HTTP/2: hangs in the body", TLS: true, Class: "timeout", Status: 200, Body: 5, Serve: h2(func(c *Conn, f *http2.Framer) {
		ok2(f)
		_ = f.WriteData(1, false, []byte("hello"))
		c.ignore()
	})},
	{Name: "HTTP/2: endless body", TLS: true, Status: 200, Body: -1, Floods: true, Serve: h2(func(_ *Conn, f *http2.Framer) {
		ok2(f)
		until(func() error { return f.WriteData(1, false, make([]byte, 1000)) })
	})},
	{Name: "HTTP/2: more body than it announced", TLS: true, Class: "protocol", Status: -1, Body: -1, Serve: h2(func(_ *Conn, f *http2.Framer) {
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers(":status", "200", "content-length", "2"), EndHeaders: true})
		_ = f.WriteData(1, true, []byte("hello"))
	})},
	{Name: "HTTP/2: endless headers", TLS: true, Class: "protocol", Floods: true, Serve: h2(func(_ *Conn, f *http2.Framer) {
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers(":status", "200")})
		more := headers("a", strings.Repeat("b", 4000))
		until(func() error { return f.WriteContinuation(1, false, more) })
	})},
	{Name: "HTTP/2: endless informational answers", TLS: true, Class: "protocol", Floods: true, Serve: h2(func(_ *Conn, f *http2.Framer) {
		hint := headers(":status", "103", "link", strings.Repeat("x", 1000))
		until(func() error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: hint, EndHeaders: true})
		})
	})},
	{Name: "HTTP/2: endless pings", TLS: true, Class: "protocol", Floods: true, Serve: h2(func(_ *Conn, f *http2.Framer) {
		until(func() error { return f.WritePing(false, [8]byte{1}) })
	})},
	{Name: "HTTP/2: endless settings", TLS: true, Class: "protocol", Floods: true, Serve: h2(func(_ *Conn, f *http2.Framer) {
		until(func() error { return f.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100}) })
	})},
	{Name: "HTTP/2: pushes", TLS: true, Class: "protocol", Serve: h2(func(_ *Conn, f *http2.Framer) {
		_ = f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: headers(":method", "GET"), EndHeaders: true})
	})},
}
