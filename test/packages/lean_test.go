package packages

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// beginsLean: a keeper is the same program, begun for each browser and there as long, so
// what packages make when a program begins is paid for each session. What they allocate,
// which is the same on every machine, is bounded, of all together and of each.
func beginsLean(t *testing.T, program string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "keeper")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	said, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("a keeper of nothing begins")
	}
	const all, each = 3 << 20, 192 << 10
	total, n := 0, 0
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) @.* clock, (\d+) bytes`).FindAllStringSubmatch(string(said), -1) {
		bytes, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if total, n = total+bytes, n+1; bytes > each {
			t.Errorf("%s makes %d bytes when the program begins, more than %d: make them when they are first needed", m[1], bytes, each)
		}
	}
	if n < 50 || total > all {
		t.Errorf("%d packages make %d bytes when the program begins, more than %d: %s", n, total, all, said)
	}
}
