package keeper

import (
	"net"
	"os"
	"testing"
)

// TestUsersOnly: who has the browser's user is let in, and nobody else.
func TestUsersOnly(t *testing.T) {
	for _, uid := range []int{os.Getuid(), os.Getuid() + 1} {
		below, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := usersOnly{below, uid}
		taken := make(chan net.Conn, 1)
		go func() {
			defer close(taken)
			if nc, err := l.Accept(); err == nil {
				taken <- nc
			}
		}()
		nc, err := net.Dial("tcp4", below.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if uid == os.Getuid() {
			(<-taken).Close()
		} else if _, err := nc.Read(make([]byte, 1)); err == nil {
			t.Error("it is answered")
		}
		nc.Close()
		below.Close()
		if other := <-taken; other != nil {
			t.Errorf("user %d is taken for %d", os.Getuid(), uid)
		}
	}
}
