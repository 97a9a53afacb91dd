package conns

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"
)

// TestShutdownWaitsForLastWords of handlers that have taken their connection over.
func TestShutdownWaitsForLastWords(t *testing.T) {
	stopping, taken := make(chan struct{}), make(chan struct{})
	var s *Server
	waited := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.none != nil
	}
	s = New(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		close(taken)
		<-stopping
		for !waited() && t.Context().Err() == nil {
			runtime.Gosched()
		}
		_, _ = io.WriteString(c, "bye")
	}), Config{Most: 10, Stall: time.Minute, Log: slog.New(slog.DiscardHandler)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-taken
	close(stopping)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	if s.serving != 0 {
		t.Errorf("%d handlers run still", s.serving)
	}
	s.mu.Unlock()
	<-served
	if got, err := io.ReadAll(c); string(got) != "bye" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
