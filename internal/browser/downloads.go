package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// MaxDownload is how large a file may be, in bytes.
	MaxDownload = 64 << 20
	// MaxDownloads is how many files wait to be taken by a step; for more, the
	// oldest is dropped.
	MaxDownloads = 4
	// downloadsFolder is in the folder that the browser owns.
	downloadsFolder = "downloads"
)

// Why a download has no file.
var (
	ErrDownloadTooLarge = fmt.Errorf("the file has more than %d MiB", MaxDownload>>20)
	ErrDownloadStopped  = errors.New("the download broke off")
)

// Download is a file that a page has the browser download.
type Download struct {
	URL  string // at most its first 64 KiB
	Name string // as the page proposes it, made harmless

	Frame string // the id of the frame that it is for

	page   *Page // which has the frame; nil: nobody knows, as it is gone
	id     string
	number int    // in the order they began, from 1
	state  string // inProgress, completed, canceled
	large  bool   // it was stopped for its size
	taken  bool   // by a step
}

// downloads is what pages have downloaded: files in the session's own folder,
// which go with it if no step takes them before.
type downloads struct {
	files string // the folder that the browser owns

	mu      sync.Mutex
	count   int
	all     []*Download // that no step is done with
	changed chan struct{}
}

func (d *downloads) tell() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// behavior is what Chromium is told of downloads.
func (d *downloads) behavior() object {
	return object{"behavior": "allowAndName", "downloadPath": filepath.Join(d.files, downloadsFolder), "eventsEnabled": true}
}

// downloadChanged takes the browser's news of a download.
func (t *Tabs) downloadChanged(e cdp.Event) {
	t.downloadTold(e)
	t.note()
}

func (t *Tabs) downloadTold(e cdp.Event) {
	var ev struct {
		ID       string  `json:"guid"`
		URL      string  `json:"url"`
		Name     string  `json:"suggestedFilename"`
		Frame    string  `json:"frameId"`
		Total    float64 `json:"totalBytes"`
		Received float64 `json:"receivedBytes"`
		State    string  `json:"state"`
	}
	if json.Unmarshal(e.Params, &ev) != nil {
		return
	}
	from := t.having(ev.Frame)
	d := &t.downloads
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.tell()
	if e.Method == "Browser.downloadWillBegin" {
		waiting := func(o *Download) bool { return !o.taken }
		if i := slices.IndexFunc(d.all, waiting); len(d.all) >= MaxDownloads && i >= 0 {
			t.log.Warn("pages download what no step takes: the oldest file is dropped", "files", MaxDownloads)
			t.drop(d.all[i])
		}
		d.count++
		d.all = append(d.all, &Download{URL: shown(ev.URL), Name: FileName(ev.Name), Frame: ev.Frame, page: from, id: ev.ID, number: d.count, state: "inProgress"})
		return
	}
	i := slices.IndexFunc(d.all, func(o *Download) bool { return o.id == ev.ID })
	if i < 0 { // it was dropped, and goes on until it hears of that, or an earlier server had it
		switch ev.State {
		case "inProgress":
			t.stop(ev.ID)
		case "completed":
			d.remove(ev.ID)
		}
		return
	}
	one := d.all[i]
	one.state = ev.State
	if max(ev.Total, ev.Received) > MaxDownload && !one.large {
		one.large = true
		t.stop(one.id)
	}
}

func (t *Tabs) stop(id string) {
	_, _ = cdp.Session{Conn: t.conn}.Send("Browser.cancelDownload", object{"guid": id})
}

// drop forgets a download and what there is of its file.
func (t *Tabs) drop(one *Download) {
	d := &t.downloads
	d.all = slices.DeleteFunc(d.all, func(o *Download) bool { return o == one })
	if one.state == "inProgress" {
		t.stop(one.id)
	}
	d.remove(one.id)
}

// guid is how Chromium names downloads, and their files here.
var guid = regexp.MustCompile(`^[0-9A-Fa-f-]{36}$`)

func (d *downloads) remove(id string) {
	if !guid.MatchString(id) {
		return
	}
	if root, err := os.OpenRoot(d.files); err == nil {
		_ = root.Remove(path.Join(downloadsFolder, id))
		_ = root.Close()
	}
}

