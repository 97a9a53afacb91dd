// Package sessionlog keeps what a session's pages said and asked for: a file of JSON
// lines, one for each entry, in the order in which they were recorded. An entry that
// changes, as a request that is answered later, has another line, which counts. What is
// written survives the server's death, but for the last half second.
package sessionlog

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// A log is bounded: when it has more than either, the oldest half goes.
const (
	MaxBytes   = 8 << 20
	MaxEntries = 20_000 // lines may be twice as many, of entries that have changed
)

// Folder has the logs of the sessions that run here, and of those that ended and
// couldn't be put elsewhere yet.
type Folder struct {
	path                 string
	maxBytes, maxEntries int

	mu   sync.Mutex
	open map[string]*File // by key, those that are written to
}

// NewFolder makes it, if it isn't there.
func NewFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("folder of logs: %w", err)
	}
	return &Folder{path: path, maxBytes: MaxBytes, maxEntries: MaxEntries, open: map[string]*File{}}, nil
}

// file is where the log with a key, "project/session", is.
func (f *Folder) file(key string) string { return filepath.Join(f.path, filepath.FromSlash(key)) }

// Keys are those of all logs that there are.
func (f *Folder) Keys() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(f.path, "*", "*"))
	keys := make([]string, 0, len(all))
	for _, path := range all {
		if filepath.Ext(path) == "" {
			keys = append(keys, filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path))
		}
	}
	return keys, err
}

// Read opens a log, with all that was told of its session before. There is none:
// domain.ErrNotFound.
func (f *Folder) Read(key string) (io.ReadCloser, error) {
	f.mu.Lock()
	written := f.open[key]
	f.mu.Unlock()
	if written != nil {
		written.flush()
	}
	file, err := os.Open(f.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, domain.ErrNotFound
	}
	return file, err
}

// Remove removes a log.
func (f *Folder) Remove(key string) error {
	path := f.file(key)
	err := errors.Join(remove(path), remove(path+trimmed))
	_ = os.Remove(filepath.Dir(path)) // of a project that has no other
	return err
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a log: %w", err)
	}
	return nil
}

// trimmed is what the name of a log ends with while it is written anew.
const trimmed = ".new"

// File is a log that is written to. One goroutine uses it.
type File struct {
	Last    int64             // the number of the last entry
	Printed time.Time         // when the last message was written to a console
	Under   []domain.LogEntry // requests that are not over

	folder *Folder
	key    string
	flush  func()
	file   *os.File
	size   int64
	lines  int
	first  int64 // the number of the oldest entry that is not dropped
	torn   bool  // the last line has no end
}

