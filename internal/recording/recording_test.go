package recording_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
)

var of = domain.SessionRef{ProjectID: "proj_1", ID: "browser_1"}

// named is a picture with a name, as far as a recording looks at it.
func named(name string) []byte { return append([]byte{0xff, 0xd8}, name...) }

// read is what is in a segment: times after the first, and names.
func read(t *testing.T, raw []byte) (all []string) {
	t.Helper()
	r, err := recording.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var first time.Time
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if first.IsZero() {
			first = p.At
		}
		name := "hidden"
		if len(p.JPEG) > 0 {
			name = string(p.JPEG[2:])
		}
		all = append(all, fmt.Sprintf("%s %s", p.At.Sub(first), name))
	}
}

// TestSegmentsEndAnywhere reads a segment that was cut at each of its bytes, as by a
// server that was killed: all pictures before that are there, and it can be told where
// they end.
func TestSegmentsEndAnywhere(t *testing.T) {
	at := time.UnixMilli(1_795_000_000_000)
	whole := []byte(recording.Magic)
	ends := []int{len(whole)}
	for i, name := range []string{"one", "", "three"} {
		p := recording.Picture{At: at.Add(time.Duration(i) * time.Second)}
		if name != "" {
			p.JPEG = named(name)
		}
		whole = recording.Append(whole, p)
		ends = append(ends, len(whole))
	}
	want := []string{"0s one", "1s hidden", "2s three"}
	for n := len(recording.Magic); n <= len(whole); n++ {
		pictures := 0
		for pictures+1 < len(ends) && ends[pictures+1] <= n {
			pictures++
		}
		if d := cmp.Diff(want[:pictures], read(t, whole[:n])); d != "" && pictures > 0 {
			t.Errorf("cut after %d bytes (-want +got):\n%s", n, d)
		}
		r, err := recording.NewReader(bytes.NewReader(whole[:n]))
		for err == nil {
			_, err = r.Next()
		}
		if r.Whole != int64(ends[pictures]) {
			t.Errorf("cut after %d bytes, %d are said to be whole, want %d", n, r.Whole, ends[pictures])
		}
	}
	if _, err := recording.NewReader(bytes.NewReader(whole[1:])); !errors.Is(err, recording.ErrFormat) {
		t.Errorf("what is no segment: %v", err)
	}
	// A disk that lost its power may have zeros at a file's end.
	if d := cmp.Diff(want, read(t, append(whole, make([]byte, 100)...))); d != "" {
		t.Error(d)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(recording.Magic))
	f.Add(recording.Append([]byte(recording.Magic), recording.Picture{At: time.UnixMilli(1), JPEG: named("x")}))
	f.Add(append([]byte(recording.Magic), 0, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xd8))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := recording.NewReader(bytes.NewReader(raw))
		if err != nil {
			return
		}
		again := []byte(recording.Magic)
		for {
			p, err := r.Next()
			if err != nil {
				break
			}
			again = recording.Append(again, p)
		}
		if r.Whole != int64(len(again)) || !bytes.Equal(again, raw[:len(again)]) {
			t.Errorf("%d bytes are whole, and are written again as %d", r.Whole, len(again))
		}
	})
}

// theater is a stage whose pictures a test makes.
type theater struct {
	more chan struct{}

	sync.Mutex // of what follows

	newest  *browser.Picture
	taken   int
	asked   int // for a picture though nothing moves
	moved   chan struct{}
	secrets bool
	used    time.Time
	shows   bool
	looked  int // whether a secret shows
	watched int
	stays   bool // what moves is another thing than the page that is seen
}

func newTheater() *theater {
	return &theater{more: make(chan struct{}, 1), moved: make(chan struct{})}
}

func (s *theater) More() <-chan struct{} { return s.more }
func (s *theater) Close()                {}

func (s *theater) Watch() (recording.Pictures, <-chan struct{}) {
	s.Lock()
	defer s.Unlock()
	s.watched++
	return s, s.moved
}

