package browserhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// Artifacts reads the files that the session's steps made and its pages downloaded.
func (s *Session) Artifacts(ctx context.Context, p ListParams) iter.Seq2[Artifact, error] {
	return list[Artifact](ctx, s.api, s.path("artifacts"), p.query())
}

// ArtifactPage reads a part of the list.
func (s *Session) ArtifactPage(ctx context.Context, p ListParams) (*Page[Artifact], error) {
	return page[Artifact](ctx, s.api, s.path("artifacts"), p.query())
}

// File is a file's content, to be read and closed.
type File struct {
	io.ReadCloser

	ContentType string
	Size        int64 // of the whole file; -1: it isn't known
}

// Artifact opens a file. When the connection is lost it goes on from where it was.
func (s *Session) Artifact(ctx context.Context, id string) (*File, error) {
	f, etag, err := s.openFile(ctx, id, "", "")
	if err != nil {
		return nil, err
	}
	f.ReadCloser = &resumed{ctx: ctx, session: s, id: id, etag: etag, size: f.Size, body: f.ReadCloser}
	return f, nil
}

// ArtifactStart opens the first bytes of a file; Size is that of the whole.
func (s *Session) ArtifactStart(ctx context.Context, id string, bytes int64) (*File, error) {
	f, _, err := s.openFile(ctx, id, fmt.Sprintf("bytes=0-%d", max(bytes, 1)-1), "")
	return f, err
}

func (s *Session) openFile(ctx context.Context, id, part, ifRange string) (*File, string, error) {
	header := http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}}
	if part != "" {
		header.Set("Range", part)
	}
	if ifRange != "" {
		header.Set("If-Range", ifRange)
	}
	return openFile(ctx, s.api, request{method: http.MethodGet, path: s.path("artifacts", id), header: header})
}

func openFile(ctx context.Context, c *Client, r request) (f *File, etag string, err error) {
	changed := false
	err = c.do(ctx, r, func(res *http.Response) error {
		f = &File{res.Body, res.Header.Get("Content-Type"), res.ContentLength}
		if _, all, ok := strings.Cut(res.Header.Get("Content-Range"), "/"); ok {
			if f.Size, err = strconv.ParseInt(all, 10, 64); err != nil {
				f.Size = -1
			}
		} else if changed = r.header.Get("If-Range") != ""; changed {
			res.Body.Close()
		}
		etag = res.Header.Get("ETag")
		return nil
	})
	if err == nil && changed {
		err = errChanged
	}
	return f, etag, err
}

var errChanged = errors.New("browserhook: the file can't be read on from where it was")

// resumed is a file that is read on when the connection was lost.
type resumed struct {
	ctx     context.Context //nolint:containedctx // a file is read by one call
	session *Session
	id      string
	etag    string
	size    int64
	read    int64
	lost    int // connections in a row that brought nothing
	body    io.ReadCloser
}

func (r *resumed) Read(p []byte) (int, error) {
	for {
		if r.read == r.size {
			return 0, io.EOF
		}
		n, err := r.body.Read(p)
		if r.read += int64(n); n > 0 {
			r.lost = 0
			return n, nil // an error is looked at by the next call
		}
		if err == nil || errors.Is(err, io.EOF) && r.size < 0 {
			return 0, err
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if r.ctx.Err() != nil || r.etag == "" || r.size < 0 || r.lost > r.session.api.retries {
			return 0, err
		}
		r.lost++
		r.body.Close()
		f, _, err := r.session.openFile(r.ctx, r.id, fmt.Sprintf("bytes=%d-", r.read), r.etag)
		if err != nil {
			return 0, err
		}
		r.body = f.ReadCloser
	}
}

func (r *resumed) Close() error { return r.body.Close() }

// Logs reads what the session's pages said and asked for, the oldest first.
func (s *Session) Logs(ctx context.Context, p ReadLogsParams) iter.Seq2[LogEntry, error] {
	return list[LogEntry](ctx, s.api, s.path("logs"), p.query())
}

// LogPage is a part of a log.
type LogPage struct {
	Data       []LogEntry `json:"data"`
	NextCursor string     `json:"nextCursor"` // empty: it is the last
	Dropped    int64      `json:"dropped"`    // how many of the oldest entries there was no room for
}

// LogPage reads a part of the log.
func (s *Session) LogPage(ctx context.Context, p ReadLogsParams) (*LogPage, error) {
	return ask[LogPage](ctx, s.api, request{method: http.MethodGet, path: s.path("logs"), query: p.query()})
}

// HAR opens all requests of the session's pages, as an HTTP archive.
func (s *Session) HAR(ctx context.Context) (*File, error) {
	f, _, err := openFile(ctx, s.api, request{method: http.MethodGet, path: s.path("logs"), header: http.Header{"Accept": {"application/har+json"}}})
	return f, err
}