// Open opens the log of a session that runs here, or makes it. flush writes what is in
// memory of it, for whoever reads; it must not call the folder.
func (f *Folder) Open(key string, flush func()) (*File, error) {
	l := &File{folder: f, key: key, flush: flush}
	if err := os.MkdirAll(filepath.Dir(f.file(key)), 0o700); err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	if err := l.reopen(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[key] = l
	return l, nil
}

// reopen finds out what there is, and goes on behind it.
func (l *File) reopen() error {
	file, err := os.OpenFile(l.folder.file(l.key), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open a log: %w", err)
	}
	all, err := readAll(file)
	if err != nil {
		_ = file.Close()
		return err
	}
	l.file, l.size, l.lines, l.torn, l.Under = file, all.size, all.lines, all.torn, nil
	if l.first = 0; all.dropped > 0 && len(all.entries) > 0 {
		l.first = all.entries[0].Number
	}
	for _, e := range all.entries {
		l.Last = max(l.Last, e.Number)
		if (e.Kind == domain.LogConsole || e.Kind == domain.LogError) && e.At.After(l.Printed) {
			l.Printed = e.At
		}
		if e.Kind == domain.LogRequest && !e.Over {
			l.Under = append(l.Under, e)
		}
	}
	return nil
}

// Write adds entries, or what has become of them, but of those that were dropped. When it
// fails some may have been written, and all can be again.
func (l *File) Write(entries []domain.LogEntry) error {
	var lines bytes.Buffer
	if l.torn { // a server died while it wrote, or the disk was full: that is no line
		lines.WriteByte('\n')
	}
	enc := json.NewEncoder(&lines)
	enc.SetEscapeHTML(false)
	for i := range entries {
		if entries[i].Number < l.first {
			continue
		}
		if err := enc.Encode(&entries[i]); err != nil {
			return fmt.Errorf("write a log: %w", err)
		}
	}
	n, err := l.file.Write(lines.Bytes())
	l.size += int64(n)
	l.lines += len(entries)
	l.torn = n < lines.Len() && (n > 0 || l.torn)
	if err == nil && (l.size > int64(l.folder.maxBytes) || l.lines > 2*l.folder.maxEntries) {
		err = l.trim()
	}
	if err != nil {
		return fmt.Errorf("write a log: %w", err)
	}
	return nil
}

// trim drops the older half, and the lines that no longer count.
func (l *File) trim() error {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	all, err := readAll(l.file)
	if err != nil {
		return err
	}
	size, keep := 0, len(all.entries)
	var lines [][]byte
	for keep > 0 && len(lines) < l.folder.maxEntries/2 {
		line, err := json.Marshal(all.entries[keep-1])
		if err != nil {
			return err
		}
		if size += len(line) + 1; size > l.folder.maxBytes/2 {
			break
		}
		keep--
		lines = append(lines, line)
	}
	note, err := json.Marshal(dropped{Count: all.dropped + int64(keep)})
	if err != nil {
		return err
	}
	lines = append(lines, note)
	slices.Reverse(lines)
	path := l.folder.file(l.key)
	if err := os.WriteFile(path+trimmed, append(bytes.Join(lines, []byte{'\n'}), '\n'), 0o600); err != nil {
		return err
	}
	if err := os.Rename(path+trimmed, path); err != nil {
		return err
	}
	before := l.file
	if err := l.reopen(); err != nil {
		return err
	}
	_ = before.Close()
	return nil
}

// Close ends the writing.
func (l *File) Close() error {
	l.folder.mu.Lock()
	if l.folder.open[l.key] == l {
		delete(l.folder.open, l.key)
	}
	l.folder.mu.Unlock()
	return l.file.Close()
}

// dropped is the first line of a log whose oldest entries are gone.
type dropped struct {
	Count int64 `json:"dropped"`
}

// read is what is in a log.
type read struct {
	entries []domain.LogEntry // as they are now, in order
	dropped int64
	size    int64
	lines   int
	torn    bool // the last line has no end
}

// maxLine bounds a line, in bytes: all texts of an entry are bounded.
const maxLine = 256 << 10

// readAll reads a log. What is no line of one, as a server leaves that dies while it
// writes, is passed over.
func readAll(r io.Reader) (all read, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	at := map[int64]int{}
	var line []byte
	for {
		line, err = readLine(in, line[:0], &all)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return all, fmt.Errorf("read a log: %w", err)
		}
		all.lines++
		var e struct {
			domain.LogEntry
			dropped
		}
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		all.dropped += e.Count
		switch i, known := at[e.Number]; {
		case e.Number < 1: // the note, or nothing of ours
		case known:
			all.entries[i] = e.LogEntry
		default:
			at[e.Number] = len(all.entries)
			all.entries = append(all.entries, e.LogEntry)
		}
	}
	slices.SortFunc(all.entries, func(a, b domain.LogEntry) int { return cmp.Compare(a.Number, b.Number) })
	return all, nil
}

// readLine adds the next line to another; one that is longer than any is nothing.
func readLine(in *bufio.Reader, line []byte, all *read) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		all.size += int64(len(part))
		if len(line)+len(part) <= maxLine {
			line = append(line, part...)
		}
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			all.torn = true
			return line, nil
		default:
			return line, err
		}
	}
}