func (s *theater) Moved() (bool, <-chan struct{}) {
	s.Lock()
	defer s.Unlock()
	return !s.stays, s.moved
}

func (s *theater) Secrets() (bool, time.Time) {
	s.Lock()
	defer s.Unlock()
	return s.secrets, s.used
}

func (s *theater) Shows(context.Context) bool {
	s.Lock()
	defer s.Unlock()
	s.looked++
	return s.shows
}

func (s *theater) Take() (p browser.Picture, missed int64, ok bool) {
	s.Lock()
	defer s.Unlock()
	if s.newest == nil {
		return p, 0, false
	}
	p, s.newest = *s.newest, nil
	s.taken++
	return p, 0, true
}

func (s *theater) Again() {
	s.change(func() { s.asked++ })
	s.picture("again")
}

// change changes what is played.
func (s *theater) change(do func()) {
	s.Lock()
	defer s.Unlock()
	do()
}

// picture is one that was taken now.
func (s *theater) picture(name string) {
	s.Lock()
	defer s.Unlock()
	s.newest = &browser.Picture{JPEG: named(name), At: time.Now()}
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// recorded runs a recorder while do plays, and answers the segments that it has made.
func recorded(t *testing.T, s *theater, change func(*recording.Config), do func()) (folder *recording.Folder, done []domain.Artifact) {
	t.Helper()
	folder, err := recording.NewFolder(filepath.Join(t.TempDir(), "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := recording.Config{Session: of, Folder: folder, Stage: s, Done: func(a domain.Artifact) { done = append(done, a) }, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		recording.Run(ctx, cfg)
	}()
	do()
	cancel()
	<-ended
	return folder, done
}

func content(t *testing.T, folder *recording.Folder, a domain.Artifact) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder.Path(), filepath.FromSlash(a.Key())))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestRecords keeps the newest picture five times a second, however many come, and none
// while nothing moves; and the last one.
func TestRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTheater()
		folder, done := recorded(t, s, nil, func() {
			for i := range 15 {
				s.picture(fmt.Sprint(i))
				time.Sleep(70 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			s.picture("late")
			time.Sleep(time.Second)
			s.picture("last")
		})
		if len(done) != 1 || done[0].Size != int64(len(content(t, folder, done[0]))) {
			t.Fatalf("segments %+v", done)
		}
		if d := cmp.Diff([]string{"0s 0", "140ms 2", "350ms 5", "560ms 8", "770ms 11", "980ms 14", "1m1.05s late", "1m2.05s last"}, read(t, content(t, folder, done[0]))); d != "" {
			t.Error(d)
		}
	})
}

// TestAPageThatMovesForLong is recorded less often, until it has stood still.
func TestAPageThatMovesForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTheater()
		folder, done := recorded(t, s, nil, func() {
			for range 2 {
				for i := range 100 {
					s.picture(fmt.Sprint(i))
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(time.Second)
			}
		})
		if len(done) != 1 {
			t.Fatalf("segments %+v", done)
		}
		perSecond := map[time.Duration]int{}
		for _, one := range read(t, content(t, folder, done[0])) {
			var at, name string
			if _, err := fmt.Sscan(one, &at, &name); err != nil {
				t.Fatal(err)
			}
			d, err := time.ParseDuration(at)
			if err != nil {
				t.Fatal(err)
			}
			perSecond[d/time.Second]++
		}
		between := func(from, to time.Duration) (n int) {
			for second := from; second < to; second++ {
				n += perSecond[second]
			}
			return n
		}
		for _, tt := range []struct {
			from, to time.Duration
			want     int
		}{{0, 5, 25}, {6, 10, 8}, {11, 16, 25}, {17, 21, 8}} {
			if got := between(tt.from, tt.to); got < tt.want-1 || got > tt.want+1 {
				t.Errorf("%d pictures from second %d to %d, want %d", got, tt.from, tt.to, tt.want)
			}
		}
	})
}

