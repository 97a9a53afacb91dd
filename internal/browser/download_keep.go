package browser

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Keep keeps the file of a download, and fills in its Size and SHA256. Without a file it
// records why there is none or, if there is no Failure, finds out whether a server
// before has kept it: if not, domain.ErrNotFound. Called again, as after a restart, it
// keeps nothing twice. A [*domain.Failure] says that it never will, any other error that
// it may later.
type Keep func(ctx context.Context, session string, d *Download, file io.Reader) error

const (
	// keptAtOnce is how many files of a session are kept at the same time.
	keptAtOnce = 2
	// keepWithin bounds how long it is tried to keep a file without getting any further.
	keepWithin = 2 * time.Minute
	// keepAtEnd is how long that may last when the session has ended,
	keepAtEnd = 10 * time.Second
	// and keepAfter when the server leaves the browser to the next, or to record then that
	// it was in vain.
	keepAfter = 3 * time.Second
	// keepPause is the longest time between two tries.
	keepPause = 30 * time.Second
)

// nobodyKeeps is the Keep of those who want none.
func nobodyKeeps(_ context.Context, _ string, d *Download, file io.Reader) (err error) {
	if file == nil && d.Failure == nil {
		return domain.ErrNotFound
	}
	if file != nil {
		sum := sha256.New()
		d.Size, err = io.Copy(sum, file)
		d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return err
}

// settleDownload has a download that is over kept, or its failure recorded. When the
// server leaves before that, all is left as it is for the next one.
func (t *Tabs) settleDownload(one *Download) {
	d := &t.downloads
	d.mu.Lock()
	kept := *one
	d.mu.Unlock()
	var file *os.File
	var gone *domain.Failure
	if kept.Failure == nil {
		// At once: with the browser its folder goes.
		if file, gone = d.open(&kept); file != nil {
			defer file.Close()
		}
	}
	ctx, done := t.afterwards()
	defer done()
	select {
	case d.room <- struct{}{}:
		defer func() { <-d.room }()
	case <-d.leaves:
	case <-ctx.Done(): // the session has ended: it is said that it could not be kept
	}
	if !d.begins() {
		return
	}
	defer d.ends()
	if kept.Failure == nil {
		kept.Failure = t.keepFile(ctx, &kept, file, gone)
	}
	if kept.Failure != nil && (d.left() || !t.tellFailure(ctx, &kept)) {
		return
	}
	d.mu.Lock()
	closed := one.closed
	d.mu.Unlock()
	if closed || kept.Failure == nil {
		d.remove(one.id)
	}
	d.mu.Lock()
	kept.taken, kept.closed, kept.state = one.taken, one.closed, downloadOver
	*one = kept
	d.kept += one.Size
	d.forget()
	d.notifyLocked()
	d.mu.Unlock()
	if kept.closed && !closed { // meanwhile
		d.remove(one.id)
	}
	t.leaveNote()
}

// keepFile tries to keep a file until it works, or says why it can't. Without one it has
// gone, unless a server before has kept it.
func (t *Tabs) keepFile(ctx context.Context, one *Download, file *os.File, gone *domain.Failure) *domain.Failure {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(keepWithin, cancel)
	defer late.Stop()
	reader := &steady{ctx: ctx, late: late, file: file}
	err := t.persist(ctx, "a download could not be kept", func() error {
		if file != nil {
			if err := reader.begin(); err != nil {
				return gone
			}
			return t.keep(ctx, t.session, one, io.LimitReader(reader, t.downloads.limit))
		}
		if !one.resumed {
			return gone
		}
		err := t.keep(ctx, t.session, one, nil)
		if errors.Is(err, domain.ErrNotFound) {
			return gone
		}
		return err
	})
	why, never := errors.AsType[*domain.Failure](err)
	switch {
	case err == nil:
		return nil
	case never:
		return why
	default:
		return &domain.Failure{Code: CodeDownloadNotKept, Message: "The file could not be kept.", Seen: one.Name}
	}
}

// tellFailure tries to have it recorded that there is no file until that works. false:
// it could not, and the server leaves that to the next.
func (t *Tabs) tellFailure(ctx context.Context, one *Download) bool {
	record := func(ctx context.Context) error { return t.keep(ctx, t.session, one, nil) }
	within, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	err := t.persist(within, "that a download failed could not be recorded", func() error { return record(within) })
	if err != nil && ctx.Err() != nil && !t.downloads.left() { // once more, for the session has ended
		last, done := context.WithTimeout(context.WithoutCancel(ctx), keepAfter)
		defer done()
		err = record(last)
	}
	if err != nil && t.downloads.left() {
		return false
	}
	if err != nil {
		t.log.Error("record a download that failed", "session", t.session, "code", one.Failure.Code, "err", err)
	}
	return true
}

// persist tries something until it works, never will, or may not be tried any longer.
func (t *Tabs) persist(ctx context.Context, failed string, try func() error) error {
	for wait := time.Second; ; wait = min(2*wait, keepPause) {
		err := try()
		if _, never := errors.AsType[*domain.Failure](err); err == nil || never {
			return err
		}
		if ctx.Err() != nil {
			return err
		}
		t.log.Warn(failed, "session", t.session, "err", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		case <-t.downloads.leaves:
			return err
		}
	}
}

// steady reads a file as long as ctx lasts, and puts off its end whenever it gets
// further than it was.
type steady struct {
	ctx      context.Context //nolint:containedctx // of this file alone
	late     *time.Timer
	file     *os.File
	at, most int64
}

// begin reads it from the beginning.
func (s *steady) begin() (err error) {
	s.at, err = s.file.Seek(0, io.SeekStart)
	return err
}

func (s *steady) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.file.Read(p)
	if s.at += int64(n); s.at > s.most {
		s.most = s.at
		s.late.Reset(keepWithin)
	}
	return n, err
}

