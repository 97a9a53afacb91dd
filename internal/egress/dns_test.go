package egress

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
)

// newDNS serves names on loopback: answer says what the nth A query (from 1)
// gets; an invalid address means that there is no such name.
func newDNS(t *testing.T, answer func(n int) netip.Addr) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { pc.Close(); <-done })
	var queries atomic.Int64
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			pc.WriteTo(reply(buf[:n], func() netip.Addr { return answer(int(queries.Add(1))) }), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// reply answers one query: A from the function, everything else empty.
func reply(query []byte, a func() netip.Addr) []byte {
	const header, typeA, nameError = 12, 1, 3
	end := header
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // the root label, type and class
	msg := append([]byte(nil), query[:end]...)
	msg[2], msg[3] = 0x81, 0x80 // a recursive answer
	binary.BigEndian.PutUint64(msg[4:], 1<<48)
	if binary.BigEndian.Uint16(query[end-4:]) != typeA {
		return msg
	}
	addr := a()
	if !addr.IsValid() {
		msg[3] |= nameError
		return msg
	}
	msg[7] = 1
	ip := addr.As4()
	msg = append(msg, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(msg, ip[:]...)
}

func always(addr string) func(int) netip.Addr {
	a := netip.MustParseAddr(addr)
	return func(int) netip.Addr { return a }
}