// TestNoSecretIsRecorded from before a step shows it until it was seen, for a while, that
// no field does.
func TestNoSecretIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTheater()
		folder, done := recorded(t, s, nil, func() {
			s.picture("before")
			time.Sleep(time.Second)
			s.change(func() { s.secrets, s.used, s.shows = true, time.Now(), true }) // by a step
			s.picture("secret")
			time.Sleep(time.Second)
			s.picture("secret still")
			time.Sleep(time.Second)
			s.picture("secret, and the page is left before anybody can ask")
			s.change(func() { s.shows = false })
			time.Sleep(time.Second) // in which nothing moves
			s.picture("after")
			time.Sleep(time.Second)
			// And the whole of it between two pictures.
			s.change(func() { s.used = time.Now() })
			s.picture("secret again, and left again")
			time.Sleep(2 * time.Second)
		})
		if len(done) != 1 {
			t.Fatalf("segments %+v", done)
		}
		got := read(t, content(t, folder, done[0]))
		if d := cmp.Diff([]string{"0s before", "1s hidden", "3s again", "4s after", "5s hidden", "5s again"}, rounded(got)); d != "" {
			t.Errorf("%s\n%q", d, got)
		}
	})
}

// rounded has times in whole seconds.
func rounded(all []string) (out []string) {
	for _, one := range all {
		var at, name string
		if _, err := fmt.Sscan(one, &at, &name); err != nil {
			panic(err)
		}
		d, err := time.ParseDuration(at)
		if err != nil {
			panic(err)
		}
		out = append(out, d.Truncate(time.Second).String()+one[len(at):])
	}
	return out
}

// TestSegments are whole after two minutes or 4 MiB; a recording ends when it has all the
// bytes that it may have, or when the disk is full.
func TestSegments(t *testing.T) {
	large := make([]byte, 3<<20)
	for _, tt := range []struct {
		name     string
		change   func(*recording.Config)
		pictures []string // one in 90 s
		want     [][]string
	}{
		{"by time", nil, []string{"a", "b", "c"}, [][]string{{"0s a", "1m30s b"}, {"0s c"}}},
		{"by size", nil, []string{"a", string(large), string(large)}, [][]string{{"0s a", "1m30s " + string(large)}, {"0s " + string(large)}}},
		{"as many bytes as it may have", func(c *recording.Config) { c.Most = 4 << 20 }, []string{"a", string(large), string(large), "d"}, [][]string{{"0s a", "1m30s " + string(large)}}},
		{"it had them before", func(c *recording.Config) { c.Most, c.Before = 4<<20, 4<<20 }, []string{"a"}, nil},
		{"a full disk", func(c *recording.Config) { c.Full = func() bool { return true } }, []string{"a"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTheater()
				folder, done := recorded(t, s, tt.change, func() {
					for _, p := range tt.pictures {
						s.picture(p)
						time.Sleep(90 * time.Second)
					}
				})
				var got [][]string
				for _, a := range done {
					got = append(got, read(t, content(t, folder, a)))
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d[:min(len(d), 500)])
				}
			})
		})
	}
}

// TestTheLast keeps the last so long, and all of it here until the session ends.
func TestTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTheater()
		folder, done := recorded(t, s, func(c *recording.Config) { c.Last = 5 * time.Minute }, func() {
			for i := range 30 {
				s.picture(fmt.Sprint(i))
				time.Sleep(time.Minute)
			}
		})
		if len(done) != 0 {
			t.Errorf("told of %+v", done)
		}
		all, err := folder.Segments(of)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range all {
			got = append(got, read(t, content(t, folder, one.Artifact))...)
		}
		// The last came after 29 minutes: what was to be seen from 24 on is there.
		if want := []string{"0s 24", "1m0s 25", "2m0s 26", "0s 27", "1m0s 28", "2m0s 29"}; !cmp.Equal(want, got) {
			t.Error(cmp.Diff(want, got))
		}
	})
}

