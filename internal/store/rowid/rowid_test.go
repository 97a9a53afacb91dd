package rowid

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestSealAndOpen(t *testing.T) {
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
		id := s.Seal(a, b)
		if !domain.ValidID(domain.PrefixDelivery, id) {
			r.Fatalf("%q is not an id", id)
		}
		if x, y := s.Open(id); x != a || y != b {
			r.Fatalf("got %d, %d, want %d, %d", x, y, a, b)
		}
		if x, y := other.Open(id); x == a || y == b {
			r.Fatalf("another key opens it")
		}
	})
	for _, id := range []string{"", "dlv_", "dlv_none", "evt_" + s.Seal(1, 2)[4:]} {
		if a, b := s.Open(id); a != -1 || b != -1 {
			t.Errorf("%q: got %d, %d", id, a, b)
		}
	}
	if _, err := New(domain.PrefixDelivery, []byte("short")); err == nil {
		t.Error("a short key was accepted")
	}
}

// FuzzOpen: a string opens to the numbers that it was made of, or to some that
// no row has.
func FuzzOpen(f *testing.F) {
	s, err := New(domain.PrefixDelivery, bytes.Repeat([]byte{7}, 16))
	if err != nil {
		f.Fatal(err)
	}
	for _, id := range []string{s.Seal(1, 2), s.Seal(0, 0), s.Seal(-1, -1), "", "dlv_", "dlv_00000000000000000000000000", "evt_" + s.Seal(1, 2)[4:], "dlv_0000000000000\n0000000000000"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if a, b := s.Open(id); s.Seal(a, b) != id && (a != -1 || b != -1) {
			t.Errorf("%q opens to %d, %d, which is %q", id, a, b, s.Seal(a, b))
		}
	})
}
