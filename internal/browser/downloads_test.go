package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
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
	for n, tt := range []struct {
		frame string
		tab   *Page
		want  bool
	}{
		{"t1", open[0], true}, {"t2", open[0], false}, {"t3", open[0], true}, {"t4", open[0], false}, {"t4", open[1], true},
		{"t5", open[0], true}, // after the first four, and by nobody knows whom
		{"removed", open[0], true},
	} {
		tell("", "Browser.downloadWillBegin", object{"guid": guidOf(n), "url": "https://x.test/", "frameId": tt.frame})
		one := tabs.downloads.all[len(tabs.downloads.all)-1]
		if got := one.By(tt.tab, 4); got != tt.want || one.Frame != tt.frame {
			t.Errorf("%s: %t, for the frame %s", tt.frame, got, one.Frame)
		}
	}
}

// downloadTabs are tabs over no browser, and one download of theirs, with the file
// that a browser would have made of it.
func downloadTabs(t *testing.T, keep Keep) (tabs *Tabs, tell func(session, method string, params object), begin, complete func(id string)) {
	t.Helper()
	tabs, tell = wireless(t, 0)
	tabs.downloads.files, tabs.downloads.limit, tabs.keep = t.TempDir(), 1000, keep
	if err := os.MkdirAll(filepath.Join(tabs.downloads.files, downloadsFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	begin = func(id string) {
		t.Helper()
		tell("", "Browser.downloadWillBegin", object{"guid": id, "url": "https://me:secret@x.test/a.csv", "suggestedFilename": "a.csv", "frameId": "t1"})
	}
	complete = func(id string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(tabs.downloads.files, downloadsFolder, id), []byte("a,b"), 0o600); err != nil {
			t.Fatal(err)
		}
		tell("", "Browser.downloadProgress", object{"guid": id, "state": "completed", "receivedBytes": 3, "totalBytes": 3})
	}
	return tabs, tell, begin, complete
}

// guidOf is a name as Chromium gives them.
func guidOf(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-0123456789ab", n) }

// lying are the files that there are of downloads.
func lying(t *testing.T, tabs *Tabs) (names []string) {
	t.Helper()
	all, err := os.ReadDir(filepath.Join(tabs.downloads.files, downloadsFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

// TestEveryDownloadIsKept, whether or not a step waits for it, and is there for the
// step that asks.
func TestEveryDownloadIsKept(t *testing.T) {
	kept := make(chan Download, 10)
	tabs, tell, begin, complete := downloadTabs(t, func(ctx context.Context, session string, d *Download, file io.Reader) error {
		err := nobodyKeeps(ctx, session, d, file)
		kept <- *d
		return err
	})
	late, cancel := context.WithCancel(t.Context())
	cancel()
	done := tabs.AttributeTo("step_1")
	begin(guidOf(1))
	done()
	if one, err := tabs.Download(late, 0, nil); one == nil || one.Name != "a.csv" || !errors.Is(err, context.Canceled) {
		t.Errorf("one under way: %+v, %v", one, err)
	}
	complete(guidOf(1))
	first := <-kept
	if first.Size != 3 || first.StepID != "step_1" || first.Name != "a.csv" || first.URL != "https://x.test/a.csv" || first.ArtifactID == "" || first.ContentType != "text/csv; charset=utf-8" {
		t.Errorf("kept is %+v", first)
	}
	one, err := tabs.Download(t.Context(), 0, func(d *Download) bool { return d.Frame == "t1" })
	if err != nil || one.SHA256 != first.SHA256 || one.ArtifactID != first.ArtifactID {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := tabs.Download(late, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("it is taken twice: %v", err)
	}
	for n, tt := range []struct {
		code string
		end  object
	}{
		{CodeDownloadFailed, object{"state": "canceled"}},
		{CodeDownloadTooLarge, object{"state": "inProgress", "totalBytes": 1001}},
		{CodeDownloadTooLarge, object{"state": "inProgress", "receivedBytes": 1001}},
		{CodeDownloadFailed, object{"state": "completed"}}, // and there is no file
	} {
		begin(guidOf(n + 2))
		tt.end["guid"] = guidOf(n + 2)
		tell("", "Browser.downloadProgress", tt.end)
		one, err := tabs.Download(t.Context(), 0, nil)
		if got := <-kept; err != nil || one.Failure == nil || one.Failure.Code != tt.code || got.Failure.Code != tt.code || got.StepID != "" {
			t.Errorf("%v: %+v, %v; recorded is %+v", tt.end, one, err, got)
		}
	}
	if left := lying(t, tabs); len(left) > 0 || len(tabs.downloads.all) > 0 {
		t.Errorf("left are the files %v, and %d are known", left, len(tabs.downloads.all))
	}
	tell("", "Browser.downloadProgress", object{"guid": "../x", "state": "completed"})
}

// TestDownloadsAreBounded: at once, in number and in bytes; each that is refused is
// told, but those after the last.
func TestDownloadsAreBounded(t *testing.T) {
	told := make(chan *domain.Failure, 2*MaxDownloads)
	tabs, tell, begin, complete := downloadTabs(t, func(ctx context.Context, session string, d *Download, file io.Reader) error {
		told <- d.Failure
		return nobodyKeeps(ctx, session, d, file)
	})
	for n := range downloadsAtOnce + 3 {
		begin(guidOf(n))
	}
	for range 3 {
		if why := <-told; why == nil || why.Code != CodeManyDownloads {
			t.Errorf("one more than may be under way: %+v", why)
		}
	}
	for n := range downloadsAtOnce {
		complete(guidOf(n))
		if why := <-told; why != nil {
			t.Errorf("%d: %+v", n, why)
		}
	}
	tabs.settled()
	for n := downloadsAtOnce + 3; n < downloadsAtOnce*2+3; n++ { // 999 bytes each, of 16,000 together
		begin(guidOf(n))
		tell("", "Browser.downloadProgress", object{"guid": guidOf(n), "state": "inProgress", "receivedBytes": 999})
	}
	tabs.settled()
	if why := <-told; why == nil || why.Code != CodeManyDownloads || !strings.Contains(why.Message, "together") {
		t.Errorf("more bytes than may be: %+v", why)
	}
	for n := downloadsAtOnce*2 + 3; n < MaxDownloads+50; n++ {
		begin(guidOf(n))
	}
	last := 0
	tabs.settled()
	for len(told) > 0 {
		if why := <-told; why != nil && strings.Contains(why.Message, "no more are kept") {
			last++
		}
	}
	if last != 1 || len(tabs.downloads.all) > maxUntaken+downloadsAtOnce {
		t.Errorf("that there are no more was told %d times, and %d are remembered", last, len(tabs.downloads.all))
	}
}

// settled waits until none is being recorded.
func (t *Tabs) settled() {
	for {
		t.downloads.mu.Lock()
		changed := t.downloads.changed
		t.downloads.mu.Unlock()
		if t.endings() == 0 {
			return
		}
		<-changed
	}
}

// endings is how many are being recorded.
func (t *Tabs) endings() (n int) {
	t.downloads.mu.Lock()
	defer t.downloads.mu.Unlock()
	for _, o := range t.downloads.all {
		if o.state == downloadEnds {
			n++
		}
	}
	return n
}

// TestADownloadIsKeptWhenItCanBe: one that can't be kept at first is tried again.
func TestADownloadIsKeptWhenItCanBe(t *testing.T) {
	tries := 0
	tabs, _, begin, complete := downloadTabs(t, func(ctx context.Context, session string, d *Download, file io.Reader) error {
		if tries++; tries == 1 {
			return errors.New("nowhere to keep it")
		}
		return nobodyKeeps(ctx, session, d, file)
	})
	begin(guidOf(1))
	complete(guidOf(1))
	if one, err := tabs.Download(t.Context(), 0, nil); err != nil || one.Failure != nil || one.Size != 3 || tries != 2 {
		t.Errorf("%+v after %d tries, %v", one, tries, err)
	}
}

// TestDownloadsGoOnWithTheNextServer: what lies in the folder is kept, whatever was
// noted of it, what is noted and isn't there has failed, and what is over stays so.
func TestDownloadsGoOnWithTheNextServer(t *testing.T) {
	kept := make(chan Download, 10)
	tabs, tell, _, complete := downloadTabs(t, func(ctx context.Context, session string, d *Download, file io.Reader) error {
		err := nobodyKeeps(ctx, session, d, file)
		kept <- *d
		return err
	})
	folder := filepath.Join(tabs.downloads.files, downloadsFolder)
	for _, name := range []string{guidOf(1), guidOf(2) + partial, guidOf(4), guidOf(5) + partial, "passwd", guidOf(6) + ".x"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("a,b"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := note{Downloaded: 4, Downloads: []downloadNote{
		{ID: guidOf(1), Name: "whole.csv", Number: 1, Artifact: "art_1"}, {ID: guidOf(2), Name: "part.csv", Number: 2, Step: "step_2"},
		{ID: guidOf(3), Name: "gone.csv", Number: 3}, {ID: guidOf(7), Name: "over.csv", Number: 4, Over: true, SHA256: "ab", Artifact: "art_7"},
	}}
	tabs.mu.Lock()
	tabs.resumeDownloads(n)
	tabs.mu.Unlock()
	complete(guidOf(2))
	tell("", "Browser.downloadProgress", object{"guid": guidOf(5), "state": "canceled"})
	complete(guidOf(8)) // it began while no server was there, and is not seen in the folder
	got := map[string]string{}
	for range 6 {
		d := <-kept
		what := d.Name
		if d.Failure != nil {
			what += " " + d.Failure.Code
		}
		got[d.id[:8]] = what + " " + d.StepID
	}
	want := map[string]string{
		"00000001": "whole.csv ", "00000002": "part.csv step_2", "00000003": "gone.csv download_failed ", "00000004": "download ", "00000005": "download download_failed ", "00000008": "download ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	one, err := tabs.Download(t.Context(), 3, func(d *Download) bool { return d.Name == "over.csv" })
	if err != nil || one.SHA256 != "ab" || one.ArtifactID != "art_7" {
		t.Errorf("what was over: %+v, %v", one, err)
	}
	if tabs.Downloads() != 7 {
		t.Errorf("%d have begun", tabs.Downloads())
	}
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
