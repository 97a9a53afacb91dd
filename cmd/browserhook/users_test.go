package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// Commands of scripts that run browserhook as somebody else, or elsewhere.
func init() {
	scriptCommands["unprivileged"] = func(ts *testscript.TestScript, neg bool, args []string) {
		// Root is held to the modes of files, as everybody else is.
		if os.Getuid() == 0 {
			args = append([]string{"setpriv", "--bounding-set=-dac_override,-dac_read_search"}, args...)
		}
		outcome(ts, neg, args)
	}
	scriptCommands["reachable"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		_, dir := everybodys(ts)
		ts.Setenv("TMPDIR", dir) // a browser's user must reach its files in it
	}
	scriptCommands["asuser"] = func(ts *testscript.TestScript, neg bool, args []string) {
		program, dir := everybodys(ts)
		data := filepath.Join(dir, "work")
		ts.Check(os.Mkdir(data, 0o700))
		ts.Check(os.Chown(data, 61100, 61100))
		outcome(ts, neg, append([]string{"setpriv", "--reuid=61100", "--regid=61100", "--clear-groups", "env", "-C", data, "TMPDIR=" + data, "HOME=" + data, program}, args...))
	}
	scriptCommands["nochromium"] = func(ts *testscript.TestScript, neg bool, args []string) {
		program, dir := everybodys(ts)
		outcome(ts, neg, append([]string{
			"unshare", "-m", "sh", "-c", `for dir in /usr/lib/chromium /opt/google; do [ ! -d $dir ] || mount -t tmpfs none $dir; done; PATH="$1"; shift; exec "$0" "$@"`, program, dir,
		}, args...))
	}
}

// outcome runs a command that fails, or doesn't.
func outcome(ts *testscript.TestScript, neg bool, args []string) {
	if err := ts.Exec(args[0], args[1:]...); (err != nil) != neg {
		ts.Fatalf("it ended with %v", err)
	}
}

// everybodys is the program where everybody can run it, in a folder of its own.
func everybodys(ts *testscript.TestScript) (program, dir string) {
	dir, err := os.MkdirTemp("", "browserhook-script-")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	ts.Check(os.Chmod(dir, 0o755))
	self, err := os.Executable()
	ts.Check(err)
	program = filepath.Join(dir, "browserhook")
	if os.Link(self, program) == nil {
		return program, dir
	}
	from, err := os.Open(self)
	ts.Check(err)
	defer from.Close()
	to, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE, 0o755)
	ts.Check(err)
	_, err = io.Copy(to, from)
	ts.Check(errors.Join(err, to.Close()))
	return program, dir
}
