package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// The programs that a session's browser can be, as users name them.
const (
	// Shell is the headless shell: Chromium's engine without the browser around
	// it. It starts in half the time.
	Shell = domain.BrowserShell
	// Chromium is the whole browser, without a window.
	Chromium = domain.BrowserChromium
)

// places is where the programs are looked for: under these names in PATH, the
// first that works wins, or at these paths. Those are the real programs that
// distributions hide behind a shell script, which looks at the machine at every
// start and costs more than Chromium.
var places = map[string]struct{ names, behind []string }{
	Shell: {
		[]string{"chromium-headless-shell", "chrome-headless-shell"},
		[]string{"/usr/lib/chromium/chromium-headless-shell", "/usr/lib64/chromium-browser/headless_shell"},
	},
	Chromium: {
		[]string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"},
		[]string{
			"/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser",
			"/usr/lib64/chromium-browser/chromium-browser", "/opt/google/chrome/chrome",
		},
	},
}

// errNoChromium is the answer when there is nothing to start.
var errNoChromium = errors.New("no Chromium is installed: install the package chromium-headless-shell or chromium, or name one with --chromium")

// find names the programs that can be started: the one of the setting alone, or
// those that are installed.
func find(setting string) map[string]string {
	if setting != "" {
		kind := Chromium
		if isShell(setting) {
			kind = Shell
		}
		return map[string]string{kind: direct(kind, setting)}
	}
	found := map[string]string{}
	for kind, place := range places {
		for _, name := range place.names {
			if path, err := exec.LookPath(name); err == nil {
				found[kind] = direct(kind, path)
				break
			}
		}
		for _, path := range place.behind {
			if found[kind] == "" && executable(path) {
				found[kind] = path
			}
		}
	}
	return found
}

// isShell says whether a program is the headless shell.
func isShell(path string) bool {
	name := strings.ReplaceAll(filepath.Base(path), "_", "-")
	return strings.Contains(name, "headless-shell")
}

// direct follows a link or a distribution's script to the program itself.
func direct(kind, path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if !isScript(path) || !strings.HasPrefix(path, "/usr/") && !strings.HasPrefix(path, "/opt/") {
		return path
	}
	for _, real := range places[kind].behind {
		if executable(real) && !isScript(real) {
			return real
		}
	}
	return path
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [2]byte
	_, err = f.Read(head[:])
	return err == nil && string(head[:]) == "#!"
}

// version asks the program for its name and version.
func version(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	return strings.TrimSpace(out.String()), nil
}
