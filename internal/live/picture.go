package live

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// pictureFresh is for how long a picture is good enough for who wants a small one.
	pictureFresh  = time.Second
	pictureWithin = 3 * time.Second
	keptPictures  = 256
)

// small is what somebody can make use of who looks at many sessions.
var small = browser.Fit{Width: 480, Height: 480, Quality: 60}

// pictures are the last small ones, of any sessions. None is made but when somebody
// asks, and then one for all who do.
type pictures struct {
	making singleflight.Group

	mu   sync.Mutex
	last []picture // the latest last
}

type picture struct {
	session string
	jpeg    []byte
	at      time.Time
}

func (p *pictures) of(session string) (picture, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.last, func(one picture) bool { return one.session == session }); i >= 0 {
		return p.last[i], true
	}
	return picture{}, false
}

func (p *pictures) keep(one picture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = append(slices.DeleteFunc(p.last, func(old picture) bool { return old.session == one.session }), one)
	if len(p.last) > keptPictures {
		p.last = slices.Delete(p.last, 0, 1)
	}
}

// picture answers with the session's page as it is, small, or as it was seen last: for
// who looks at many, and opens one of them by its link.
func (h *Handler) picture(w http.ResponseWriter, r *http.Request) {
	stream, session, err := h.sessions.OpenStream(r.Context(), token(r))
	switch {
	case opensNothing(err), err == nil && (stream.Once || session.Status.Ended() && !stream.Replay):
		h.refuse(w, domain.CodeNotFound, "This link opens nothing, or no longer.")
		return
	case err != nil:
		h.log.Debug("open live picture", "err", err)
		h.refuse(w, domain.CodeUnavailable, "The server can't look at the link right now.")
		return
	}
	if session.Status == domain.SessionReady && h.Servers != nil && h.Servers.Forward(w, r, session.ProjectID, session.ID) {
		return
	}
	seen, ok := h.pictures.of(session.ID)
	if session.Status == domain.SessionReady && (!ok || time.Since(seen.at) > pictureFresh) {
		// Whoever asked first may go: the others wait for the same one.
		made, err, _ := h.pictures.making.Do(session.ID, func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), pictureWithin)
			defer cancel()
			return h.look(ctx, session.ID)
		})
		if one, is := made.(picture); is && err == nil {
			seen, ok = one, true
		}
	}
	if !ok {
		h.refuse(w, domain.CodeNotFound, "There is no picture of the session.")
		return
	}
	head := w.Header()
	head.Set("Content-Type", "image/jpeg")
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'")
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256(seen.jpeg))[:18] + `"`
	head.Set("ETag", etag)
	head.Set("Last-Modified", seen.at.UTC().Format(http.TimeFormat))
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Length", strconv.Itoa(len(seen.jpeg)))
	_, _ = w.Write(seen.jpeg)
}

// look waits for one picture of the page where steps run.
func (h *Handler) look(ctx context.Context, session string) (picture, error) {
	page, ok := h.sessions.Page(session)
	if !ok {
		return picture{}, domain.ErrNotFound
	}
	watcher := page.Watch(small)
	defer watcher.Close()
	for {
		if seen, _, ok := watcher.Take(); ok {
			one := picture{session, seen.JPEG, time.Now()}
			h.pictures.keep(one)
			return one, nil
		}
		select {
		case <-watcher.More():
		case <-ctx.Done():
			return picture{}, context.Cause(ctx)
		}
	}
}
