package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// Artifacts is what steps made.
type Artifacts interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error)
	ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error)
	OpenArtifact(ctx context.Context, a domain.Artifact) (io.ReadCloser, error)
}

type artifactView struct {
	ArtifactID  string `json:"artifactId"`
	StepID      string `json:"stepId"`
	Kind        string `json:"kind" enum:"screenshot,pdf,failure,download,storage"`
	ContentType string `json:"contentType"`
	Size        int64  `json:"size" doc:"Bytes."`
	CreatedAt   string `json:"createdAt"`
}

func (s *server) artifactRoutes() {
	operation(s, http.MethodGet, "/sessions/{sessionId}/artifacts", "list-artifacts", "List what a session's steps made", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			Paging
		}) (*pageOutput[artifactView], error) {
			if _, err := s.Artifacts.Session(ctx, project(ctx), in.SessionID); err != nil {
				return nil, err
			}
			if in.Cursor != "" && !domain.ValidID(domain.PrefixArtifact, in.Cursor) {
				return nil, domain.Invalid("cursor", "is not one that this list gave out")
			}
			rows, err := s.Artifacts.ArtifactsPage(ctx, project(ctx), in.SessionID, in.Cursor, in.Limit+1)
			if err != nil {
				return nil, err
			}
			next := ""
			if len(rows) > in.Limit {
				rows = rows[:in.Limit]
				next = rows[in.Limit-1].ID
			}
			return pageOf(rows, next, func(a domain.Artifact) artifactView {
				return artifactView{a.ID, a.StepID, a.Kind, a.ContentType, a.Size, stamp(a.CreatedAt)}
			}), nil
		})
	operation(s, http.MethodGet, "/sessions/{sessionId}/artifacts/{artifactId}", "get-artifact", "Fetch an artifact's bytes", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			ArtifactID string `path:"artifactId" maxLength:"64"`
		}) (*huma.StreamResponse, error) {
			a, err := s.Artifacts.Artifact(ctx, project(ctx), in.SessionID, in.ArtifactID)
			if err != nil {
				return nil, err
			}
			if session.HoldsSecrets(a) && !seesSecrets(ctx) {
				return nil, newProblem(domain.CodeForbidden, fmt.Sprintf(
					"What a browser has stored, and what a page was like when a step failed, may hold secrets: it needs a key of the role %s.", domain.RoleProject))
			}
			content, err := s.Artifacts.OpenArtifact(ctx, a)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				defer content.Close()
				hc.SetHeader("Content-Type", a.ContentType)
				hc.SetHeader("Content-Length", strconv.FormatInt(a.Size, 10))
				// A file that a page made is a stranger's: no browser is to show it.
				disposition := "inline"
				if a.Kind == "download" {
					disposition = "attachment"
				}
				hc.SetHeader("Content-Disposition", disposition)
				hc.SetHeader("Content-Security-Policy", "sandbox")
				_, _ = io.Copy(hc.BodyWriter(), content)
			}}, nil
		}, answersWith("image/png", "image/jpeg", "application/pdf", "application/zip", "application/json", "*/*"))
}
