package browser

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// downloadNote is what the next server is told of a download: what it can't find in
// the folder.
type downloadNote struct {
	ID       string          `json:"id"`
	URL      string          `json:"url"`
	Name     string          `json:"name"`
	Frame    string          `json:"frame"`
	Tab      string          `json:"tab,omitempty"` // its target
	Number   int             `json:"number"`
	Page     string          `json:"page,omitempty"`
	Step     string          `json:"step,omitempty"`
	Artifact string          `json:"artifact,omitempty"`
	Over     bool            `json:"over,omitempty"` // it is kept, or that it failed is recorded
	Size     int64           `json:"size,omitempty"`
	SHA256   string          `json:"sha256,omitempty"`
	Failure  *domain.Failure `json:"failure,omitempty"`
}

// noted adds the downloads to a note.
func (d *downloads) noted(n *note) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n.Downloaded, n.Kept = d.count, d.kept
	for _, one := range d.all {
		told := downloadNote{
			ID: one.id, URL: one.URL, Name: one.Name, Frame: one.Frame, Number: one.number, Page: one.PageURL, Step: one.StepID, Artifact: one.ArtifactID,
			Over: one.state == downloadOver, Size: one.Size, SHA256: one.SHA256, Failure: one.Failure,
		}
		if one.page != nil {
			told.Tab = one.page.main
		}
		n.Downloads = append(n.Downloads, told)
	}
}

// resumeDownloads takes them from there, and from the folder: what has come since is
// kept now, and what has not is waited for. t.mu is held.
func (t *Tabs) resumeDownloads(n note) {
	d := &t.downloads
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count, d.kept = n.Downloaded, n.Kept
	for _, told := range n.Downloads {
		if !guid.MatchString(told.ID) {
			continue
		}
		one := &Download{
			URL: told.URL, Name: FileName(told.Name), Frame: told.Frame, PageURL: told.Page, StepID: told.Step, ArtifactID: told.Artifact,
			Size: told.Size, SHA256: told.SHA256, Failure: told.Failure, id: told.ID, number: told.Number, state: downloadRuns,
		}
		one.ContentType = FileType(one.Name)
		for _, p := range t.open {
			if p.main == told.Tab {
				one.page = p
			}
		}
		if told.Over {
			one.state = downloadOver
		}
		d.all = append(d.all, one)
	}
	whole, parts := d.lying()
	for _, id := range slices.Concat(whole, parts) {
		if !slices.ContainsFunc(d.all, func(o *Download) bool { return o.id == id }) {
			t.begin(Download{Name: FileName(""), id: id}) // while no server was there
		}
	}
	for _, one := range d.all {
		if slices.Contains(whole, one.id) {
			one.closed = true
		}
		for _, name := range []string{one.id, one.id + partial} {
			if info, err := os.Lstat(path.Join(d.files, downloadsFolder, name)); err == nil {
				one.has, one.whole = info.Size(), info.Size()
			}
		}
		switch {
		case one.state != downloadRuns:
			if one.closed { // it has come whole after it was refused
				t.clear(one.id)
			}
		case one.Failure != nil:
			if !one.closed {
				t.stop(one.id) // once more
			}
			t.end(one)
		case one.ArtifactID != "" || slices.Contains(whole, one.id):
			one.resumed = true
			t.end(one)
		case !slices.Contains(parts, one.id):
			t.fail(one, CodeDownloadFailed, "The download broke off.")
		}
	}
}

// lying are the downloads of which there are files: whole ones, and others. One that
// becomes whole meanwhile is in both, or news of it follows.
func (d *downloads) lying() (whole, parts []string) {
	root, err := os.OpenRoot(d.files)
	if err != nil {
		return nil, nil
	}
	defer root.Close()
	for range 2 { // what was renamed while it was read is found the second time
		folder, err := root.Open(path.Clean(downloadsFolder))
		if err != nil {
			return whole, parts
		}
		names, _ := folder.Readdirnames(2 * MaxDownloads)
		_ = folder.Close()
		for _, name := range names {
			switch id, part := strings.CutSuffix(name, partial); {
			case !guid.MatchString(id):
			case part && !slices.Contains(parts, id):
				parts = append(parts, id)
			case !part && !slices.Contains(whole, id):
				whole = append(whole, id)
			}
		}
	}
	return whole, parts
}
