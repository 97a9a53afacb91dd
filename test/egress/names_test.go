package egress

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/domain"
)

// ofNames are what has a name of its own resolved, each below {name}, which tells
// whoever answers for that name of the page.
var ofNames = []string{
	`add('<link rel=dns-prefetch href="//{name}">'); await soon()`,
	`add('<link rel=preconnect href="http://{name}">'); await soon()`,
	`await fetch("http://{name}/", { mode: "no-cors" }).catch(() => 0)`,
	`await ends(new WebSocket("ws://{name}/"), "close")`,
	`try { await Promise.race([new WebTransport("https://{name}/").ready.catch(() => 0), soon(1000)]) } catch {}`,
	`const p = new RTCPeerConnection({ iceServers: [{ urls: "stun:{name}:53" }, { urls: "turn:{name}:53?transport=udp", username: "u", credential: "c" }, { urls: "turns:{name}:443", username: "u", credential: "c" }] });
		p.createDataChannel("x"); await p.setLocalDescription(); await soon(1000); p.close()`,
	`const p = new RTCPeerConnection(), q = new RTCPeerConnection(); p.createDataChannel("x"); await p.setLocalDescription(); await q.setRemoteDescription(p.localDescription); await q.setLocalDescription(); await p.setRemoteDescription(q.localDescription);
		for (const host of ["{name}", "{local}.local"]) await p.addIceCandidate({ candidate: "candidate:1 1 udp 2122260223 " + host + " 53 typ host", sdpMid: "0", sdpMLineIndex: 0 }).catch(() => 0); await soon(1000); p.close(); q.close()`,
}

// TestNames: what the session's rules don't have isn't even asked for, neither of the
// machine's name server nor of its network, by the browser or for it.
func TestNames(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root sees what leaves the machine")
	}
	for _, k := range []kind{kinds[0], kinds[1], {name: "not closed in", noNamespace: true, bare: true}} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			label := fmt.Sprintf("asks%d", time.Now().UnixNano())
			seen := leaves(t, label)
			r := start(t, k, domain.SessionOptions{Network: &domain.Network{Allow: []string{siteRange.Addr().String()}}})
			var running sync.WaitGroup
			for i, do := range ofNames {
				local := fmt.Sprintf("way%d-%s", i, label)
				do = strings.NewReplacer("{name}", local+".example", "{local}", local).Replace(do)
				running.Go(func() {
					if err := r.evaluate(t.Context(), do); err != nil {
						t.Errorf("%s: %v", do, err)
					}
				})
			}
			running.Wait()
			<-time.After(settle) // nothing tells that nothing comes
			all := seen()
			if k.bare && len(all) == 0 {
				t.Error("nobody asks, though nothing is in the way")
			}
			for _, one := range all {
				if !k.bare {
					t.Errorf("this leaves: %q", one)
				}
			}
		})
	}
}

// leaves are the packets that go over any of the machine's networks from now on, and
// have some text in them.
func leaves(t *testing.T, text string) func() []string {
	t.Helper()
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(all))
	if err != nil {
		t.Skip("this machine doesn't show what leaves it: ", err)
	}
	f := os.NewFile(uintptr(fd), "packets")
	var (
		mu      sync.Mutex
		found   []string
		running sync.WaitGroup
	)
	running.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := f.Read(buf)
			if err != nil {
				return
			}
			// Pages come over the network too, and what they say of themselves: that is TCP.
			if at := bytes.Index(buf[:n], []byte(text)); at >= 0 && udp(buf[:n]) {
				mu.Lock()
				found = append(found, string(buf[max(0, at-8):min(n, at+len(text)+8)]))
				mu.Unlock()
			}
		}
	})
	t.Cleanup(func() {
		f.Close()
		running.Wait()
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return found
	}
}

// udp says whether a packet of IP is one of UDP.
func udp(packet []byte) bool {
	const v4, v6 = 4, 6
	switch {
	case len(packet) > 9 && packet[0]>>4 == v4:
		return packet[9] == unix.IPPROTO_UDP
	case len(packet) > 6 && packet[0]>>4 == v6:
		return packet[6] == unix.IPPROTO_UDP
	}
	return false
}
