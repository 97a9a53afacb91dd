package keeper

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRemovedFiles take of the disk what they did, as long as a process of the browser has
// them open: each once, whoever has it, and none of another disk.
func TestRemovedFiles(t *testing.T) {
	dir := t.TempDir()
	memory, err := unix.MemfdCreate("shared", 0)
	if err != nil {
		t.Fatal(err)
	}
	shared := os.NewFile(uintptr(memory), "shared")
	defer shared.Close()
	if _, err := shared.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	// A file that two have open, one that only one of them has, and one that was closed.
	cmd := exec.Command("sh", "-c", `exec 4>one 5>two 6>three 7<&0; rm one two three
		head -c 3145728 /dev/zero >&4; head -c 1048576 /dev/zero >&5; head -c 2097152 /dev/zero >&6; exec 6>&-
		(exec 5>&-; echo; read x <&7) & wait`)
	cmd.Dir, cmd.ExtraFiles = dir, []*os.File{shared}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = cmd.Wait()
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Fatalf("%v, %v", left, err)
	}
	look := func(limit int64) (int64, *Exceeded) {
		return (&keeper{cfg: Config{Dir: dir, Limits: Limits{Disk: limit}}}).gauges()[0].look()
	}
	if used, over := look(5 << 20); used < 4<<20 || over != nil {
		t.Errorf("%d bytes, %+v", used, over)
	}
	if used, over := look(2 << 20); over == nil || over.Of != OfDisk || over.Used != used || used <= 2<<20 {
		t.Errorf("of 2 MiB: %d bytes, %+v", used, over)
	}
}
