package main

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	_ "modernc.org/sqlite"
)

// Commands of scripts that break what a server needs at its start.
func init() {
	scriptCommands["wontstart"] = wontStart
	scriptCommands["kept"] = keptDatabase
	scriptCommands["newer"] = newerDatabase
	scriptCommands["foreign"] = func(ts *testscript.TestScript, _ bool, args []string) {
		execSQL(ts, ts.MkAbs(args[0]), "CREATE TABLE notes (text TEXT)")
	}
	scriptCommands["damage"] = damage
	scriptCommands["unchanged"] = unchanged
	scriptCommands["fulldisk"] = fullDisk
	scriptCommands["taken"] = takenPort
}

// conditions of scripts.
func condition(cond string) (bool, error) {
	switch cond {
	case "root":
		return os.Getuid() == 0, nil
	case "mounts":
		return os.Getuid() == 0 && syscall.Mount("", "/nowhere", "tmpfs", 0, "") != syscall.EPERM, nil
	default:
		return false, fmt.Errorf("unknown condition %q", cond)
	}
}

// wontStart runs a command that must end with 1 and two lines: what is wrong, and
// what to do. Root is held to the modes of files, as everybody else is.
func wontStart(ts *testscript.TestScript, _ bool, args []string) {
	what, do, command := args[0], args[1], args[2:]
	if os.Getuid() == 0 {
		command = append([]string{"setpriv", "--bounding-set=-dac_override,-dac_read_search"}, command...)
	}
	err := ts.Exec(command[0], command[1:]...)
	e, ok := errors.AsType[*exec.ExitError](err)
	if !ok || e.ExitCode() != exitFailed {
		ts.Fatalf("it ended with %v", err)
	}
	said := ts.ReadFile("stderr")
	lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "browserhook: ") {
		ts.Fatalf("it said not two lines:\n%s", said)
	}
	for i, want := range []string{what, do} {
		if !regexp.MustCompile(want).MatchString(lines[i]) {
			ts.Fatalf("line %d is not about %q:\n%s", i+1, want, said)
		}
	}
}

// keptDatabase copies the database that is kept for the stores' tests.
func keptDatabase(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(filepath.Join(ts.Getenv("SOURCE"), "../../internal/store/sqlite/testdata/kept/00001.db"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}

func newerDatabase(ts *testscript.TestScript, _ bool, args []string) {
	execSQL(ts, ts.MkAbs(args[0]), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
}

func execSQL(ts *testscript.TestScript, file, query string) {
	db, err := sql.Open("sqlite", file)
	ts.Check(err)
	_, err = db.Exec(query)
	ts.Check(err)
	ts.Check(db.Close())
}

// damage writes over the first page of a database, but for its header.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	defer f.Close()
	_, err = f.WriteAt(make([]byte, 3900), 110)
	ts.Check(err)
}

// unchanged tests that files are as they were when it was last asked.
func unchanged(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args {
		raw, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		sum := fmt.Sprintf("%x", sha256.Sum256(raw))
		name := "SUM_" + strings.NewReplacer("/", "_", ".", "_").Replace(file)
		if was := ts.Getenv(name); was != "" && was != sum {
			ts.Fatalf("%s has changed", file)
		}
		ts.Setenv(name, sum)
	}
}

// fullDisk mounts a small file system, with what a first start makes in it if
// there is a second argument, and fills it.
func fullDisk(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(syscall.Mount("full", dir, "tmpfs", 0, "size=1m"))
	ts.Defer(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	for _, file := range args[1:] {
		raw, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, filepath.Base(file)), raw, 0o600))
	}
	f, err := os.Create(filepath.Join(dir, "ballast"))
	ts.Check(err)
	defer f.Close()
	if _, err := io.Copy(f, io.LimitReader(zeros{}, 2<<20)); !errors.Is(err, syscall.ENOSPC) {
		ts.Fatalf("the disk is not full: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// takenPort listens on a port and puts its address into a variable.
func takenPort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}
