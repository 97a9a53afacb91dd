package work

import (
	"errors"
	"testing"
	"time"

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

// TestWithin: a time bounds a list on both sides, an hour wider than it is, and never
// beyond where the list goes on.
func TestWithin(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	// An event every half hour, from 6 in the morning until 6 in the evening.
	position := func(at time.Time) int64 { return int64(at.Sub(noon.Add(-6*time.Hour))/(30*time.Minute)) + 1 }
	after := func(id string) (int64, error) {
		for i := range 25 {
			if at := noon.Add(-6*time.Hour + time.Duration(i)*30*time.Minute); domain.IDAt(domain.PrefixEvent, at) > id {
				return position(at), nil
			}
		}
		return 0, nil
	}
	list, morning, evening := Key{Event: 1 << 40}, noon.Add(-6*time.Hour), noon.Add(6*time.Hour)
	for _, tt := range []struct {
		name     string
		from, to time.Time
		before   Key
		since    int64
		until    Key
		some     bool
	}{
		{"open", time.Time{}, time.Time{}, list, 0, list, true},
		{"until noon", time.Time{}, noon, list, 0, Key{Event: position(noon.Add(90 * time.Minute))}, true},
		{"from noon", noon, time.Time{}, list, position(noon.Add(-30 * time.Minute)), list, true},
		{"from all to all", morning, evening, list, 1, list, true},
		{"after all", evening.Add(2 * time.Hour), time.Time{}, list, 0, list, false},
		{"before all", time.Time{}, morning.Add(-2 * time.Hour), list, 0, Key{Event: 1}, true},
		{"a list that is further already", time.Time{}, noon, Key{Event: 3, Endpoint: 7}, 0, Key{Event: 3, Endpoint: 7}, true},
	} {
		since, until, some, err := Within(tt.from, tt.to, tt.before, after)
		if since != tt.since || until != tt.until || some != tt.some || err != nil {
			t.Errorf("%s: from %d to %+v, some: %t, %v; want %d, %+v, %t", tt.name, since, until, some, err, tt.since, tt.until, tt.some)
		}
	}
	broken := errors.New("broken")
	fails := func(string) (int64, error) { return 0, broken }
	for _, times := range [][2]time.Time{{noon, {}}, {{}, noon}} {
		if _, _, some, err := Within(times[0], times[1], list, fails); some || !errors.Is(err, broken) {
			t.Errorf("%v: some %t, %v", times, some, err)
		}
	}
}
