package rowid

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestEncodeAndDecode(t *testing.T) {
	s, err := New(domain.PrefixDelivery, bytes.Repeat([]byte{7}, 16))
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(domain.PrefixDelivery, bytes.Repeat([]byte{8}, 16))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.Int64Min(0).Draw(r, "a"), rapid.Int64Min(0).Draw(r, "b")
		id := s.Encode(a, b)
		if !domain.ValidID(domain.PrefixDelivery, id) {
			r.Fatalf("%q is not an id", id)
		}
		if x, y := s.Decode(id); x != a || y != b {
			r.Fatalf("got %d, %d, want %d, %d", x, y, a, b)
		}
		if x, y := other.Decode(id); x == a || y == b {
			r.Fatalf("another key decodes it")
		}
	})
	for _, id := range []string{"", "dlv_", "dlv_none", "evt_" + s.Encode(1, 2)[4:]} {
		if a, b := s.Decode(id); a != -1 || b != -1 {
			t.Errorf("%q: got %d, %d", id, a, b)
		}
	}
	if _, err := New(domain.PrefixDelivery, []byte("short")); err == nil {
		t.Error("a short key was accepted")
	}
}

// FuzzDecode: a string decodes to the numbers that it was made of, or to some that
// no row has.
func FuzzDecode(f *testing.F) {
	s, err := New(domain.PrefixDelivery, bytes.Repeat([]byte{7}, 16))
	if err != nil {
		f.Fatal(err)
	}
	for _, id := range []string{s.Encode(1, 2), s.Encode(0, 0), s.Encode(-1, -1), "", "dlv_", "dlv_00000000000000000000000000", "evt_" + s.Encode(1, 2)[4:], "dlv_0000000000000\n0000000000000"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if a, b := s.Decode(id); s.Encode(a, b) != id && (a != -1 || b != -1) {
			t.Errorf("%q decodes to %d, %d, which is %q", id, a, b, s.Encode(a, b))
		}
	})
}
