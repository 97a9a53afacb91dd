package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// Streams makes the links to live pages.
type Streams interface {
	CreateStream(ctx context.Context, key domain.APIKey, id string, n session.NewStream, idem *domain.Idempotency) (domain.Stream, error)
	Stream(ctx context.Context, project, session, id string) (domain.Stream, error)
	RevokeStream(ctx context.Context, project, session, id string) error
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Viewers(ctx context.Context, project, session, after string, limit int) ([]domain.Viewer, error)
}

type streamView struct {
	StreamID     string `json:"streamId" doc:"The link."`
	Mode         string `json:"mode" enum:"view,control" doc:"Whether it takes mouse and keyboard."`
	Name         string `json:"name,omitempty" doc:"Of who it is for."`
	Once         bool   `json:"once,omitempty" doc:"Whether it is for one."`
	Replay       bool   `json:"replay,omitempty" doc:"Whether it shows the recording too, and outlives the session."`
	StreamingURL string `json:"streamingUrl" doc:"The link itself: whoever has it gets in."`
	CreatedAt    string `json:"createdAt" doc:"When it was made."`
	ExpiresAt    string `json:"expiresAt,omitempty" doc:"When it ends; not there: with the session."`
	RevokedAt    string `json:"revokedAt,omitempty" doc:"When it was revoked, if it was."`
}

type streamOutput struct {
	Replayed
	Location string `header:"Location"`
	Body     streamView
}

type viewerView struct {
	ViewerID string `json:"viewerId" doc:"The viewer: one connection to the live page."`
	StreamID string `json:"streamId" doc:"The link that it came by."`
	Name     string `json:"name,omitempty" doc:"The link's."`
	Mode     string `json:"mode" enum:"view,control" doc:"Whether it may use mouse and keyboard."`
	Address  string `json:"address" doc:"The IP address that it came from."`
	JoinedAt string `json:"joinedAt" doc:"When it came."`
	LeftAt   string `json:"leftAt,omitempty" doc:"Missing while it is there."`
}

func (s *server) streamRoutes() {
	operation(s, http.MethodPost, "/sessions/{sessionId}/streams", "create-stream", "Make a link to the live page", 201, s.createStream)
	operation(s, http.MethodGet, "/sessions/{sessionId}/streams/{streamId}", "get-stream", "Read a link to the live page", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			StreamID string `path:"streamId" maxLength:"64" doc:"The link."`
		}) (*streamOutput, error) {
			st, err := s.Streams.Stream(ctx, project(ctx), in.SessionID, in.StreamID)
			return &streamOutput{Body: s.viewStream(st)}, err
		})
	operation(s, http.MethodDelete, "/sessions/{sessionId}/streams/{streamId}", "revoke-stream", "Revoke a link to the live page", 204,
		func(ctx context.Context, in *struct {
			SessionPath
			StreamID string `path:"streamId" maxLength:"64" doc:"The link."`
		}) (*empty, error) {
			return nil, s.Streams.RevokeStream(ctx, project(ctx), in.SessionID, in.StreamID)
		})
	operation(s, http.MethodGet, "/sessions/{sessionId}/viewers", "list-viewers", "List who has looked at a session", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			Paging
		}) (*pageOutput[viewerView], error) {
			of, err := s.Streams.Session(ctx, project(ctx), in.SessionID)
			if err != nil {
				return nil, err
			}
			if in.Cursor != "" && !domain.ValidID(domain.PrefixViewer, in.Cursor) {
				return nil, domain.ErrCursor
			}
			rows, err := s.Streams.Viewers(ctx, project(ctx), in.SessionID, in.Cursor, in.Limit+1)
			if err != nil {
				return nil, err
			}
			next := ""
			if len(rows) > in.Limit {
				rows = rows[:in.Limit]
				next = rows[in.Limit-1].ID
			}
			return pageOf(rows, next, func(v domain.Viewer) viewerView {
				if v.LeftAt.IsZero() {
					v.LeftAt = of.EndedAt // of a server that could not say so
				}
				return viewerView{v.ID, v.StreamID, v.Name, string(v.Mode), v.Address, stamp(v.JoinedAt), stamp(v.LeftAt)}
			}), nil
		})
}

func (s *server) createStream(ctx context.Context, in *struct {
	SessionPath
	Creating
	Body struct {
		Mode      string `json:"mode,omitempty" enum:"view,control" doc:"control also takes mouse and keyboard; view is the default."`
		ExpiresIn string `json:"expiresIn,omitempty" doc:"1s to 24h, of one with replay up to 720h; by default it ends with the session, or of one with replay with the session's data." example:"10m"`
		Name      string `json:"name,omitempty" maxLength:"100" doc:"Of who it is for: other viewers see it while they control the session, and the list of viewers has it." example:"Ada"`
		Once      bool   `json:"once,omitempty" doc:"It is for one: who opens it first can come back, in the same tab, and nobody else can open it."`
		Replay    bool   `json:"replay,omitempty" doc:"It shows the recording too, with the steps, the events and what the pages wrote and asked for, and opens after the session has ended, too."`
	}
}) (*streamOutput, error) {
	idem, err := in.idempotency(ctx, "POST /v1/sessions/"+in.SessionID+"/streams")
	if err != nil {
		return nil, err
	}
	n := session.NewStream{Mode: domain.StreamMode(in.Body.Mode), Name: in.Body.Name, Once: in.Body.Once, Replay: in.Body.Replay}
	if in.Body.ExpiresIn != "" {
		n.Life = new(time.Duration)
	}
	if err := duration("expiresIn", in.Body.ExpiresIn, n.Life); err != nil {
		return nil, err
	}
	st, err := s.Streams.CreateStream(ctx, caller(ctx), in.SessionID, n, idem)
	return &streamOutput{replayed(idem), s.location("/sessions/" + in.SessionID + "/streams/" + st.ID), s.viewStream(st)}, err
}

func (s *server) viewStream(st domain.Stream) streamView {
	return streamView{
		StreamID: st.ID, Mode: string(st.Mode), Name: st.Name, Once: st.Once, Replay: st.Replay, StreamingURL: domain.StreamingURL(s.PublicURL(), st.Token),
		CreatedAt: stamp(st.CreatedAt), ExpiresAt: stamp(st.ExpiresAt), RevokedAt: stamp(st.RevokedAt),
	}
}
