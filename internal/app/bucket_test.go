package app

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/browserhook/browserhook/internal/domain"
)

// bucket is an S3-compatible store with a bucket, and its address as a setting. Requests
// may go through more.
func bucket(t *testing.T, through ...func(http.Handler) http.Handler) (objects func() []string, setting string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("art"); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(backend).Server()
	for _, more := range through {
		store = more(store)
	}
	s := httptest.NewServer(store)
	t.Cleanup(s.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "us-east-1")
	return func() (names []string) {
		t.Helper()
		all, err := backend.ListBucket("art", nil, gofakes3.ListBucketPage{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all.Contents {
			names = append(names, o.Key)
		}
		return names
	}, "s3://art?use_path_style=true&endpoint=" + s.URL
}

// TestArtifactsInABucket are kept, read from anywhere and removed as files in a folder
// are.
func TestArtifactsInABucket(t *testing.T) {
	objects, setting := bucket(t)
	b, err := openBlobs(t.Context(), setting, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	long := strings.Repeat("0123456789", 1_200_000) // of more than two parts
	for key, content := range map[string]string{"proj_1/browser_1/art_1": long, "proj_1/browser_1/log": "", "proj_1/browser_10/art_3": "three"} {
		n, err := b.Write(t.Context(), key, strings.NewReader(content), "text/plain")
		if err != nil || n != int64(len(content)) {
			t.Fatalf("%s: %d bytes, %v", key, n, err)
		}
	}
	broken := errors.New("it broke off")
	if _, err := b.Write(t.Context(), "proj_1/browser_1/art_2", io.MultiReader(strings.NewReader(long), failing{broken}), "text/plain"); !errors.Is(err, broken) {
		t.Errorf("what can't be read: %v", err)
	}
	if got := objects(); len(got) != 3 {
		t.Errorf("there are %q", got)
	}
	r, err := b.Open(t.Context(), "proj_1/browser_1/art_1")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if size, err := r.Seek(0, io.SeekEnd); err != nil || size != int64(len(long)) {
		t.Errorf("it has %d bytes, %v", size, err)
	}
	part := make([]byte, 12)
	if _, err := r.Seek(int64(len(long)-12), io.SeekStart); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(r, part); err != nil || string(part) != "890123456789" {
		t.Errorf("its end is %q, %v", part, err)
	}
	for range 2 {
		for _, key := range []string{"proj_1/browser_1/", "proj_9/", "proj_1/browser_10/art_9"} {
			if err := b.Remove(t.Context(), key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	if got := objects(); len(got) != 1 || got[0] != "proj_1/browser_10/art_3" {
		t.Errorf("left are %q", got)
	}
	if _, err := b.Open(t.Context(), "proj_1/browser_1/art_1"); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("what is gone: %v", err)
	}
	if _, err := openBlobs(t.Context(), strings.Replace(setting, "art?", "none?", 1), ""); err == nil || !strings.Contains(err.Error(), "s3://none can't be used") {
		t.Errorf("a bucket that there isn't: %v", err)
	}
}

// TestOfAnObjectNoMoreIsSent than somebody wants, or not much.
func TestOfAnObjectNoMoreIsSent(t *testing.T) {
	var asked []string
	var sent atomic.Int64
	var under sync.WaitGroup
	_, setting := bucket(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/art_1") && r.Method != http.MethodPut && r.Method != http.MethodPost {
				under.Add(1)
				defer under.Done()
				asked = append(asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Range")))
				w = counted{w, &sent}
			}
			store.ServeHTTP(w, r)
		})
	})
	b, err := openBlobs(t.Context(), setting, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const key = "proj_1/browser_1/art_1"
	long := strings.Repeat("0123456789", 1_200_000)
	if _, err := b.Write(t.Context(), key, strings.NewReader(long), "text/plain"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, wants string
		status        int
		body          string
		asked         []string
		sent          int64
	}{
		{"HEAD", "", http.StatusOK, "", []string{"HEAD"}, 0},
		{"HEAD", "bytes=5-9", http.StatusPartialContent, "", []string{"HEAD"}, 0},
		{"GET", "bytes=5-9", http.StatusPartialContent, "56789", []string{"HEAD", "GET bytes=5-1048580"}, firstPart},
		{"GET", "bytes=-3", http.StatusPartialContent, "789", []string{"HEAD", "GET bytes=11999997-11999999"}, 3},
		{"GET", "", http.StatusOK, long, []string{"HEAD", "GET bytes=0-1048575", "GET bytes=1048576-9437183", "GET bytes=9437184-11999999"}, int64(len(long))},
	} {
		asked = nil
		sent.Store(0)
		r := httptest.NewRequest(tt.method, "/", nil)
		if tt.wants != "" {
			r.Header.Set("Range", tt.wants)
		}
		content, err := b.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "text/plain")
		http.ServeContent(w, r, "", time.Time{}, content)
		if err := content.Close(); err != nil {
			t.Error(err)
		}
		under.Wait()
		if w.Code != tt.status || w.Body.String() != tt.body || !slices.Equal(asked, tt.asked) || sent.Load() > tt.sent {
			t.Errorf("%s %s: %d with %d bytes; the store was asked %q, and sent %d bytes", tt.method, tt.wants, w.Code, w.Body.Len(), asked, sent.Load())
		}
	}
}

// counted counts what is written.
type counted struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// TestAnObjectThatGetsShorter isn't taken for a whole one.
func TestAnObjectThatGetsShorter(t *testing.T) {
	_, setting := bucket(t)
	b, err := openBlobs(t.Context(), setting, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	write := func(size int) {
		if _, err := b.Write(t.Context(), "p/s/a", strings.NewReader(strings.Repeat("x", size)), "text/plain"); err != nil {
			t.Fatal(err)
		}
	}
	write(2 * firstPart)
	r, err := b.Open(t.Context(), "p/s/a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, firstPart); err != nil {
		t.Fatal(err)
	}
	write(firstPart + 5)
	if n, err := io.Copy(io.Discard, r); n != 5 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d more bytes, %v", n, err)
	}
}

// TestManyObjectsAreRemovedAtOnce: eight at a time, and all but those that can't be.
func TestManyObjectsAreRemovedAtOnce(t *testing.T) {
	asked, goOn := make(chan struct{}, 100), make(chan struct{})
	objects, setting := bucket(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/art_") {
				asked <- struct{}{}
				<-goOn
				if strings.HasSuffix(r.URL.Path, "/art_3") {
					w.WriteHeader(http.StatusForbidden)
					return
				}
			}
			store.ServeHTTP(w, r)
		})
	})
	b, err := openBlobs(t.Context(), setting, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i := range 20 {
		if _, err := b.Write(t.Context(), fmt.Sprint("p/s/art_", i), strings.NewReader("x"), "text/plain"); err != nil {
			t.Fatal(err)
		}
	}
	removed := make(chan error)
	go func() { removed <- b.Remove(t.Context(), "p/s/") }()
	for range removedAtOnce {
		<-asked
	}
	close(goOn)
	if err := <-removed; err == nil {
		t.Error("one can't be removed, and nobody says so")
	}
	if got := objects(); !slices.Equal(got, []string{"p/s/art_3"}) {
		t.Errorf("left are %q", got)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