// open opens a file that a browser has made, which may be anything if the browser has
// been taken over.
func (d *downloads) open(one *Download) (*os.File, *domain.Failure) {
	gone := &domain.Failure{Code: CodeDownloadFailed, Message: "The download broke off.", Seen: one.Name}
	root, err := os.OpenRoot(d.files)
	if err != nil {
		return nil, gone
	}
	defer root.Close()
	f, err := root.OpenFile(path.Join(downloadsFolder, one.id), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, gone
	}
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		f.Close()
		return nil, gone
	case info.Size() > d.limit:
		f.Close()
		return nil, &domain.Failure{Code: CodeDownloadTooLarge, Message: fmt.Sprintf("The file has more than %s.", mebibytes(d.limit)), Seen: one.Name}
	}
	return f, nil
}

// forget drops the oldest of those that are over and no step has taken, when they
// are too many. mu is held.
func (d *downloads) forget() {
	over := func(o *Download) bool { return o.state == downloadOver && !o.taken }
	n := 0
	for _, o := range d.all {
		if over(o) {
			n++
		}
	}
	if i := slices.IndexFunc(d.all, over); n > maxUntaken && i >= 0 {
		oldest := d.all[i]
		d.drop(func(o *Download) bool { return o == oldest })
	}
}

// begins says that one is being recorded; false: the server leaves.
func (d *downloads) begins() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left() {
		return false
	}
	d.busy++
	return true
}

func (d *downloads) ends() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
	d.notifyLocked()
}

// left says whether the server leaves, so that what is not recorded is the next one's.
func (d *downloads) left() bool {
	select {
	case <-d.leaves:
		return true
	default:
		return false
	}
}

// leave has nothing more recorded, and waits for a moment for what is: what the next
// server is told then is true.
func (d *downloads) leave() {
	d.mu.Lock()
	d.leaving.Do(func() { close(d.leaves) })
	d.mu.Unlock()
	late := time.NewTimer(keepAfter)
	defer late.Stop()
	for {
		d.mu.Lock()
		busy, changed := d.busy, d.changed
		d.mu.Unlock()
		if busy == 0 {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			return
		}
	}
}

// afterwards is a context for what goes on for a moment after the session has ended, or
// the server has begun to leave.
func (t *Tabs) afterwards() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var waits sync.WaitGroup
	waits.Go(func() {
		within := keepAtEnd
		select {
		case <-t.downloads.leaves:
			within = keepAfter
		case <-t.conn.Done():
		case <-ctx.Done():
			return
		}
		late := time.NewTimer(within)
		defer late.Stop()
		select {
		case <-late.C:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(); waits.Wait() }
}

// Download waits for the first download after so many that no step has taken and
// that is one of which, if that is not nil, and until it is over. When it fails it
// answers the download if one had begun, which goes on and stays for the next.
func (t *Tabs) Download(ctx context.Context, after int, which func(*Download) bool) (*Download, error) {
	d := &t.downloads
	var one *Download
	for {
		d.mu.Lock()
		if one == nil {
			if i := slices.IndexFunc(d.all, func(o *Download) bool { return !o.taken && o.number > after && (which == nil || which(o)) }); i >= 0 {
				one = d.all[i]
				one.taken = true
			}
		}
		changed := d.changed
		if one != nil && one.state == downloadOver {
			d.drop(func(o *Download) bool { return o == one })
			taken := *one
			d.mu.Unlock()
			t.leaveNote()
			return &taken, nil
		}
		d.mu.Unlock()
		var err error
		select {
		case <-changed:
			continue
		case <-t.conn.Done():
			err = t.conn.Err()
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if one == nil {
			return nil, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		one.taken = false
		d.notifyLocked()
		return new(*one), err
	}
}
