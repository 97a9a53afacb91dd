package egress

import (
	"bufio"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestCloseDuringAnUpload waits for nothing: what has passed is told then.
func TestCloseDuringAnUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewForwardProxy(nil)
		browsers, inside := net.Pipe()
		outside, server := net.Pipe()
		c := &inbound{Conn: inside, f: f, in: bufio.NewReader(inside)}
		c.to = &upstream{outbound: &outbound{Conn: outside, f: f}, address: "site.example:80", asks: make(chan *exchange, 1), over: make(chan struct{})}
		f.open[inside] = nil
		f.track(c.to.outbound)
		f.serving.Go(c.answers)
		f.serving.Go(c.serve)
		go func() {
			_, _ = browsers.Write([]byte("POST http://site.example/ HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf"))
		}()
		in := make([]byte, 1000)
		for n := 0; n == 0 || string(in[n-4:n]) != "half"; {
			more, err := server.Read(in[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += more
		}
		synctest.Wait()
		began := time.Now()
		f.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
		if f.Usage().SentBytes < 50 {
			t.Errorf("counted %+v", f.Usage())
		}
	})
}
