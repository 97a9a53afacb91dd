package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// KindDownload is the kind of the artifact that is a downloaded file.
const KindDownload = "download"

// KeepDownload is the [browser.Keep] of sessions: what their pages download becomes an
// artifact, the bytes first and then the row with its event.
func (s *Service) KeepDownload(ctx context.Context, id string, d *browser.Download, file io.Reader) error {
	a := s.actor(id)
	if a == nil {
		return errNotOwner
	}
	if err := a.waitResumed(ctx); err != nil { // its events come first
		return err
	}
	got := domain.Downloaded{URL: d.URL, PageURL: d.PageURL, Failure: d.Failure, Artifact: domain.Artifact{
		ID: d.ArtifactID, ProjectID: a.ref.project, SessionID: id, StepID: d.StepID, Kind: KindDownload, Name: d.Name, ContentType: d.ContentType, CreatedAt: time.Now(),
	}}
	art := &got.Artifact
	if file != nil || d.Failure == nil {
		kept, err := s.Store.Artifact(ctx, art.ProjectID, id, art.ID)
		if err == nil { // by a server that ended before it could say so
			d.Size, d.SHA256 = kept.Size, kept.SHA256
			return nil
		}
		if !errors.Is(err, domain.ErrNotFound) || file == nil {
			return err
		}
		sum := sha256.New()
		if art.Size, err = s.Blobs.Write(ctx, art.Key(), io.TeeReader(file, sum), art.ContentType); err != nil {
			return fmt.Errorf("keep a download: %w", err)
		}
		art.SHA256 = hex.EncodeToString(sum.Sum(nil))
		d.Size, d.SHA256 = art.Size, art.SHA256
	}
	err := a.change(func(dec decider, c *domain.SessionChange) error { return dec.downloaded(c, got) })
	if !refused(err) {
		return err
	}
	if file != nil {
		s.remove(art.Key())
	}
	return &domain.Failure{Code: browser.CodeDownloadNotKept, Message: "The session has ended.", Seen: d.Name}
}

// refused says whether a change is certainly not made, and never will be. Of any other
// that failed nobody knows: the store may have been too slow to say that it is.
func refused(err error) bool {
	if _, forbidden := errors.AsType[*domain.TransitionError](err); forbidden {
		return true
	}
	why, ok := errors.AsType[*domain.Error](err)
	return ok && why.Code != domain.CodeUnavailable || errors.Is(err, domain.ErrNotFound) || errors.Is(err, errNotOwner)
}
