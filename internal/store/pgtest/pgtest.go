// Package pgtest runs a PostgreSQL server of its own for tests and benchmarks:
// in a temporary folder, reached by a Unix socket, gone when they end.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// within bounds each start, stop and wait.
const within = 60 * time.Second

// Server is a PostgreSQL server.
type Server struct {
	dir    string // 0711; the data and the socket are in it
	bin    string
	args   []string
	creds  *syscall.Credential // of the user who runs it; nil: ours
	cmd    *exec.Cmd
	exited chan struct{}
	log    *os.File
	made   atomic.Int64
}

// Start makes a server. settings are as in postgresql.conf ("fsync=off"); what
// they don't say is PostgreSQL's default.
func Start(settings ...string) (*Server, error) {
	s := &Server{}
	var err error
	if s.bin, err = binaries(); err != nil {
		return nil, err
	}
	if s.creds, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "bhpg"); err != nil {
		return nil, err
	}
	if err := s.make(settings); err != nil {
		_ = os.RemoveAll(s.dir)
		return nil, err
	}
	return s, nil
}

func (s *Server) make(settings []string) (err error) {
	if s.creds != nil {
		if err := os.Chown(s.dir, int(s.creds.Uid), int(s.creds.Gid)); err != nil {
			return err
		}
	}
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	data := filepath.Join(s.dir, "data")
	initdb := s.command(ctx, "initdb", "-D", data, "-U", "browserhook", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.args = []string{"-D", data, "-k", s.dir, "-c", "listen_addresses="}
	for _, setting := range settings {
		s.args = append(s.args, "-c", setting)
	}
	return s.Restart()
}

// command is a program of PostgreSQL's, run by a user who isn't root.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.bin + ":/usr/bin:/bin", "HOME=" + s.dir, "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.creds, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	return cmd
}

// Restart starts the server again after Kill, with the data that it had, and
// waits until it answers.
func (s *Server) Restart() error {
	cmd := s.command(context.Background(), "postgres", s.args...)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.cmd, s.exited = cmd, exited
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-exited:
			return fmt.Errorf("postgres ended at once: %s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("postgres doesn't answer: %w: %s", err, s.Log())
		}
	}
}

// Kill ends the server and all its processes as `kill -9` does, and waits until
// they are gone: a new server refuses the memory of one that still runs.
func (s *Server) Kill() error {
	_ = s.cmd.Process.Kill()
	<-s.exited // it starts no more of them
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-tick.C {
		if running, err := s.signal(syscall.SIGKILL); err != nil || running == 0 {
			return err
		}
	}
	return errors.New("processes of PostgreSQL don't end")
}

// Freeze has all of the server's processes stand still: nothing answers, and no
// connection breaks. Thaw has them go on.
func (s *Server) Freeze() error {
	_, err := s.signal(syscall.SIGSTOP)
	return err
}

// Thaw undoes Freeze.
func (s *Server) Thaw() error {
	_, err := s.signal(syscall.SIGCONT)
	return err
}

// signal sends a signal to all of the server's processes and counts them.
func (s *Server) signal(sig syscall.Signal) (running int, err error) {
	data, err := filepath.EvalSymlinks(filepath.Join(s.dir, "data"))
	if err != nil {
		return 0, err
	}
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		// Each works in the data folder; one that has ended works nowhere.
		if cwd, err := os.Readlink(proc + "/cwd"); err != nil || cwd != data {
			continue
		}
		running++
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil {
			_ = syscall.Kill(pid, sig)
		}
	}
	return running, nil
}

// Close ends the server and removes all that it had.
func (s *Server) Close() error {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // nothing of it is needed any more
	<-s.exited
	return errors.Join(s.log.Close(), os.RemoveAll(s.dir))
}

// Log is what the server has logged, its last 4 KiB.
func (s *Server) Log() string {
	raw, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-4096):])
}

// URL is for connecting to one of the server's databases.
func (s *Server) URL(database string) string {
	return "postgres://browserhook@/" + database + "?" + url.Values{"host": {s.dir}}.Encode()
}

// NewDatabase makes a database and returns its URL. It is a copy of another one,
// template1 for an empty one, to which nobody may be connected.
func (s *Server) NewDatabase(ctx context.Context, template string) (string, error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	name := fmt.Sprintf("db%d", s.made.Add(1))
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", err
	}
	return s.URL(name), nil
}

// binaries is the folder of PostgreSQL's programs, the newest that there is.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", errors.New("there is no PostgreSQL server; install the package postgresql")
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// unprivileged is who runs the server when we are root, which it refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL doesn't run as root, and there is no user postgres or nobody")
}
