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
// keeps nothing twice. Any other error says that it may work later.
type Keep func(ctx context.Context, session string, d *Download, file io.Reader) error

const (
	// keptAtOnce is how many files of a session are kept at the same time.
	keptAtOnce = 2
	// keepWithin bounds how long it is tried to keep a file.
	keepWithin = 2 * time.Minute
	// keepAfter is how long that may last when the session ends or the server leaves.
	keepAfter = 3 * time.Second
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

// settleDownload has a download that is over kept, or its failure. When neither can be done
// before the wire has ended, all is left as it is for the next server.
func (t *Tabs) settleDownload(one *Download) {
	d := &t.downloads
	turn, left := t.afterwards(ever)
	defer left()
	select {
	case d.room <- struct{}{}:
		defer func() { <-d.room }()
	case <-turn.Done():
		return
	}
	ctx, done := t.afterwards(keepWithin)
	defer done()
	d.mu.Lock()
	kept := *one
	d.mu.Unlock()
	if kept.Failure == nil {
		if kept.Failure = t.keepFile(ctx, &kept); kept.Failure != nil && t.conn.Err() != nil {
			return
		}
	}
	if kept.Failure != nil {
		telling, told := t.afterwards(keepAfter)
		defer told()
		if err := t.keep(telling, t.session, &kept, nil); err != nil {
			t.log.Error("record a download that failed", "session", t.session, "code", kept.Failure.Code, "err", err)
		}
	}
	d.mu.Lock()
	kept.taken, kept.state = one.taken, downloadOver
	*one = kept
	d.kept += one.Size
	d.remove(one.id)
	d.forget()
	d.tell()
	d.mu.Unlock()
	t.note()
}

// keepFile tries to keep a file until it works, or says why it can't.
func (t *Tabs) keepFile(ctx context.Context, one *Download) *domain.Failure {
	for wait := time.Second; ; wait *= 2 {
		err := t.downloads.read(one, func(file io.Reader) error { return t.keep(ctx, t.session, one, file) })
		why, never := errors.AsType[*domain.Failure](err)
		if never && one.resumed {
			if err = t.keep(ctx, t.session, one, nil); errors.Is(err, domain.ErrNotFound) {
				return why
			}
			never = false
		}
		switch {
		case err == nil:
			return nil
		case never:
			return why
		}
		t.log.Warn("a download could not be kept", "session", t.session, "err", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return &domain.Failure{Code: CodeDownloadNotKept, Message: "The file could not be kept.", Seen: one.Name}
		}
	}
}

// read opens a file that a browser has made, which may be anything if the
// browser has been taken over.
func (d *downloads) read(one *Download, use func(io.Reader) error) error {
	gone := &domain.Failure{Code: CodeDownloadFailed, Message: "The download broke off.", Seen: one.Name}
	root, err := os.OpenRoot(d.files)
	if err != nil {
		return gone
	}
	defer root.Close()
	f, err := root.OpenFile(path.Join(downloadsFolder, one.id), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return gone
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		return gone
	case info.Size() > d.limit:
		return &domain.Failure{Code: CodeDownloadTooLarge, Message: fmt.Sprintf("The file has more than %s.", mebibytes(d.limit)), Seen: one.Name}
	}
	return use(io.LimitReader(f, d.limit))
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

// afterwards is a context for what goes on for a moment after the wire has ended.
func (t *Tabs) afterwards(within time.Duration) (ctx context.Context, done func()) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	var waits sync.WaitGroup
	waits.Go(func() {
		select {
		case <-t.conn.Done():
		case <-ctx.Done():
			return
		}
		late := time.NewTimer(keepAfter)
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
			t.note()
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
		d.tell()
		return new(*one), err
	}
}
