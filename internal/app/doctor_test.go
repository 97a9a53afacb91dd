package app

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/config"
)

// TestWhatInstallsPackages on each distribution.
func TestWhatInstallsPackages(t *testing.T) {
	for _, tt := range []struct{ release, chromium, fonts string }{
		{"ID=debian\nVERSION_ID=\"12\"\n", "apt-get install chromium-headless-shell", "apt-get install fonts"},
		{"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "npx @puppeteer/browsers", "apt-get install fonts"},
		{"NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n", "npx @puppeteer/browsers", "apt-get install fonts"},
		{"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install chromium-headless", "dnf install liberation"},
		{"ID=alpine\n", "apk add chromium", "apk add font"},
		{"ID=manjaro\nID_LIKE=arch\n", "pacman -S chromium", "pacman -S ttf"},
		{"ID=nixos\n", "npx @puppeteer/browsers", "Install fonts"},
		{"", "npx @puppeteer/browsers", "Install fonts"},
	} {
		file := filepath.Join(t.TempDir(), "os-release")
		if tt.release != "" {
			if err := os.WriteFile(file, []byte(tt.release), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d := distribution{file}
		if got := d.chromium(); !strings.HasPrefix(got, tt.chromium) {
			t.Errorf("%q: %s", tt.release, got)
		}
		if got := d.fonts(); !strings.HasPrefix(got, tt.fonts) {
			t.Errorf("%q: %s", tt.release, got)
		}
	}
}

// examined is what one check of the doctor's has found.
func examined(settings config.Server, check func(*doctor)) []Finding {
	d := &doctor{settings: settings, told: func(Finding) {}}
	check(d)
	return d.found
}

// TestTheDoctorsFiles counts connections and files alike with the server.
func TestTheDoctorsFiles(t *testing.T) {
	most := openFiles() / 2
	for connections, want := range map[int]Verdict{most: OK, most + 1: Weak} {
		got := examined(config.Server{MaxConnections: connections}, func(d *doctor) { d.files(t.Context()) })
		if len(got) != 1 || got[0].Verdict != want || (got[0].Advice == "") != (want == OK) {
			t.Errorf("%d connections with %d files: %+v", connections, openFiles(), got)
		}
	}
}

// TestTheDoctorsClock is wrong when what there is was made later.
func TestTheDoctorsClock(t *testing.T) {
	data := t.TempDir()
	settings := config.Server{Data: data}
	if got := examined(settings, func(d *doctor) { d.time(t.Context()) }); len(got) != 1 || got[0].Verdict != OK {
		t.Errorf("got %+v", got)
	}
	file := databasePath(data)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	later := info.ModTime().Add(2 * apart)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if got := examined(settings, func(d *doctor) { d.time(t.Context()) }); len(got) != 1 || got[0].Verdict != Wrong || !strings.Contains(got[0].Found, file) {
		t.Errorf("got %+v", got)
	}
}

// TestTheDoctorComparesClocks of the database and the machine.
func TestTheDoctorComparesClocks(t *testing.T) {
	for ahead, want := range map[time.Duration]string{0: "", -apart: "", 2 * apart: "2m0s ahead of", -time.Hour: "1h0m0s behind"} {
		got := examined(config.Server{}, func(d *doctor) { d.clocks(ahead) })
		if (len(got) == 0) != (want == "") || len(got) > 0 && (got[0].Verdict != Weak || !strings.Contains(got[0].Found, want)) {
			t.Errorf("%s: %+v", ahead, got)
		}
	}
}

// TestTheDoctorSeesAServer by the lock that it has on its data.
func TestTheDoctorSeesAServer(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	if running(dir) {
		t.Error("none has started")
	}
	d, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !running(dir) {
		t.Error("one runs")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if running(dir) {
		t.Error("it has ended")
	}
	if lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0); err != nil || syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		t.Errorf("looking has kept the lock: %v", err)
	} else {
		lock.Close()
	}
}

// TestTheDoctorsVerdict: what is weak is no reason not to start.
func TestTheDoctorsVerdict(t *testing.T) {
	for _, tt := range []struct {
		verdicts []Verdict
		want     bool
	}{{nil, true}, {[]Verdict{OK, Weak}, true}, {[]Verdict{OK, Wrong, Weak}, false}} {
		var all []Finding
		for _, v := range tt.verdicts {
			all = append(all, Finding{Verdict: v})
		}
		if got := Passed(all); got != tt.want {
			t.Errorf("%v: %t", tt.verdicts, got)
		}
	}
}
