package work

import (
	"errors"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// TestIDs: a key comes back from its id, and a list goes on before the key of
// its cursor; what was never given out names no row, and is no cursor.
func TestIDs(t *testing.T) {
	ids, err := NewIDs([]byte("sixteen bytes ok"))
	if err != nil {
		t.Fatal(err)
	}
	k := Key{Event: 7, Endpoint: 1 << 39}
	id := ids.ID(k)
	if !domain.ValidID(domain.PrefixDelivery, id) || ids.Key(id) != k {
		t.Errorf("%s is %+v, not %+v", id, ids.Key(id), k)
	}
	if got, err := ids.Before(codec.EncodeCursor(id)); got != k || err != nil {
		t.Errorf("the list goes on before %+v, %v", got, err)
	}
	if got, err := ids.Before(""); got.Event < 1<<40 || err != nil {
		t.Errorf("the list begins before %+v, %v", got, err)
	}
	foreign := domain.NewID(domain.PrefixDelivery)
	if got := ids.Key(foreign); codec.IsRow(got.Event) && codec.IsRow(got.Endpoint) {
		t.Errorf("%s names the row %+v", foreign, got)
	}
	for _, cursor := range []string{codec.EncodeCursor(foreign), codec.EncodeCursor(domain.NewID(domain.PrefixEvent)), id, "~"} {
		if got, err := ids.Before(cursor); !errors.Is(err, domain.ErrCursor) {
			t.Errorf("the cursor %s: %+v, %v", cursor, got, err)
		}
	}
	if _, err := NewIDs([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
}