// having is the tab that has a frame; nil: there is none any more.
func (t *Tabs) having(frame string) *Page {
	for _, p := range t.Open() {
		p.mu.Lock()
		_, ok := p.frames[frame]
		p.mu.Unlock()
		if ok {
			return p
		}
	}
	return nil
}

// By says whether a tab may have begun the download: it is in a frame of that
// tab's, or of a tab that this has opened. after is how many tabs there were
// before, for those of which nobody knows who opened them.
func (d *Download) By(p *Page, after int) bool {
	return d.page == nil || d.page == p || d.page.by == p || d.page.by == nil && d.page.number > after
}

// Downloads is how many have ever begun.
func (t *Tabs) Downloads() int {
	t.downloads.mu.Lock()
	defer t.downloads.mu.Unlock()
	return t.downloads.count
}

// Download waits for the first download after so many that no step has taken and
// that is one of which, if that is not nil, and for its end, and has use read its
// file, which is gone then. When it fails it answers the download if one had
// begun. What any step may have (which is nil) stays for the next if there is a
// file, or may be one yet.
func (t *Tabs) Download(ctx context.Context, after int, which func(*Download) bool, use func(*Download, io.Reader) error) (one *Download, err error) {
	d := &t.downloads
	for {
		d.mu.Lock()
		if one == nil {
			if i := slices.IndexFunc(d.all, func(o *Download) bool { return !o.taken && o.number > after && (which == nil || which(o)) }); i >= 0 {
				one = d.all[i]
				one.taken = true
			}
		}
		over, large, changed := one != nil && one.state != "inProgress", one != nil && one.large, d.changed
		completed := one != nil && one.state == "completed"
		d.mu.Unlock()
		switch {
		case large:
			err = ErrDownloadTooLarge
		case completed:
			err = t.read(one, use)
		case over:
			err = ErrDownloadStopped
		default:
			select {
			case <-changed:
				continue
			case <-t.conn.Done():
				err = t.conn.Err()
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		if one != nil {
			d.mu.Lock()
			if which != nil || err == nil || errors.Is(err, ErrDownloadTooLarge) || errors.Is(err, ErrDownloadStopped) {
				t.drop(one)
			} else {
				one.taken = false
				d.tell()
			}
			d.mu.Unlock()
		}
		return one, err
	}
}

// read opens a file that a browser has made, which may be anything if the
// browser has been taken over.
func (t *Tabs) read(one *Download, use func(*Download, io.Reader) error) error {
	root, err := os.OpenRoot(t.downloads.files)
	if err != nil {
		return fmt.Errorf("open the session's folder: %w", err)
	}
	defer root.Close()
	f, err := root.OpenFile(path.Join(downloadsFolder, one.id), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return ErrDownloadStopped
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		return ErrDownloadStopped
	case info.Size() > MaxDownload:
		return ErrDownloadTooLarge
	}
	return use(one, io.LimitReader(f, MaxDownload))
}

// maxFileName bounds a file's name, in bytes: less than file systems do, to
// leave room for a suffix.
const maxFileName = 200

// FileName is a name that a stranger gives a file, fit to be one anywhere: one
// element of a path, not hidden, without signs that some system has a meaning
// for. Its ending stays.
func FileName(name string) string {
	name = domain.CleanText(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r) || r == utf8.RuneError:
			return '_'
		case !unicode.IsPrint(r):
			return -1 // those that turn the writing around, too
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	ending := path.Ext(name)
	if len(ending) > 20 {
		ending = ""
	}
	stem := strings.TrimSuffix(name, ending)
	for len(stem)+len(ending) > maxFileName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if stem = strings.TrimRight(stem, ". "); stem == "" {
		stem = "download"
	}
	if base, _, _ := strings.Cut(stem, "."); reserved[strings.ToUpper(base)] {
		stem = "_" + stem
	}
	return stem + ending
}

// reserved are the names that are no files on Windows.
var reserved = func() map[string]bool {
	all := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true}
	for _, n := range "123456789" {
		all["COM"+string(n)], all["LPT"+string(n)] = true, true
	}
	return all
}()
