package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

func box(t *testing.T, keys string) *Box {
	t.Helper()
	b, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealAndOpen(t *testing.T) {
	old, current := NewKey(), NewKey()
	before, after, other := box(t, old), box(t, current+"\n"+old+"\n"), box(t, NewKey())
	sealed := before.Seal([]byte("secret"), "row 1")
	if bytes.Contains(sealed, []byte("secret")) {
		t.Fatal("it is readable")
	}
	for _, b := range []*Box{before, after} {
		if got, err := b.Open(sealed, "row 1"); err != nil || string(got) != "secret" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if after.Current(sealed) || !before.Current(sealed) || !after.Current(after.Seal(nil, "")) {
		t.Error("it is not told which key sealed it")
	}
	if _, err := other.Open(sealed, "row 1"); !errors.Is(err, ErrNoKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := before.Open(sealed, "row 2"); err == nil {
		t.Error("it was opened for another row")
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := before.Open(broken, "row 1"); err == nil {
			t.Errorf("with byte %d changed it was opened", i)
		}
		if _, err := before.Open(sealed[:i], "row 1"); err == nil {
			t.Errorf("cut to %d bytes it was opened", i)
		}
	}
	if bytes.Equal(sealed, before.Seal([]byte("secret"), "row 1")) {
		t.Error("the same value twice gives the same bytes")
	}
}

func TestWrongKeys(t *testing.T) {
	for _, keys := range []string{"", " \n", "x", "AAAA", NewKey() + " AAAA"} {
		if _, err := New(keys); err == nil {
			t.Errorf("%q was accepted", keys)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("made with mode %v, %v", info.Mode(), err)
	}
	sealed := first.Seal([]byte("x"), "")
	second, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Open(sealed, ""); err != nil {
		t.Errorf("the key of the first start is another: %v", err)
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("nonsense was accepted")
	}
	if _, err := Load(filepath.Join(path, "below")); err == nil {
		t.Error("a path that can't be was accepted")
	}
}

func TestEndpoint(t *testing.T) {
	b := box(t, NewKey())
	e := domain.Endpoint{ID: "we_1", ProjectID: "proj_1", Secrets: []domain.Secret{{Value: "whsec_AAAA"}}}
	e.Headers = []domain.Header{{Name: "Authorization", Value: "Bearer x", Secret: true}}
	sealed, err := b.SealEndpoint(&e)
	if err != nil {
		t.Fatal(err)
	}
	got := domain.Endpoint{ID: "we_1", ProjectID: "proj_1"}
	if err := b.OpenEndpoint(sealed, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, got); d != "" {
		t.Error(d)
	}
	if err := b.OpenEndpoint(sealed, &domain.Endpoint{ID: "we_2", ProjectID: "proj_1"}); err == nil {
		t.Error("one endpoint's secrets were opened for another")
	}
}

// TestTags: a value is known again by its tag with the key that it was made
// with, first or not, and by no other.
func TestTags(t *testing.T) {
	old, now := NewKey(), NewKey()
	boxes := map[string]*Box{}
	for name, keys := range map[string]string{"old": old, "both": now + " " + old, "new": now} {
		var err error
		if boxes[name], err = New(keys); err != nil {
			t.Fatal(err)
		}
	}
	const value = "a request"
	tag := boxes["old"].Tag(value)
	if tag == value || !boxes["old"].MatchesTag(tag, value) || !boxes["both"].MatchesTag(tag, value) {
		t.Error("it is not known again")
	}
	if boxes["new"].MatchesTag(tag, value) || boxes["old"].MatchesTag(tag, "another request") || boxes["both"].Tag(value) == tag {
		t.Error("it is known without the key")
	}
	if !boxes["new"].MatchesTag(value, value) || boxes["new"].MatchesTag(value, tag) {
		t.Error("what was stored before there were tags")
	}
}
