package keeper

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// pipes are the ends of Chromium's that are the keeper's.
type pipes struct {
	io.Reader // what it says
	io.Writer // what it is told
}

// listenForBrowser listens where the browser finds its proxy: in the namespace that it
// is to be in, if it is to have one.
func (k *keeper) listenForBrowser() (net.Listener, error) {
	if k.cfg.Namespace {
		return isolate()
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // there is no name to be resolved
	if err == nil && k.cfg.UID != 0 {
		l = usersOnly{l, k.cfg.UID}
	}
	return l, err
}

// proxied are the arguments that have Chromium send everything to the proxy, what is
// for loopback too, and resolve no name itself.
func proxied(proxy net.Addr) []string {
	return []string{
		"--proxy-server=http://" + proxy.String(), "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
	}
}

// start runs Chromium, with arguments about its proxy beside its others and its protocol
// on file descriptors 3 and 4, and the
// goroutine that reaps it and everything that it leaves. It is called on the thread
// that isolate was.
func (k *keeper) start(proxy []string) (browser pipes, err error) {
	if k.cfg.Namespace {
		if err := dropCapabilities(); err != nil {
			return browser, err
		}
	}
	readEnd, toBrowser, err := os.Pipe()
	if err != nil {
		return browser, err
	}
	fromBrowser, writeEnd, err := os.Pipe()
	if err != nil {
		return browser, err
	}
	printed, printEnd, err := os.Pipe()
	if err != nil {
		return browser, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return browser, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if k.cfg.UID != 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(k.cfg.UID), Gid: uint32(k.cfg.UID), Groups: []uint32{}}
	}
	// Files stay open here by number until this function ends.
	defer func() {
		for _, f := range []*os.File{readEnd, writeEnd, printEnd, null} {
			f.Close()
		}
	}()
	k.confine()
	k.pid, err = k.startInGroup(attr, func() (int, error) {
		return syscall.ForkExec(k.cfg.Chromium, slices.Concat([]string{k.cfg.Chromium}, proxy, k.cfg.Args), &syscall.ProcAttr{
			Dir:   k.cfg.Files,
			Env:   k.environment(),
			Files: []uintptr{null.Fd(), printEnd.Fd(), printEnd.Fd(), readEnd.Fd(), writeEnd.Fd()},
			Sys:   attr,
		})
	})
	if err != nil {
		return browser, fmt.Errorf("start %s: %w", filepath.Base(k.cfg.Chromium), err)
	}
	go k.lines.read(printed)
	go k.reap()
	return pipes{fromBrowser, toBrowser}, nil
}

// environment is all that Chromium learns: nothing of the server's own.
func (k *keeper) environment() []string {
	env := []string{
		"HOME=" + k.cfg.Files, "TMPDIR=tmp", // relative to Files: Chromium makes a socket there, whose path may have 108 bytes
		"XDG_CONFIG_HOME=" + filepath.Join(k.cfg.Files, "config"), "XDG_CACHE_HOME=" + filepath.Join(k.cfg.Files, "cache"),
		"XDG_RUNTIME_DIR=" + k.cfg.Files, "DBUS_SESSION_BUS_ADDRESS=disabled:",
		"PATH=/usr/local/bin:/usr/bin:/bin",
	}
	for _, name := range []string{"LANG", "LC_ALL", "FONTCONFIG_PATH", "FONTCONFIG_FILE"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
