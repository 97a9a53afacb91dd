package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// Artifacts is what steps made, and what pages downloaded.
type Artifacts interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error)
	ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error)
	OpenArtifact(ctx context.Context, a domain.Artifact) (io.ReadSeekCloser, error)
}

type artifactView struct {
	ArtifactID  string `json:"artifactId" doc:"The file."`
	StepID      string `json:"stepId" pattern:"^(step_[0-9a-z]+)?$" doc:"Of the step that made it or, of a download, that ran when it began; empty if none did."`
	Kind        string `json:"kind" enum:"screenshot,pdf,failure,download,storage,recording,takeover" doc:"What it is. recording is a part of the session's recording, takeover what a person did by hand, as steps; failure is a zip of what a page was like when a step failed."`
	Name        string `json:"name,omitempty" doc:"Of a download: what the page calls the file, made harmless."`
	ContentType string `json:"contentType" doc:"Its media type."`
	Size        int64  `json:"size" doc:"Bytes."`
	SHA256      string `json:"sha256,omitempty" doc:"Of a download, in hex."`
	CreatedAt   string `json:"createdAt" doc:"When it was made."`
}

func (s *server) artifactRoutes() {
	operation(s, http.MethodGet, "/sessions/{sessionId}/artifacts", "list-artifacts", "List the files of a session", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			Paging
		}) (*pageOutput[artifactView], error) {
			if _, err := s.Artifacts.Session(ctx, project(ctx), in.SessionID); err != nil {
				return nil, err
			}
			if in.Cursor != "" && !domain.ValidID(domain.PrefixArtifact, in.Cursor) {
				return nil, domain.ErrCursor
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
				return artifactView{a.ID, a.StepID, a.Kind, a.Name, a.ContentType, a.Size, a.SHA256, stamp(a.CreatedAt)}
			}), nil
		})
	operation(s, http.MethodGet, "/sessions/{sessionId}/artifacts/{artifactId}", "get-artifact", "Fetch a file of a session", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			ArtifactID string `path:"artifactId" maxLength:"64" doc:"The file."`
		}) (*huma.StreamResponse, error) {
			a, err := s.Artifacts.Artifact(ctx, project(ctx), in.SessionID, in.ArtifactID)
			if err != nil {
				return nil, err
			}
			if session.HoldsSecrets(a) && !seesSecrets(ctx) {
				return nil, newProblem(domain.CodeForbidden, fmt.Sprintf(
					"What a browser has stored, what a page was like when a step failed, and what a person did by hand may hold secrets: it needs a key of the role %s.", domain.RoleProject))
			}
			content, err := s.Artifacts.OpenArtifact(ctx, a)
			if errors.Is(err, domain.ErrNotFound) && s.Hops != nil {
				return s.elsewhere(ctx, err), nil
			}
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				defer content.Close()
				r, w := humago.Unwrap(hc)
				serve(w, r, a, content)
			}}, nil
		}, answersWith("image/png", "image/jpeg", "application/pdf", "application/zip", "application/json", "*/*"), inParts)
}

// elsewhere answers with what may be in the folder of another server, or says why it isn't
// there.
func (s *server) elsewhere(ctx context.Context, why error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		if !s.Hops.Anywhere(w, r) {
			s.problem(ctx, why).write(w)
		}
	}}
}

// maxRanges is how many ranges of an artifact are answered at once: each is asked for by
// itself where it is kept. Of more all of it is.
const maxRanges = 8

// serve answers with an artifact's bytes, or the part of them that is asked for. They
// never change.
func serve(w http.ResponseWriter, r *http.Request, a domain.Artifact, content io.ReadSeeker) {
	h := w.Header()
	h.Set("Content-Type", a.ContentType)
	// A file that a page made is a stranger's: no browser is to show it.
	disposition := "inline"
	if a.Kind == session.KindDownload {
		disposition = "attachment"
		if named := mime.FormatMediaType(disposition, map[string]string{"filename": a.Name}); a.Name != "" && named != "" {
			disposition = named
		}
	}
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("ETag", `"`+a.ID+`"`)
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	http.ServeContent(&ranged{ResponseWriter: w}, r, "", a.CreatedAt, content)
}

// ranged answers a range that there isn't as a problem.
type ranged struct {
	http.ResponseWriter
	refused bool
}

func (w *ranged) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *ranged) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	for _, name := range []string{"Content-Disposition", "ETag", "Last-Modified"} {
		w.Header().Del(name)
	}
	newProblem("range_not_satisfiable", "The file has no such bytes.").write(w.ResponseWriter)
}

func (w *ranged) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil // what would have stood there
	}
	return w.ResponseWriter.Write(p)
}

// inParts describes what is asked and answered beside the whole file.
func inParts(op *huma.Operation) {
	for name, says := range map[string]string{
		"Range":         "Which bytes: bytes=0-1023. The answer is 206 with those.",
		"If-Range":      "The ETag for which Range is meant: for another file all of it is answered.",
		"If-None-Match": "An ETag that is there already: the answer is 304.",
	} {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "header", Description: says, Schema: &huma.Schema{Type: "string"}})
	}
	slices.SortFunc(op.Parameters, func(a, b *huma.Param) int { return strings.Compare(a.Name, b.Name) })
	content := op.Responses["200"].Content
	op.Responses["206"] = &huma.Response{Content: map[string]*huma.MediaType{"multipart/byteranges": content["*/*"], "*/*": content["*/*"]}}
	op.Responses["304"] = &huma.Response{}
}
