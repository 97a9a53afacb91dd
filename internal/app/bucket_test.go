package app

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/browserhook/browserhook/internal/domain"
)

// bucket is an S3-compatible store with a bucket, and its address as a setting.
func bucket(t *testing.T) (objects func() []string, setting string) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("art"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend).Server())
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

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