// TestTheLastBytes: of a recording of which the last is kept, and that has as many bytes as
// it may have, the oldest goes; nothing ends it.
func TestTheLastBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large, s := make([]byte, 3<<20), newTheater()
		const most = 10 << 20
		folder, _ := recorded(t, s, func(c *recording.Config) { c.Last, c.Most = time.Hour, most }, func() {
			for i := range 9 {
				s.picture(fmt.Sprint(i, string(large)))
				time.Sleep(time.Minute)
			}
		})
		all, err := folder.Segments(of)
		if err != nil || len(all) != 3 {
			t.Fatalf("%+v, %v", all, err)
		}
		var size int64
		for i, one := range all {
			size += one.Size
			if got := read(t, content(t, folder, one.Artifact)); len(got) != 1 || !strings.HasPrefix(got[0], fmt.Sprint("0s ", 6+i)) {
				t.Errorf("segment %d has %.20q", i, got)
			}
		}
		if size > most {
			t.Errorf("it has %d bytes", size)
		}
	})
}

// moves says that something of the tabs is another.
func (s *theater) moves() {
	s.Lock()
	defer s.Unlock()
	close(s.moved)
	s.moved = make(chan struct{})
}

// TestAPageThatHasTheTabsTold all the time, as by dialogs, is watched once, and recorded no
// more often than others.
func TestAPageThatHasTheTabsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTheater()
		s.stays = true
		folder, done := recorded(t, s, nil, func() {
			for i := range 1000 {
				s.picture(fmt.Sprint(i))
				s.moves()
				time.Sleep(time.Millisecond)
			}
		})
		if len(done) != 1 || s.watched != 1 {
			t.Fatalf("watched %d times: %+v", s.watched, done)
		}
		if all := read(t, content(t, folder, done[0])); len(all) > 6 {
			t.Errorf("%d pictures in a second", len(all))
		}
	})
}

// TestMoves records whatever page is to be seen.
func TestMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTheater()
		folder, done := recorded(t, s, nil, func() {
			s.picture("one page")
			time.Sleep(time.Second)
			s.picture("the last of it")
			s.moves()
			synctest.Wait()
			s.picture("another page")
			time.Sleep(time.Second)
		})
		if len(done) != 1 {
			t.Fatalf("segments %+v", done)
		}
		// The second picture may be taken before the recorder hears that the page is another:
		// then that one's comes with the next.
		if d := cmp.Diff([]string{"0s one page", "1s the last of it", "1s another page"}, rounded(read(t, content(t, folder, done[0])))); d != "" {
			t.Error(d)
		}
	})
}

// TestFolder has what a server that was killed has left, without what isn't whole.
func TestFolder(t *testing.T) {
	folder, err := recording.NewFolder(filepath.Join(t.TempDir(), "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1_795_000_000_000)
	whole := recording.Append([]byte(recording.Magic), recording.Picture{At: at, JPEG: named("one")})
	torn := recording.Append(bytes.Clone(whole), recording.Picture{At: at.Add(time.Second), JPEG: named("two")})
	torn = torn[:len(torn)-1]
	dir := filepath.Join(folder.Path(), of.ProjectID, of.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	id := domain.NewID(domain.PrefixArtifact)
	for name, raw := range map[string][]byte{id: torn, domain.NewID(domain.PrefixArtifact): []byte(recording.Magic), "other": whole} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := folder.Segments(of)
	if err != nil || len(all) != 1 || all[0].ID != id || !all[0].CreatedAt.Equal(at) || all[0].Open {
		t.Fatalf("%+v, %v", all, err)
	}
	last, size, err := folder.Trim(all[0].Artifact)
	if err != nil || !last.Equal(at) || size != int64(len(whole)) || !bytes.Equal(content(t, folder, all[0].Artifact), whole) {
		t.Errorf("it ends at %s with %d bytes: %v", last, size, err)
	}
	sessions, err := folder.Sessions()
	if err != nil || !cmp.Equal(sessions, []domain.SessionRef{of}) {
		t.Errorf("sessions %v, %v", sessions, err)
	}
	if err := folder.Forget(of.ProjectID + "/" + of.ID); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder.Path()); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
