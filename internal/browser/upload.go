package browser

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// MaxUpload is how many bytes a person gives a page at once, and
	// maxGivenTogether how many a session takes in all: they are on its disk.
	MaxUpload      = 64 << 20
	maxUploadTotal = 256 << 20
	// uploadFolder is in the folder that the browser owns.
	uploadFolder = "given"
)

// ErrUploadTooLarge is the answer to who gives a session more files than it takes.
var ErrUploadTooLarge = errors.New("the session takes no more files")

// UploadFile is a file that a person gives to a page: its name there, and how many bytes
// it has.
type UploadFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// Upload are files that a person gives, as they come. They are kept for the page, which
// may read them as long as it likes, until the session ends.
type Upload struct {
	Paths []string // where its browser finds them

	tabs  *Tabs
	size  int64 // in all, as it was said
	dir   string
	files []UploadFile
	root  *os.Root
	at    int // the file that the next bytes are of
	has   int64
	open  *os.File
}

// BeginUpload begins to take files: of at most MaxGiven in all.
func (t *Tabs) BeginUpload(files []UploadFile) (*Upload, error) {
	var size int64
	for _, f := range files {
		size += f.Size
	}
	if t.given.Add(size) > maxUploadTotal {
		t.given.Add(-size)
		return nil, ErrUploadTooLarge
	}
	// The browser may have made anything of its folder, if it has been taken over.
	root, err := os.OpenRoot(t.downloads.files)
	if err != nil {
		t.given.Add(-size)
		return nil, fmt.Errorf("open the session's folder: %w", err)
	}
	g := &Upload{tabs: t, size: size, files: files, root: root, dir: path.Join(uploadFolder, strconv.FormatInt(t.dialogs.asks.Add(1), 10))}
	for i := range files {
		dir := path.Join(g.dir, strconv.Itoa(i))
		err := root.MkdirAll(dir, 0o755)
		for _, folder := range []string{uploadFolder, g.dir, dir} {
			err = cmp.Or(err, root.Chmod(folder, 0o755)) // whatever the umask: the browser is another user
		}
		if err != nil {
			g.Discard()
			return nil, fmt.Errorf("make a folder for files: %w", err)
		}
		g.Paths = append(g.Paths, filepath.Join(t.downloads.files, dir, FileName(files[i].Name)))
	}
	if err := g.next(); err != nil {
		g.Discard()
		return nil, err
	}
	return g, nil
}

// Write takes the next bytes, of one file after the other.
func (g *Upload) Write(raw []byte) (n int, err error) {
	for len(raw) > 0 && g.open != nil {
		part := raw[:min(int64(len(raw)), g.files[g.at].Size-g.has)]
		if _, err := g.open.Write(part); err != nil {
			return n, fmt.Errorf("write a file that was given: %w", err)
		}
		raw, n, g.has = raw[len(part):], n+len(part), g.has+int64(len(part))
		if g.has == g.files[g.at].Size {
			err := g.open.Close()
			g.open = nil
			g.at++
			if err := cmp.Or(err, g.next()); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// next opens the next file that has anything in it.
func (g *Upload) next() error {
	for ; g.at < len(g.files); g.at++ {
		name := path.Join(g.dir, strconv.Itoa(g.at), FileName(g.files[g.at].Name))
		f, err := g.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o644) //nolint:gosec // the browser, another user, reads it
		if err != nil {
			return fmt.Errorf("make a file that was given: %w", err)
		}
		if err := f.Chmod(0o644); err != nil {
			f.Close()
			return fmt.Errorf("make a file that was given: %w", err)
		}
		if g.files[g.at].Size > 0 {
			g.open, g.has = f, 0
			return nil
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Whole says whether all of it has come.
func (g *Upload) Whole() bool { return g.at == len(g.files) }

// Close ends it. What has come stays.
func (g *Upload) Close() {
	if g.open != nil {
		g.open.Close()
		g.open = nil
	}
	_ = g.root.Close()
}

// Discard ends it, with all that has come: the session takes as much anew.
func (g *Upload) Discard() {
	g.tabs.given.Add(-g.size)
	g.size = 0
	_ = g.root.RemoveAll(g.dir)
	g.Close()
}
