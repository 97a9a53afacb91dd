package browser

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"report.pdf": "report.pdf", "../../etc/passwd": "passwd", `C:\temp\a.txt`: "a.txt", ".htaccess": "htaccess", "": "download",
		"..": "download", "/": "download", "a\x00b.txt": "a_b.txt", "e\u202etxt.exe": "etxt.exe", "con.txt": "_con.txt", "LPT1": "_LPT1",
		`a<b>:"|?*.csv`: "a_b______.csv", "Übersicht – März.xlsx": "Übersicht – März.xlsx", "trailing. ": "trailing", "a b.tar.gz": "a b.tar.gz",
		strings.Repeat("é", 300) + ".csv": strings.Repeat("é", 98) + ".csv",
	} {
		if got := FileName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestWhoseDownloadIsWaitedFor: a step has that of its own tab, or of one that
// this opened, whatever else comes meanwhile.
func TestWhoseDownloadIsWaitedFor(t *testing.T) {
	tabs, tell := wireless(t, 0)
	tabs.downloads.files = t.TempDir()
	for n, opener := range []int{0, 0, 1, 2, 0} {
		tell("", "Target.attachedToTarget", attachedPage(n+1, opener))
	}
	open := tabs.Open()
	for _, tt := range []struct {
		frame string
		tab   *Page
		want  bool
	}{
		{"t1", open[0], true}, {"t2", open[0], false}, {"t3", open[0], true}, {"t4", open[0], false}, {"t4", open[1], true},
		{"t5", open[0], true}, // after the first four, and by nobody knows whom
		{"removed", open[0], true},
	} {
		tell("", "Browser.downloadWillBegin", object{"guid": "g", "url": "https://x.test/", "frameId": tt.frame})
		one := tabs.downloads.all[len(tabs.downloads.all)-1]
		if got := one.By(tt.tab, 4); got != tt.want || one.Frame != tt.frame {
			t.Errorf("%s: %t, for the frame %s", tt.frame, got, one.Frame)
		}
	}
}

// TestADownloadIsThereUntilAStepHasIt: one that couldn't be kept, or wasn't there
// in time, stays for the next that asks, and the file of one that was dropped
// while it was on its way goes when it comes.
func TestADownloadIsThereUntilAStepHasIt(t *testing.T) {
	tabs, tell := wireless(t, 0)
	tabs.downloads.files = t.TempDir()
	const guid = "0123abcd-0000-4000-8000-0123456789ab"
	file := filepath.Join(tabs.downloads.files, downloadsFolder, guid)
	begin := func() {
		t.Helper()
		tell("", "Browser.downloadWillBegin", object{"guid": guid, "url": "https://x.test/", "frameId": "t1"})
	}
	complete := func() {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("a,b"), 0o600); err != nil {
			t.Fatal(err)
		}
		tell("", "Browser.downloadProgress", object{"guid": guid, "state": "completed"})
	}
	gone := func() {
		t.Helper()
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) || len(tabs.downloads.all) > 0 {
			t.Errorf("%v, and %d downloads are known", err, len(tabs.downloads.all))
		}
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	var content []byte
	read := func(_ *Download, f io.Reader) (err error) { content, err = io.ReadAll(f); return err }
	unsaved := errors.New("not kept")

	begin()
	if one, err := tabs.Download(late, 0, nil, read); one == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("one under way: %+v, %v", one, err)
	}
	complete()
	if _, err := tabs.Download(t.Context(), 0, nil, func(*Download, io.Reader) error { return unsaved }); !errors.Is(err, unsaved) {
		t.Errorf("one that can't be kept: %v", err)
	}
	if _, err := tabs.Download(t.Context(), 0, nil, read); err != nil || string(content) != "a,b" {
		t.Errorf("afterwards: %q, %v", content, err)
	}
	gone()

	begin()
	if _, err := tabs.Download(late, 0, func(d *Download) bool { return d.Frame == "t1" }, read); !errors.Is(err, context.Canceled) {
		t.Errorf("one that a step began: %v", err)
	}
	complete()
	gone()
	tell("", "Browser.downloadProgress", object{"guid": "../x", "state": "completed"})
}

// FuzzFileName: whatever a stranger calls a file, it is called something that
// is a name in every folder.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{"report.pdf", "../x", `\\a\b`, "con", ".", "a\u202eb", "\xff\xfe", strings.Repeat("x", 400) + ".y"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := FileName(name)
		bad := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`/\<>:"|?*`, r) }
		base, _, _ := strings.Cut(got, ".")
		if got == "" || len(got) > maxFileName+1 || !utf8.ValidString(got) || strings.ContainsFunc(got, bad) || got[0] == '.' || strings.HasSuffix(got, ".") || reserved[strings.ToUpper(base)] {
			t.Errorf("%q is called %q", name, got)
		}
		if again := FileName(got); again != got {
			t.Errorf("%q is called %q, and that %q", name, got, again)
		}
	})
}
