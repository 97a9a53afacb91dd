package keeper

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/egress"
)

// TestHello: who knows the session's key and speaks a version that the keeper does is
// let in, with the lower of both.
func TestHello(t *testing.T) {
	for _, tt := range []struct {
		name, key, hello string
		version          int    // that is spoken; 0: it is refused
		why              string // it is
		back             bool   // it is told how to come back
	}{
		{"this version", "k", `{"version":3,"oldest":1,"key":"k"}`, 3, "", true},
		{"the one before", "k", `{"version":2,"oldest":1,"key":"k"}`, 2, "", true},
		{"a server of before", "", `{"version":1,"oldest":1}`, 1, "", false},
		{"a newer one", "k", `{"version":9,"oldest":2,"key":"k"}`, 3, "", true},
		{"one that is too new", "k", `{"version":9,"oldest":4,"key":"k"}`, 0, "it speaks version 4 and newer, this keeper 3", false},
		{"one that has rules", "k", `{"version":3,"oldest":1,"key":"k","rules":{"allow":["example.com"]}}`, 3, "", false},
		{"one that has no proper rules", "k", `{"version":3,"oldest":1,"key":"k","rules":{"proxy":"ftp://x"}}`, 0, "the session's proxy must begin with", false},
		{"one that has rules and no key", "k", `{"version":3,"oldest":1,"rules":{"allow":["example.com"]}}`, 0, "another server", false},
		{"one that asks what has passed", "k", `{"version":3,"oldest":1,"key":"k","asks":true}`, 3, "", false},
		{"another's", "k", `{"version":2,"oldest":1,"key":"x"}`, 0, "another server", false},
		{"no key", "k", `{"version":2,"oldest":1}`, 0, "another server", false},
		{"a program", "k", `{"version":2,"oldest":1,"key":"k","client":true}`, 2, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &keeper{key: []byte(tt.key), pid: 7, gone: time.Now().Add(-time.Second), proxy: egress.NewForwardProxy(nil)}
			ours, theirs := net.Pipe()
			let := make(chan error, 1)
			go func() {
				_, err := k.hello(theirs, bufio.NewReader(theirs))
				let <- err
			}()
			if _, err := ours.Write([]byte(`{"id":3,"method":"Keeper.hello","params":` + tt.hello + "}\x00")); err != nil {
				t.Fatal(err)
			}
			raw, err := bufio.NewReader(ours).ReadBytes(0)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				ID     int
				Result Welcome
				Error  struct{ Message string }
			}
			if err := json.Unmarshal(raw[:len(raw)-1], &answer); err != nil || answer.ID != 3 {
				t.Fatalf("%s, %v", raw, err)
			}
			if err := <-let; (err == nil) != (tt.version > 0) || answer.Result.Version != tt.version || !strings.Contains(answer.Error.Message, tt.why) ||
				(tt.why == "") != (answer.Error.Message == "") {
				t.Errorf("%s, %v", raw, err)
			}
			if w := answer.Result; (w.Keeper > 0) != tt.back || tt.back && w.AwayMs < 1000 {
				t.Errorf("it is told %+v", w)
			}
		})
	}
}

// TestAServerThatCannotBeWatched, since too many files are open, is not taken for one
// that is there for ever.
func TestAServerThatCannotBeWatched(t *testing.T) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[1])
	file := os.NewFile(uintptr(ends[0]), "socket")
	conn, err := net.FileConn(file)
	file.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	gone := false
	_, err = whenHungUp(conn, func() { gone = true })
	if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); back != nil {
		t.Fatal(back)
	}
	if !errors.Is(err, unix.EMFILE) || !gone {
		t.Errorf("%v, gone: %v", err, gone)
	}
}

// TestWhoIsOfTheBrowser is no server, whatever it knows: where browsers run as the
// server's user, what has got out of Chromium's sandbox could read the session's key.
func TestWhoIsOfTheBrowser(t *testing.T) {
	const inside = "BROWSERHOOK_TEST_SOCKET"
	if socket := os.Getenv(inside); socket != "" {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(`{"id":1,"method":"Keeper.hello","params":{"version":3,"oldest":1,"key":"k","rules":{}}}` + "\x00"))
		if raw, err := bufio.NewReader(conn).ReadBytes(0); err == nil {
			t.Errorf("it is answered: %s", raw)
		}
		return
	}
	socket := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	k := &keeper{key: []byte("k"), proxy: egress.NewForwardProxy(nil)}
	for _, command := range [][]string{
		{os.Args[0], "-test.run=^TestWhoIsOfTheBrowser$"},
		{"setsid", os.Args[0], "-test.run=^TestWhoIsOfTheBrowser$"}, // one that has left Chromium's process group
	} {
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Env = append(os.Environ(), inside+"="+socket)
		served := make(chan error, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				err = k.serve(conn)
			}
			served <- err
		}()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if err := <-served; err == nil || !strings.Contains(err.Error(), "which is the browser's") {
			t.Errorf("it is served: %v", err)
		}
	}
}

// TestDescends: what a process has started, what that has, and what can't be known.
func TestDescends(t *testing.T) {
	works := exec.CommandContext(t.Context(), "sh", "-c", "sleep 60 & echo $!; wait")
	out, err := works.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := works.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	for pid, want := range map[int]bool{works.Process.Pid: true, grandchild: true, os.Getpid(): true, os.Getppid(): false, 1: false} {
		if got := descends(pid, os.Getpid()); got != want {
			t.Errorf("%d: %v", pid, got)
		}
	}
	_ = unix.Kill(grandchild, unix.SIGKILL)
	_ = works.Process.Kill()
	_ = works.Wait()
	if !descends(works.Process.Pid, os.Getpid()) {
		t.Error("one that has ended is somebody else's")
	}
}
