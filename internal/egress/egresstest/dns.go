package egresstest

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// Lookup is what a name server says when it is asked for the addresses of a
// name. The zero value says that there is no such name.
type Lookup struct {
	Addrs  []netip.Addr // IPv4
	Fails  bool         // the server can't tell
	Noise  bool         // the reply is none
	Silent bool         // there is no reply
}

// To is the lookup of a name that has one address.
func To(addr string) Lookup { return Lookup{Addrs: []netip.Addr{netip.MustParseAddr(addr)}} }

// Resolver asks a name server on loopback that lives as long as the test:
// answer says what the nth question (from 1) for a name gets.
func Resolver(t testing.TB, answer func(name string, nth int) Lookup) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() { pc.Close(); running.Wait() })
	running.Go(func() {
		asked := map[string]int{}
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if msg := reply(buf[:n], asked, answer); msg != nil {
				_, _ = pc.WriteTo(msg, from)
			}
		}
	})
	// A question without a reply outlives whoever asked it, but not the test.
	var mu sync.Mutex
	var asking []net.Conn
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range asking {
			c.Close()
		}
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, "udp", pc.LocalAddr().String())
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			asking = append(asking, c)
		}
		return c, err
	}}
}

// reply answers one query: IPv4 addresses from the function, all else empty.
// nil is no reply.
func reply(query []byte, asked map[string]int, answer func(name string, nth int) Lookup) []byte {
	const header, typeA, serverFailure, nameError = 12, 1, 2, 3
	end := header
	var labels []string
	for query[end] != 0 {
		next := end + int(query[end]) + 1
		labels = append(labels, string(query[end+1:next]))
		end = next
	}
	end += 5 // the root label, type and class
	msg := append([]byte(nil), query[:end]...)
	msg[2], msg[3] = 0x81, 0x80 // a recursive answer
	binary.BigEndian.PutUint64(msg[4:], 1<<48)
	name, nth := strings.ToLower(strings.Join(labels, ".")), 1
	if binary.BigEndian.Uint16(query[end-4:]) == typeA {
		asked[name]++
		nth = asked[name]
	}
	l := answer(name, nth)
	switch {
	case l.Silent:
		return nil
	case l.Noise:
		return append(msg[:header], "\xff\xff\xff\xff"...)
	case l.Fails:
		msg[3] |= serverFailure
		return msg
	case len(l.Addrs) == 0:
		msg[3] |= nameError
		return msg
	case binary.BigEndian.Uint16(query[end-4:]) != typeA:
		return msg
	}
	msg[7] = byte(len(l.Addrs))
	for _, addr := range l.Addrs {
		ip := addr.As4()
		msg = append(msg, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
		msg = append(msg, ip[:]...)
	}
	return msg
}
