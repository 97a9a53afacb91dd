package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/step"
)

// startWithin is how long a browser may take to start, for the doctor.
const startWithin = 30 * time.Second

// chromium starts a browser as for a session, and looks whether it has its sandbox.
func (d *doctor) chromium(ctx context.Context) {
	run, err := os.MkdirTemp("", "browserhook-doctor-")
	if err != nil {
		d.wrong("chromium", folderError("folder for running browsers", os.TempDir(), "TMPDIR", err))
		return
	}
	defer os.RemoveAll(run)
	keeper, err := keeperCommand()
	if err == nil {
		err = os.Chmod(run, 0o711) // a browser's user must reach its own below
	}
	if err != nil {
		d.wrong("chromium", err)
		return
	}
	l, err := browser.NewLauncher(ctx, browser.Config{
		Chromium: d.settings.Chromium, RunDir: run, Keeper: keeper, Script: step.Script(),
		StartTimeout: startWithin, NoCgroups: true, Users: filepath.Join(run, "users"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		d.wrong("chromium", err)
		return
	}
	defer l.Close()
	if l.Path == "" {
		d.tell("chromium", Wrong, "none is installed, so no session can start", packages.chromium())
		return
	}
	began := time.Now()
	if err := l.Try(ctx); err != nil {
		found, do := fmt.Sprintf("%s does not start: %v", l.Path, err), packages.chromium()+"   # if something that it needs is missing"
		if f, ok := errors.AsType[*domain.Failure](err); ok {
			found = fmt.Sprintf("%s does not start: %s", l.Path, f.Message)
			if len(f.Lines) > 0 {
				found += " It said last: " + f.Lines[len(f.Lines)-1]
			}
		}
		d.tell("chromium", Wrong, found, do)
	} else {
		d.ok("chromium", "%s (%s) starts in %d ms", l.Path, l.Version, time.Since(began).Milliseconds())
	}
	if l.Sandbox {
		d.ok("sandbox", "browsers have Chromium's own")
		return
	}
	d.tell("sandbox", Weak, "browsers run without Chromium's own: this user may make no user namespaces", letNamespaces())
}

// letNamespaces is the command that lets Chromium have its sandbox.
func letNamespaces() string {
	for _, is := range []struct{ file, value, do string }{
		{"kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
		{"user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"},
	} {
		raw, err := os.ReadFile(filepath.Join("/proc/sys", is.file))
		if err == nil && strings.TrimSpace(string(raw)) == is.value {
			return is.do
		}
	}
	return "docker run --security-opt seccomp=unconfined …   # or a seccomp profile that allows clone and unshare with CLONE_NEWUSER"
}

// namespaces looks whether a browser can have a network of its own.
func (d *doctor) namespaces(ctx context.Context) {
	keeper, err := keeperCommand()
	if err == nil {
		err = browser.Namespaces(ctx, keeper)
	}
	if err != nil {
		d.tell("namespaces", Weak, fmt.Sprintf("browsers have no network of their own, and are closed in by their proxy alone: %v", err), letNamespaces())
		return
	}
	d.ok("namespaces", "each browser has a network of its own")
}

// cgroups looks whether the kernel can limit browsers.
func (d *doctor) cgroups(context.Context) {
	place := cgroup.Find("/proc/self")
	if err := place.Try(); err != nil {
		place = cgroup.Nowhere(err)
	}
	var lacks []string
	var why error
	for _, controller := range cgroup.Controllers {
		if err := place.Missing(controller); err != nil {
			lacks, why = append(lacks, controller), err
		}
	}
	if len(lacks) == 0 {
		d.ok("cgroups", "each browser has a control group of its own (version %d)", place.Version)
		return
	}
	found := fmt.Sprintf("browsers have no control groups for %s: %v", strings.Join(lacks, ", "), why)
	if slices.Contains(lacks, cgroup.Memory) {
		found += "; their memory is watched instead, and processors are shared without limits"
	}
	d.tell("cgroups", Weak, found, "systemctl edit browserhook   # [Service] Delegate=yes and DelegateSubgroup=server; see docs/operations.md, Limits")
}

// fonts looks whether there are any.
func (d *doctor) fonts(ctx context.Context) {
	n := fontsOf(ctx)
	if n == 0 {
		d.tell("fonts", Weak, "there are none: text on pages is drawn as boxes", packages.fonts())
		return
	}
	d.ok("fonts", "%d files", n)
}

// fontsOf counts the files with fonts: as fontconfig does, or in its folders.
func fontsOf(ctx context.Context) (n int) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "fc-list", "--format", "%{file}\n").Output(); err == nil {
		return bytes.Count(out, []byte("\n"))
	}
	home, _ := os.UserHomeDir()
	for _, dir := range []string{"/usr/share/fonts", "/usr/local/share/fonts", filepath.Join(home, ".fonts"), filepath.Join(home, ".local/share/fonts")} {
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			switch strings.ToLower(filepath.Ext(path)) {
			case ".ttf", ".otf", ".ttc", ".otc", ".pfb", ".woff", ".woff2":
				n++
			}
			return nil
		})
	}
	return n
}

// videos looks whether recordings can be exported: who doesn't want that lacks nothing.
func (d *doctor) videos(context.Context) {
	if path, err := exec.LookPath(recording.Program); err == nil {
		d.ok("videos", "%s makes them of recordings", path)
		return
	}
	d.ok("videos", "none can be made of recordings: there is no %s", recording.Program)
}

// sharedMemory looks whether there is enough of /dev/shm.
func (d *doctor) sharedMemory(context.Context) {
	free, enough := browser.SharedMemory()
	if free < enough {
		d.tell("shared memory", Weak, fmt.Sprintf("%s are free in /dev/shm, of %s that pages need: browsers keep it in files, which is slower", humanize.IBytes(free), humanize.IBytes(enough)),
			"mount -o remount,size=1g /dev/shm   # in a container: docker run --shm-size=1g …")
		return
	}
	d.ok("shared memory", "%s free in /dev/shm", humanize.IBytes(free))
}

// distribution knows the commands that install packages, by what /etc/os-release says
// of itself.
type distribution struct{ release string }

var packages = distribution{"/etc/os-release"}

func (d distribution) chromium() string {
	switch d.family() {
	case "debian":
		return "apt-get install chromium-headless-shell fonts-liberation"
	case "fedora":
		return "dnf install chromium-headless liberation-fonts"
	case "alpine":
		return "apk add chromium font-liberation"
	case "arch":
		return "pacman -S chromium ttf-liberation"
	}
	return "npx @puppeteer/browsers install chrome-headless-shell@stable   # and name it with --chromium"
}

func (d distribution) fonts() string {
	switch d.family() {
	case "debian", "ubuntu":
		return "apt-get install fonts-liberation"
	case "fedora":
		return "dnf install liberation-fonts"
	case "alpine":
		return "apk add font-liberation"
	case "arch":
		return "pacman -S ttf-liberation"
	}
	return "Install fonts, such as Liberation's."
}

// family is the distribution that this one is like. Ubuntu has no package of Chromium
// that a server can start.
func (d distribution) family() string {
	raw, err := os.ReadFile(d.release)
	if err != nil {
		return ""
	}
	said := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		said[name] = strings.Trim(value, `"'`)
	}
	for _, name := range append([]string{said["ID"]}, strings.Fields(said["ID_LIKE"])...) {
		if slices.Contains([]string{"ubuntu", "debian", "fedora", "alpine", "arch"}, name) {
			return name
		}
	}
	return ""
}
