package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/demo"
	"github.com/browserhook/browserhook/test/harness"
)

// TestDemo is what `make demo` runs.
func TestDemo(t *testing.T) {
	dir := harness.Isolate(t)
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := demo.Run(t.Context(), demo.Options{Browserhook: binary, Output: filepath.Join(dir, "out"), Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "each verified and in sequence") {
		t.Errorf("it says:\n%s", out.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "order.png")); err != nil {
		t.Error(err)
	}
}
