package recording

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Folder has the segments that are not with the artifacts yet: those that are written to,
// those of recordings of which only the last part is kept, and what a server that was
// killed has left. Each is a file project/session/artifact.
type Folder struct {
	path string

	mu   sync.Mutex
	open map[string]bool // by path, those that are written to
}

// NewFolder makes it, if it isn't there.
func NewFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("folder of recordings: %w", err)
	}
	// Of videos that a server was making when it was killed.
	left, err := filepath.Glob(filepath.Join(path, videoFolder))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("folder of recordings: %w", err)
	}
	return &Folder{path: path, open: map[string]bool{}}, nil
}

func (f *Folder) file(a domain.Artifact) string {
	return filepath.Join(f.path, filepath.FromSlash(a.Key()))
}

// Path is where it is.
func (f *Folder) Path() string { return f.path }

// Sessions are those that have segments here.
func (f *Folder) Sessions() (all []domain.SessionRef, err error) {
	paths, err := filepath.Glob(filepath.Join(f.path, "*", "*"))
	for _, path := range paths {
		if ok, _ := filepath.Match(videoFolder, filepath.Base(filepath.Dir(path))); ok {
			continue
		}
		all = append(all, domain.SessionRef{ProjectID: filepath.Base(filepath.Dir(path)), ID: filepath.Base(path)})
	}
	return all, err
}

// Segments are those of a session that are here, the oldest first. One without a whole
// picture is left out.
func (f *Folder) Segments(s domain.SessionRef) (all []domain.Segment, err error) {
	files, err := os.ReadDir(filepath.Join(f.path, s.ProjectID, s.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list a recording: %w", err)
	}
	for _, file := range files { // by name, and so by age
		a := domain.Artifact{ID: file.Name(), ProjectID: s.ProjectID, SessionID: s.ID, Kind: domain.KindRecording, ContentType: ContentType}
		if !domain.ValidID(domain.PrefixArtifact, a.ID) {
			continue
		}
		if a.CreatedAt, a.Size, err = f.begun(a); err != nil {
			return nil, err
		}
		if a.CreatedAt.IsZero() {
			continue
		}
		f.mu.Lock()
		all = append(all, domain.Segment{Artifact: a, Open: f.open[f.file(a)]})
		f.mu.Unlock()
	}
	return all, nil
}

// begun is when the first picture of a segment was taken, if it has one, and its size.
func (f *Folder) begun(a domain.Artifact) (at time.Time, size int64, err error) {
	file, err := os.Open(f.file(a))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // it went to the artifacts
			err = nil
		}
		return at, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return at, 0, err
	}
	r, err := NewReader(file)
	if errors.Is(err, ErrFormat) {
		return at, 0, nil
	}
	if err != nil {
		return at, 0, err
	}
	p, err := r.Next()
	if errors.Is(err, io.EOF) {
		return at, 0, nil
	}
	return p.At, info.Size(), err
}

// Open reads a segment that is here: domain.ErrNotFound if it isn't.
func (f *Folder) Open(a domain.Artifact) (*os.File, error) {
	file, err := os.Open(f.file(a))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, domain.ErrNotFound
	}
	return file, err
}

// Trim has a segment end with its last whole picture, and says when that was taken.
func (f *Folder) Trim(a domain.Artifact) (last time.Time, size int64, err error) {
	file, err := os.OpenFile(f.file(a), os.O_RDWR, 0)
	if err != nil {
		return last, 0, err
	}
	defer file.Close()
	r, err := NewReader(file)
	for err == nil {
		var p Picture
		if p, err = r.Next(); err == nil {
			last = p.At
		}
	}
	if !errors.Is(err, io.EOF) {
		return last, 0, err
	}
	return last, r.Whole, file.Truncate(r.Whole)
}

// Remove removes a segment that is here, if it is.
func (f *Folder) Remove(a domain.Artifact) error {
	path := f.file(a)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a recording: %w", err)
	}
	for dir := filepath.Dir(path); dir != f.path && os.Remove(dir) == nil; { // those that are empty
		dir = filepath.Dir(dir)
	}
	return nil
}

// Forget removes all segments of a session.
func (f *Folder) Forget(key string) error {
	dir := filepath.Join(f.path, filepath.FromSlash(key))
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove a recording: %w", err)
	}
	_ = os.Remove(filepath.Dir(dir)) // of a project that has no other
	return nil
}

// writer is a segment that is written to.
type writer struct {
	domain.Artifact
	folder *Folder
	file   *os.File
	size   int64
	last   time.Time
}

// create begins a segment.
func (f *Folder) create(s domain.SessionRef, first time.Time) (*writer, error) {
	w := &writer{folder: f, Artifact: domain.Artifact{
		ID: domain.NewID(domain.PrefixArtifact), ProjectID: s.ProjectID, SessionID: s.ID, Kind: domain.KindRecording, ContentType: ContentType, CreatedAt: first,
	}}
	path := f.file(w.Artifact)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("begin a segment: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin a segment: %w", err)
	}
	w.file = file
	f.mu.Lock()
	f.open[path] = true
	f.mu.Unlock()
	if err := w.write([]byte(Magic)); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *writer) add(p Picture) error {
	if err := w.write(Append(make([]byte, 0, head+len(p.JPEG)), p)); err != nil {
		return err
	}
	w.last = p.At
	return nil
}

// write adds to the file, or leaves it as it was.
func (w *writer) write(b []byte) error {
	if _, err := w.file.Write(b); err != nil {
		return errors.Join(fmt.Errorf("write a recording: %w", err), w.file.Truncate(w.size))
	}
	w.size += int64(len(b))
	return nil
}

func (w *writer) close() {
	w.folder.mu.Lock()
	delete(w.folder.open, w.folder.file(w.Artifact))
	w.folder.mu.Unlock()
	_ = w.file.Close()
}

// Merge is the segments of a session: those that are with the artifacts, and those that
// are here and not there yet.
func Merge(kept []domain.Artifact, here []domain.Segment) []domain.Segment {
	all := make([]domain.Segment, 0, len(kept)+len(here))
	for _, a := range kept {
		all = append(all, domain.Segment{Artifact: a})
	}
	for _, s := range here {
		if !slices.ContainsFunc(kept, func(a domain.Artifact) bool { return a.ID == s.ID }) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b domain.Segment) int { return strings.Compare(a.ID, b.ID) })
	return all
}
