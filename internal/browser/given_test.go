package browser

import (
	"errors"
	"testing"
)

// TestFilesThatAreNotGivenAfterAll leave room for others.
func TestFilesThatAreNotGivenAfterAll(t *testing.T) {
	tabs, _ := wireless(t, 1)
	tabs.downloads.files = t.TempDir()
	give := func() (*Upload, error) { return tabs.BeginUpload([]UploadFile{{Name: "large", Size: MaxUpload}}) }
	for range 2 * maxUploadTotal / MaxUpload {
		g, err := give()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		g.Discard()
	}
	for range maxUploadTotal / MaxUpload {
		g, err := give()
		if err != nil {
			t.Fatal(err)
		}
		g.Close()
	}
	if _, err := give(); !errors.Is(err, ErrUploadTooLarge) {
		t.Errorf("more than it takes: %v", err)
	}
	tabs.given.Store(0)
	tabs.downloads.files = "/nowhere"
	if _, err := give(); err == nil || tabs.given.Load() != 0 {
		t.Errorf("what could not be taken counts: %v", err)
	}
}
