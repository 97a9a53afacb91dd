package session

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// saver keeps what a step makes: the bytes at once, the row with the step.
type saver struct {
	actor     *actor
	step      *domain.Step
	artifacts []domain.Artifact
}

func (s *saver) save(ctx context.Context, kind, contentType string, content []byte) (domain.Artifact, error) {
	art := domain.Artifact{
		ID: domain.NewID(domain.PrefixArtifact), ProjectID: s.step.ProjectID, SessionID: s.step.SessionID, StepID: s.step.ID,
		Kind: kind, ContentType: contentType, Size: int64(len(content)), CreatedAt: time.Now(),
	}
	if sealed(art) {
		content = s.actor.service.Box.Seal(content, ofArtifact(art))
	}
	if _, err := s.actor.service.Blobs.Write(ctx, art.Key(), bytes.NewReader(content), contentType); err != nil {
		s.actor.log().Error("keep an artifact", "step", s.step.ID, "err", err)
		return art, err
	}
	s.artifacts = append(s.artifacts, art)
	return art, nil
}

// fetch has an artifact that an earlier step made. None larger than a step may
// upload is read.
func (s *saver) fetch(ctx context.Context, id string) (domain.Artifact, []byte, error) {
	art, err := s.actor.service.Store.Artifact(ctx, s.step.ProjectID, s.step.SessionID, id)
	if err == nil && sealed(art) {
		err = domain.ErrNotFound // it is not for pages
	}
	if err != nil || art.Size > step.MaxUpload {
		return art, make([]byte, min(art.Size, step.MaxUpload+1)), err
	}
	kept, err := s.actor.service.Blobs.Open(ctx, art.Key())
	if err != nil {
		return art, nil, err
	}
	defer kept.Close()
	content, err := io.ReadAll(io.LimitReader(kept, step.MaxUpload+1))
	return art, content, err
}

// storage is what pages of a session of the project had stored; "" is the step's own.
func (s *saver) storage(ctx context.Context, session, id string) ([]byte, error) {
	art, err := s.actor.service.Store.Artifact(ctx, s.step.ProjectID, cmp.Or(session, s.step.SessionID), id)
	switch {
	case err != nil:
		return nil, err
	case art.Kind != step.KindStorage:
		return nil, domain.ErrNotFound
	case art.Size > step.MaxUpload:
		return nil, &domain.Failure{Code: step.CodeTooLarge, Message: fmt.Sprintf("What pages have stored has more than %d MiB.", step.MaxUpload>>20)}
	}
	kept, err := s.actor.service.OpenArtifact(ctx, art)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	return io.ReadAll(kept)
}

// retain keeps what is to be kept of a step's end: of one that failed, what its
// failure names.
func (s *saver) retain(why *domain.Failure, canceled bool) {
	if why == nil {
		return
	}
	var kept []domain.Artifact
	var drop []string
	for _, art := range s.artifacts {
		if art.ID == why.ArtifactID && !canceled {
			kept = append(kept, art)
		} else {
			drop = append(drop, art.Key())
		}
	}
	s.artifacts = kept
	s.actor.service.remove(drop...)
}

// removeWithin bounds how long bytes are tried to be removed that no row names: what is
// left of them goes with their session.
const removeWithin = 5 * time.Second

// remove removes bytes by their keys.
func (s *Service) remove(keys ...string) { removeBytes(s.Blobs, s.Log, keys...) }

func removeBytes(blobs Blobs, log *slog.Logger, keys ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
	defer cancel()
	for _, key := range keys {
		if err := blobs.Delete(ctx, key); err != nil {
			log.Warn("remove what is kept and nobody has", "key", key, "err", err)
		}
	}
}

// drop removes bytes that no row will name.
func (s *saver) drop() { s.retain(&domain.Failure{}, true) }

func ofArtifact(a domain.Artifact) string { return a.ProjectID + " " + a.SessionID + " " + a.ID }

// sealed says whether an artifact's bytes are kept encrypted.
func sealed(a domain.Artifact) bool { return a.Kind == step.KindStorage }

// HoldsSecrets says whether an artifact may: what a browser has stored, what a page was
// like when a step failed, and what a person wrote by hand.
func HoldsSecrets(a domain.Artifact) bool {
	return a.Kind == step.KindStorage || a.Kind == step.KindFailure || a.Kind == domain.KindTakeover
}

// OpenArtifact is the bytes of an artifact, read as they are asked for.
func (s *Service) OpenArtifact(ctx context.Context, a domain.Artifact) (io.ReadSeekCloser, error) {
	kept, err := s.Blobs.Open(ctx, a.Key())
	if err != nil || !sealed(a) {
		return kept, err
	}
	defer kept.Close()
	raw, err := io.ReadAll(kept)
	if err != nil {
		return nil, fmt.Errorf("read an artifact: %w", err)
	}
	content, err := s.Box.Open(raw, ofArtifact(a))
	if err != nil {
		return nil, fmt.Errorf("open an artifact: %w", err)
	}
	return inMemory{bytes.NewReader(content)}, nil
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }
