// Package packages looks at what is handed out: that it is the same whenever it is
// built, what is in it, and, with -roots, that a new user gets from it to a webhook in a
// fresh Debian.
package packages

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var roots = flag.Bool("roots", false, "install what is in dist/ in Debian roots, as root, and use it there")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if dir := built.dir; dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

const repository = "../.."

// release is the version that tests build.
const release = "0.1.0"

// built is what scripts/dist makes of the tree for one architecture, once for all tests.
var built struct {
	sync.Once
	dir string
	err error
}

func dist(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "dist"); built.err == nil {
			built.err = makeDist(repository, built.dir)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

func makeDist(tree, to string, env ...string) error {
	cmd := exec.Command(filepath.Join(tree, "scripts/dist"), to)
	cmd.Env = append(os.Environ(), "ARCHS=amd64", "VERSION="+release, "SOURCE_DATE_EPOCH=1790000000")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scripts/dist: %w\n%s", err, out)
	}
	return nil
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tool is a program of scripts/tool.
func tool(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(output(t, filepath.Join(repository, "scripts/tool"), name))
}
