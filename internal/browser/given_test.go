package browser

import (
	"errors"
	"testing"
)

// TestFilesThatAreNotGivenAfterAll leave room for others.
func TestFilesThatAreNotGivenAfterAll(t *testing.T) {
	tabs, _ := wireless(t, 1)
	tabs.downloads.files = t.TempDir()
	give := func() (*Given, error) { return tabs.Give([]GivenFile{{Name: "large", Size: MaxGiven}}) }
	for range 2 * maxGivenTogether / MaxGiven {
		g, err := give()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		g.Discard()
	}
	for range maxGivenTogether / MaxGiven {
		g, err := give()
		if err != nil {
			t.Fatal(err)
		}
		g.Close()
	}
	if _, err := give(); !errors.Is(err, ErrTooMuchGiven) {
		t.Errorf("more than it takes: %v", err)
	}
	tabs.given.Store(0)
	tabs.downloads.files = "/nowhere"
	if _, err := give(); err == nil || tabs.given.Load() != 0 {
		t.Errorf("what could not be taken counts: %v", err)
	}
}
