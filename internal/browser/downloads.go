package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// MaxDownload is how large a file may be unless Config says otherwise, in bytes.
	MaxDownload = 256 << 20
	// MaxDownloads is how many a session may begin; what comes after is stopped.
	MaxDownloads = 1000
	// downloadsAtOnce is how many may be under way, or wait to be kept.
	downloadsAtOnce = 16
	// downloadsTogether is how many of the largest size all of a session's may be.
	downloadsTogether = 16
	// downloadsPart is the part of what a browser's files may take that those may which
	// are under way, or wait to be kept: one of so many. With more it would be ended.
	downloadsPart = 2
	// maxUntaken is how many that are over are remembered for a step to take.
	maxUntaken = 20
	// maxDone is how many that are over and forgotten are told from others.
	maxDone = 100
	// downloadsFolder is in the folder that the browser owns.
	downloadsFolder = "downloads"
)

// Why a download has no file.
const (
	CodeDownloadTooLarge = "download_too_large"
	CodeDownloadFailed   = "download_failed"
	CodeManyDownloads    = "too_many_downloads"
	CodeDownloadNotKept  = "artifact_not_saved"
)

// Download is a file that a page has the browser download.
type Download struct {
	URL         string // at most its first 4 KiB
	Name        string // as the page proposes it, made harmless
	Frame       string // the id of the frame that it is for
	PageURL     string // where that frame's tab was when it began; empty: nobody knows
	StepID      string // that ran then, if any
	ArtifactID  string // of the file, once it is kept
	ContentType string // by its name; what a browser would run is bytes

	// When it is over:
	Size    int64           // bytes
	SHA256  string          // in hex
	Failure *domain.Failure // why there is no file

	page   *Page // which has the frame; nil: nobody knows, as it is gone
	id     string
	number int // in the order they began, from 1
	state  downloadState
	taken  bool  // by a step
	has    int64 // bytes, so far
	whole  int64 // and when all has come, as far as known
	closed bool  // the browser writes no more of it
	// resumed: a server before may have kept it, and could not say so.
	resumed bool
}

type downloadState string

const (
	downloadRuns downloadState = "running"
	downloadEnds downloadState = "ending" // it has come, or never will, and that is to be recorded
	downloadOver downloadState = "over"
)

// downloads is what pages have downloaded: files in the session's own folder,
// until they are kept elsewhere.
type downloads struct {
	files string // the folder that the browser owns
	limit int64  // of a file, in bytes
	disk  int64  // what may lie there, in bytes; 0: any
	room  chan struct{}

	leaving sync.Once
	leaves  chan struct{} // closed when the server leaves the browser to the next

	mu      sync.Mutex
	count   int
	busy    int         // how many are being recorded
	kept    int64       // bytes, of all
	all     []*Download // that are not over, or no step has taken
	done    []string    // ids of the last that were in it: late news of them is nothing new
	changed chan struct{}
}

// newDownloads are none, of files and of a browser that may take so many bytes; 0: as
// many as there usually may be, and any.
func newDownloads(limit, disk int64) downloads {
	if limit == 0 {
		limit = MaxDownload
	}
	return downloads{limit: limit, disk: disk / downloadsPart, room: make(chan struct{}, keptAtOnce), leaves: make(chan struct{}), changed: make(chan struct{})}
}

func (d *downloads) notifyLocked() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// behavior is what Chromium is told of downloads.
func (d *downloads) behavior() object {
	return object{"behavior": "allowAndName", "downloadPath": filepath.Join(d.files, downloadsFolder), "eventsEnabled": true}
}

// downloadChanged takes the browser's news of a download.
func (t *Tabs) downloadChanged(e cdp.Event) {
	if t.downloadTold(e) {
		t.leaveNote()
	}
}

// downloadTold says whether there is something to note.
func (t *Tabs) downloadTold(e cdp.Event) bool {
	var ev struct {
		ID       string  `json:"guid"`
		URL      string  `json:"url"`
		Name     string  `json:"suggestedFilename"`
		Frame    string  `json:"frameId"`
		Total    float64 `json:"totalBytes"`
		Received float64 `json:"receivedBytes"`
		State    string  `json:"state"`
	}
	if json.Unmarshal(e.Params, &ev) != nil || !guid.MatchString(ev.ID) {
		return false
	}
	begun := Download{Name: FileName(""), id: ev.ID}
	if e.Method == "Browser.downloadWillBegin" {
		begun.Name, begun.URL, begun.Frame = FileName(t.secrets.Hide(ev.Name)), t.secrets.HideURL(address(ev.URL)), ev.Frame
		if begun.page = t.pageOfFrame(ev.Frame); begun.page != nil {
			begun.PageURL = t.secrets.HideURL(address(begun.page.Main().Document.URL))
		}
		begun.StepID = t.attributedStep()
	}
	closed := ev.State == "completed" || ev.State == "canceled"
	d := &t.downloads
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.notifyLocked()
	i := slices.IndexFunc(d.all, func(o *Download) bool { return o.id == ev.ID })
	if i < 0 {
		// Of one that began while no server was there no more is known than that.
		if slices.Contains(d.done, ev.ID) || t.begin(begun) == nil {
			if closed {
				t.clear(ev.ID)
			}
			return true
		}
		i = len(d.all) - 1
	}
	one := d.all[i]
	one.has, one.closed = max(one.has, bytesOf(ev.Received)), one.closed || closed
	if one.state != downloadRuns {
		if closed && one.Failure != nil { // it was stopped
			t.clear(one.id)
		}
		return one.has == 0
	}
	one.whole = max(one.whole, bytesOf(ev.Total), one.has)
	switch {
	case one.whole > d.limit:
		t.fail(one, CodeDownloadTooLarge, fmt.Sprintf("The file has more than %s.", mebibytes(d.limit)))
	case d.together()+one.whole-one.has > d.limit*downloadsTogether:
		t.fail(one, CodeManyDownloads, fmt.Sprintf("The session's downloads have more than %s together.", mebibytes(d.limit*downloadsTogether)))
	case d.disk > 0 && d.lie() > d.disk:
		t.fail(one, CodeManyDownloads, fmt.Sprintf("The session's downloads that are not kept yet have more than %s together.", mebibytes(d.disk)))
	case ev.State == "completed":
		t.end(one)
	case ev.State == "canceled":
		t.fail(one, CodeDownloadFailed, "The download broke off.")
	}
	return one.has == 0 || one.state != downloadRuns
}

