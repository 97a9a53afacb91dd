package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeptConnections has a receiver do something to the connection after it
// has answered, and waits until that has arrived.
func TestKeptConnections(t *testing.T) {
	tests := []struct {
		name  string
		after func(net.Conn)
		want  int64 // connections for two requests
	}{
		{"stays open", func(net.Conn) {}, 1},
		{"closes", func(c net.Conn) { c.Close() }, 2},
		{"resets", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() }, 2},
		{"says more", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n") }, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var connections atomic.Int64
			answered, done := make(chan struct{}), make(chan struct{})
			serve := func(c net.Conn) {
				defer c.Close()
				connections.Add(1)
				for r := bufio.NewReader(c); ; {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					<-answered
					tt.after(c)
					done <- struct{}{}
				}
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var serving sync.WaitGroup
			serving.Go(func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					serving.Go(func() { serve(c) })
				}
			})
			defer serving.Wait()
			defer ln.Close()
			addr := ln.Addr().String()
			c := New(Config{Allow: loopbackOpen, Timeout: 5 * time.Second})
			defer c.CloseIdle()
			for range 2 {
				answer, err := c.Post(background, mustURL(t, "http://"+addr), http.Header{}, []byte("{}"))
				if err != nil || string(answer.Body) != "ok" || answer.RemoteAddr != addr {
					t.Fatalf("got %+v, %v", answer, err)
				}
				answered <- struct{}{}
				<-done
			}
			if n := connections.Load(); n != tt.want {
				t.Errorf("%d connections, want %d", n, tt.want)
			}
		})
	}
}

// TestKeptContext ends requests over a connection that has served others of
// the same context, and goes on with another.
func TestKeptContext(t *testing.T) {
	arrived := make(chan struct{}, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/hangs" {
			arrived <- struct{}{}
			<-r.Context().Done()
		}
	}))
	defer srv.Close()
	c := newClient(t, Config{Allow: loopbackOpen, Timeout: time.Minute})
	post := func(ctx context.Context, path string) error {
		_, err := c.Post(ctx, mustURL(t, srv.URL+path), http.Header{}, []byte("{}"))
		return err
	}
	for _, path := range []string{"/", "/hangs"} { // the context ends while the connection is unused, or used
		ctx, cancel := context.WithCancel(background)
		for range 2 {
			if err := post(ctx, "/"); err != nil {
				t.Fatal(err)
			}
		}
		var ending sync.WaitGroup
		if path == "/hangs" {
			ending.Go(func() {
				<-arrived
				cancel()
			})
		} else {
			cancel()
		}
		if err := post(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", path, err)
		}
		ending.Wait()
		if err := post(background, "/"); err != nil {
			t.Errorf("with another context: %v", err)
		}
	}
}

func TestUnusedConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(Config{}).direct
		ours, theirs := net.Pipe()
		d.put(&wire{Conn: ours, target: "a"})
		time.Sleep(idleBeforeClosed / 2)
		other, _ := net.Pipe()
		d.put(&wire{Conn: other, target: "a"})
		time.Sleep(idleBeforeClosed/2 + time.Second)
		if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want it closed", err)
		}
		kept := func() int {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.count + len(d.idle)
		}
		if n := kept(); n != 2 {
			t.Errorf("%d kept, want the one that was used since, of one target", n)
		}
		time.Sleep(2 * idleBeforeClosed)
		if n := kept(); n != 0 {
			t.Errorf("%d kept in the end", n)
		}
	})
}

// TestOneLookAtUnusedConnections: one that begins as all are closed, and is late,
// leaves no second timer.
func TestOneLookAtUnusedConnections(t *testing.T) {
	d := New(Config{}).direct
	put := func() {
		ours, _ := net.Pipe()
		d.put(&wire{Conn: ours, target: "a"})
	}
	put()
	d.closeIdle()
	put()
	only := d.timer
	d.tidy()
	if d.timer != only || d.count != 1 {
		t.Errorf("%d are kept, by another timer: %t", d.count, d.timer != only)
	}
	d.closeIdle()
	if d.timer.Stop() {
		t.Error("nothing is kept, and it is to be looked at")
	}
	put()
	if !d.timer.Stop() {
		t.Error("one is kept, and nobody looks at it")
	}
	d.closeIdle()
}
