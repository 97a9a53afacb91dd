package domain

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"sync/atomic"
	"time"
)

// Prefix is the first half of an id and says what the id names.
type Prefix string

// The prefixes of every id that a user can see.
const (
	PrefixSession  Prefix = "browser"
	PrefixStep     Prefix = "step"
	PrefixEvent    Prefix = "evt"
	PrefixEndpoint Prefix = "we"
	PrefixDelivery Prefix = "dlv"
	PrefixAttempt  Prefix = "att"
	PrefixArtifact Prefix = "art"
	PrefixStream   Prefix = "str"
	PrefixViewer   Prefix = "view"
	PrefixProject  Prefix = "proj"
	PrefixKey      Prefix = "key"
	PrefixCursor   Prefix = "cur" // of a place in a project's log of events
)

// crockford is the alphabet of TypeID: lowercase, sortable, without i, l, o, u.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const idLength = 26

var lastTick atomic.Uint64

// tick is the time in 1/4096 ms, never the same twice in one process, so that
// ids made by one server sort in the order they were made.
func tick() uint64 {
	ns := uint64(time.Now().UnixNano())
	now := (ns/1e6)<<12 | (ns%1e6)*4096/1e6
	for {
		last := lastTick.Load()
		if now <= last {
			now = last + 1
		}
		if lastTick.CompareAndSwap(last, now) {
			return now
		}
	}
}

// NewID makes an id such as "browser_0685k2v…": the prefix, an underscore and
// 26 lowercase letters and digits, the first of them the time.
func NewID(p Prefix) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], tick()<<4)
	var r [9]byte
	rand.Read(r[:]) // never fails: see crypto/rand
	b[7] |= r[8] & 0x0f
	copy(b[8:], r[:8])
	return EncodeID(p, b)
}

// IDAt is an id that all ids with the prefix that are made later are greater
// than, and all made earlier less.
func IDAt(p Prefix, at time.Time) string {
	var raw [16]byte
	if ms := at.UnixMilli(); ms > 0 {
		binary.BigEndian.PutUint64(raw[:8], uint64(ms)<<16)
	}
	return EncodeID(p, raw)
}

// IDTime is when an id was made, to the millisecond; zero for what is no id.
func IDTime(p Prefix, id string) time.Time {
	raw, ok := DecodeID(p, id)
	if !ok {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(raw[:8]) >> 16)).UTC()
}

// EncodeID spells 16 bytes as an id with the prefix.
func EncodeID(p Prefix, raw [16]byte) string {
	b := make([]byte, 0, 48)
	b = append(append(b, p...), '_')
	return string(crockford.AppendEncode(b, raw[:]))
}

// DecodeID is the 16 bytes of an id with the prefix.
func DecodeID(p Prefix, id string) (raw [16]byte, ok bool) {
	rest, ok := strings.CutPrefix(id, string(p)+"_")
	if !ok || len(rest) != idLength {
		return raw, false
	}
	n, err := crockford.Decode(raw[:], []byte(rest))
	// The decoder passes over line breaks and spare bits: one spelling counts.
	return raw, err == nil && n == len(raw) && EncodeID(p, raw) == id
}

// ValidID reports whether id has the prefix and the spelling of one made by NewID.
func ValidID(p Prefix, id string) bool {
	_, ok := DecodeID(p, id)
	return ok
}

// NewToken makes an unguessable token of 160 random bits, for streaming URLs.
func NewToken() string {
	var b [20]byte
	rand.Read(b[:])
	return crockford.EncodeToString(b[:])
}
