package sessionlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

const key = "proj_1/browser_1"

var at = time.Date(2026, 11, 27, 10, 0, 0, 123_000_000, time.UTC)

func folder(t *testing.T) *Folder {
	t.Helper()
	f, err := NewFolder(filepath.Join(t.TempDir(), "logs"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func opened(t *testing.T, f *Folder) *File {
	t.Helper()
	l, err := f.Open(key, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func write(t *testing.T, l *File, entries ...domain.LogEntry) {
	t.Helper()
	if err := l.Write(entries); err != nil {
		t.Fatal(err)
	}
}

func page(t *testing.T, f *Folder, q domain.LogQuery) domain.LogPage {
	t.Helper()
	r, err := f.Read(key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := Page(r, q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestALogGoesOn where a server that was killed has left it: with the number of its
// last entry, the time of its last message, and the requests that are under way.
func TestALogGoesOn(t *testing.T) {
	f := folder(t)
	l := opened(t, f)
	asked := domain.LogEntry{Number: 2, Kind: domain.LogRequest, At: at, URL: "https://x.test/", RequestID: "1.2"}
	write(t, l, domain.LogEntry{Number: 1, Kind: domain.LogConsole, At: at.Add(time.Second), Text: "one"}, asked)
	write(t, l, domain.LogEntry{Number: 3, Kind: domain.LogRequest, At: at, Over: true})
	path := f.file(key)
	torn, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = torn.WriteString(`{"n":4,"kind":"cons`)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = torn.Close()

	again := opened(t, f)
	if again.Last != 3 || !again.Printed.Equal(at.Add(time.Second)) || len(again.Under) != 1 || again.Under[0].RequestID != "1.2" {
		t.Errorf("it begins after %d, printed %s, under way %+v", again.Last, again.Printed, again.Under)
	}
	asked.Over, asked.RequestID, asked.Status = true, "", 204
	write(t, again, asked, domain.LogEntry{Number: 4, Kind: domain.LogConsole, At: at, Text: "four"})
	got := page(t, f, domain.LogQuery{})
	want := []domain.LogEntry{{Number: 1, Kind: domain.LogConsole, At: at.Add(time.Second), Text: "one"}, asked, {Number: 3, Kind: domain.LogRequest, At: at, Over: true}, {Number: 4, Kind: domain.LogConsole, At: at, Text: "four"}}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Error(diff)
	}
}

func TestPages(t *testing.T) {
	f := folder(t)
	l := opened(t, f)
	for n := range int64(10) {
		kind := domain.LogConsole
		if n%2 == 1 {
			kind = domain.LogRequest
		}
		write(t, l, domain.LogEntry{Number: n + 1, Kind: kind, At: at})
	}
	for _, tt := range []struct {
		q    domain.LogQuery
		want string
	}{
		{domain.LogQuery{}, "1 2 3 4 5 6 7 8 9 10 false"},
		{domain.LogQuery{Limit: 3}, "1 2 3 true"},
		{domain.LogQuery{After: 7, Limit: 3}, "8 9 10 false"},
		{domain.LogQuery{After: 99, Limit: 3}, "false"},
		{domain.LogQuery{Kinds: []domain.LogKind{domain.LogRequest}, Limit: 3}, "2 4 6 true"},
		{domain.LogQuery{Kinds: []domain.LogKind{domain.LogError}}, "false"},
	} {
		p := page(t, f, tt.q)
		var got strings.Builder
		for _, e := range p.Entries {
			fmt.Fprint(&got, e.Number, " ")
		}
		if fmt.Fprint(&got, p.More); got.String() != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.q, got.String(), tt.want)
		}
	}
}

// TestALogIsBounded: the oldest go, and are counted, however often.
func TestALogIsBounded(t *testing.T) {
	for name, text := range map[string]string{"by bytes": strings.Repeat("x", 4000), "by entries": ""} {
		t.Run(name, func(t *testing.T) {
			f := folder(t)
			f.maxBytes, f.maxEntries = 100_000, 200
			l := opened(t, f)
			n := int64(0)
			for written := 0; n < 2000 && written < 400_000; {
				var some []domain.LogEntry
				for range 10 {
					n++
					some = append(some, domain.LogEntry{Number: n, Kind: domain.LogConsole, At: at, Text: text})
					written += len(text)
				}
				write(t, l, some...)
			}
			p := page(t, f, domain.LogQuery{})
			info, err := os.Stat(f.file(key))
			if err != nil || info.Size() > 150_000 || len(p.Entries) > 410 {
				t.Errorf("it has %d entries and is %+v, %v", len(p.Entries), info, err)
			}
			if p.Dropped == 0 || p.Dropped+int64(len(p.Entries)) != n || p.Entries[0].Number != p.Dropped+1 {
				t.Errorf("%d of %d are dropped, and %d there from %d on", p.Dropped, n, len(p.Entries), p.Entries[0].Number)
			}
			_ = l.Close()
			if again := opened(t, f); again.Last != n {
				t.Errorf("it goes on after %d", again.Last)
			}
		})
	}
}

// TestALogIsReadAsItIs now: what is in memory is written first.
func TestALogIsReadAsItIs(t *testing.T) {
	f := folder(t)
	var l *File
	l, err := f.Open(key, func() { write(t, l, domain.LogEntry{Number: 1, At: at, Kind: domain.LogConsole}) })
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page(t, f, domain.LogQuery{}).Entries); n != 1 {
		t.Errorf("there are %d entries", n)
	}
	_ = l.Close()
	keys, err := f.Keys()
	if err != nil || len(keys) != 1 || keys[0] != key {
		t.Errorf("there are %q, %v", keys, err)
	}
	for range 2 {
		if err := f.Remove(key); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Read(key); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("what was removed: %v", err)
	}
	if left, err := os.ReadDir(f.path); err != nil || len(left) > 0 {
		t.Errorf("left is %v, %v", left, err)
	}
}

// FuzzPage: whatever a file holds is read to its end, and what is read is a log.
func FuzzPage(f *testing.F) {
	f.Add(`{"n":1,"kind":"console","at":"2026-11-27T10:00:00Z","text":"a"}` + "\n" + `{"dropped":3}` + "\n{")
	f.Add("\n\n\x00{}\n" + `{"n":-1}` + "\n" + `{"n":2}` + "\n" + `{"n":2,"over":true}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Page(strings.NewReader(text), domain.LogQuery{})
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		seen := map[int64]bool{}
		for i, e := range p.Entries {
			if seen[e.Number] || e.Number < 1 || i > 0 && e.Number < p.Entries[i-1].Number {
				t.Errorf("%q: %+v", text, p.Entries)
			}
			seen[e.Number] = true
		}
	})
}

// TestWhatWasDroppedStaysDropped: a request whose line is gone is not written again when
// it ends, counted twice, or first in the list.
func TestWhatWasDroppedStaysDropped(t *testing.T) {
	f := folder(t)
	f.maxEntries = 10
	l := opened(t, f)
	asked := domain.LogEntry{Number: 1, Kind: domain.LogRequest, At: at, URL: "https://x.test/", RequestID: "1.2"}
	write(t, l, asked)
	n := int64(1)
	say := func(times int) {
		for range times {
			n++
			write(t, l, domain.LogEntry{Number: n, Kind: domain.LogConsole, At: at})
		}
	}
	say(20) // after which it has been trimmed
	if got := page(t, f, domain.LogQuery{}); got.Dropped == 0 || got.Entries[0].Number == 1 {
		t.Fatalf("nothing was dropped: %+v", got)
	}
	asked.Over, asked.RequestID = true, ""
	write(t, l, asked)
	_ = l.Close()
	l = opened(t, f)
	write(t, l, asked) // as by a server that has it under way
	for range 3 {
		got := page(t, f, domain.LogQuery{})
		if first := got.Entries[0].Number; got.Dropped != first-1 || int64(len(got.Entries)) != n-got.Dropped {
			t.Fatalf("%d dropped and %d there of %d, of which the first is %d", got.Dropped, len(got.Entries), n, first)
		}
		say(20)
	}
}

// TestALineWithoutAnEndCostsNoOther: what could only be written in part is written again,
// and what follows stands on a line of its own.
func TestALineWithoutAnEndCostsNoOther(t *testing.T) {
	f := folder(t)
	l := opened(t, f)
	one := domain.LogEntry{Number: 1, Kind: domain.LogConsole, At: at, Text: "one"}
	write(t, l, one)
	// As when the disk is full in the midst of a line.
	if _, err := l.file.WriteString(`{"n":2,"kind":"console","timings":{}`); err != nil {
		t.Fatal(err)
	}
	l.torn = true
	if got := page(t, f, domain.LogQuery{}); len(got.Entries) != 1 {
		t.Errorf("before the end there is %+v", got.Entries)
	}
	two, three := one, one
	two.Number, three.Number = 2, 3
	write(t, l, two, three)
	if got := page(t, f, domain.LogQuery{}); len(got.Entries) != 3 || got.Entries[1].Text != "one" {
		t.Errorf("%+v", got.Entries)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no full disk here")
	}
	defer full.Close()
	whole := l.file
	l.file = full
	if err := l.Write([]domain.LogEntry{one}); err == nil || l.torn {
		t.Errorf("to a full disk it writes: %v; a line is torn: %t", err, l.torn)
	}
	l.file = whole
}