// bytesOf is a number of bytes that the browser tells.
func bytesOf(n float64) int64 { return int64(min(n, 1<<62)) }

// begin takes one that has begun, if there may be more; nil: it is stopped. mu is held.
func (t *Tabs) begin(one Download) *Download {
	d := &t.downloads
	d.count++
	if d.count > MaxDownloads+1 { // of which the last tells why there are no more
		t.stop(one.id)
		return nil
	}
	one.number, one.state, one.ContentType = d.count, downloadRuns, FileType(one.Name)
	d.all = append(d.all, &one)
	under := 0
	for _, o := range d.all {
		if o.state != downloadOver {
			under++
		}
	}
	switch {
	case d.count > MaxDownloads:
		t.fail(&one, CodeManyDownloads, fmt.Sprintf("The session has begun more than %d downloads: no more are kept.", MaxDownloads))
	case under > downloadsAtOnce:
		t.fail(&one, CodeManyDownloads, fmt.Sprintf("More than %d downloads are under way.", downloadsAtOnce))
	}
	return &one
}

// drop forgets those that are so. mu is held.
func (d *downloads) drop(so func(*Download) bool) {
	for _, o := range d.all {
		if so(o) {
			d.done = append(d.done[max(0, len(d.done)-maxDone+1):], o.id)
		}
	}
	d.all = slices.DeleteFunc(d.all, so)
}

// together is what all of the session's have, in bytes. mu is held.
func (d *downloads) together() int64 {
	all := d.kept
	for _, o := range d.all {
		if o.state != downloadOver {
			all += o.has
		}
	}
	return all
}

// lie is what those have that are not kept yet, when all of them has come, in bytes. mu
// is held.
func (d *downloads) lie() (bytes int64) {
	for _, o := range d.all {
		if o.state != downloadOver && o.Failure == nil {
			bytes += o.whole
		}
	}
	return bytes
}

// fail ends one that has no file, and stops it. mu is held.
func (t *Tabs) fail(one *Download, code, message string) {
	one.Failure = &domain.Failure{Code: code, Message: message, Seen: one.Name}
	t.stop(one.id)
	t.end(one)
}

// end has it recorded that a download is over. mu is held.
func (t *Tabs) end(one *Download) {
	one.state = downloadEnds
	if one.ArtifactID == "" {
		one.ArtifactID = domain.NewID(domain.PrefixArtifact)
	}
	t.conn.Go(func() { t.settleDownload(one) })
}

// stop has the browser write no more of one, in whichever of its contexts that is.
func (t *Tabs) stop(id string) {
	browser := cdp.Session{Conn: t.conn}
	const cancel = "Browser.cancelDownload"
	sent, err := browser.Send(cancel, object{"guid": id})
	if err != nil {
		return
	}
	t.conn.Go(func() {
		ctx, done := context.WithTimeout(context.Background(), cdp.DefaultTimeout)
		defer done()
		if sent.Wait(ctx, nil) == nil {
			return // it was in the session's own
		}
		var others struct {
			IDs []string `json:"browserContextIds"`
		}
		if err := browser.Call(ctx, "Target.getBrowserContexts", nil, &others); err != nil {
			t.log.Warn("a download could not be stopped", "session", t.session, "err", err)
		}
		for _, context := range others.IDs {
			_, _ = browser.Send(cancel, object{"guid": id, "browserContextId": context})
		}
	})
}

// guid is how Chromium names downloads, and their files here.
var guid = regexp.MustCompile(`^[0-9A-Fa-f-]{36}$`)

// clear removes what lies of one that the browser writes no more of, beside the wire.
func (t *Tabs) clear(id string) { t.conn.Go(func() { t.downloads.remove(id) }) }

func (d *downloads) remove(id string) {
	if root, err := os.OpenRoot(d.files); err == nil {
		_ = root.Remove(path.Join(downloadsFolder, id))
		_ = root.Remove(path.Join(downloadsFolder, id+partial))
		_ = root.Close()
	}
}

// partial is what Chromium's names of files that are not whole end with.
const partial = ".crdownload"

// pageOfFrame is the tab that has a frame; nil: there is none any more.
func (t *Tabs) pageOfFrame(frame string) *Page {
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

func mebibytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
