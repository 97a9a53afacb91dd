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
