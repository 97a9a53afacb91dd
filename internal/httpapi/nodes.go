package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// Nodes are the servers of the database.
type Nodes interface {
	Nodes(ctx context.Context) ([]domain.Node, error)
	DrainNode(ctx context.Context, id string) (domain.Node, error)
}

// Hops passes requests on to the server that runs a session.
type Hops interface {
	// Arrived is a request as it is to be served, which may have come from another server;
	// an error is for one that only says so.
	Arrived(r *http.Request) (*http.Request, error)
	// Hurry answers what servers ask each other, and says whether the request was that.
	Hurry(w http.ResponseWriter, r *http.Request) (answered bool)
	// Offer has that server answer a request, and says whether it has.
	Offer(w http.ResponseWriter, r *http.Request, body []byte, project, session string) (answered bool)
	// Forward has that server answer a request that no other can, and says whether it has.
	Forward(w http.ResponseWriter, r *http.Request, project, session string) (answered bool)
	// Anywhere has the first server answer a request that can, and says whether one has.
	Anywhere(w http.ResponseWriter, r *http.Request) (answered bool)
}

// offered are the routes that the server that runs the session answers better: steps
// sooner, since it has nobody to wait for, and logs and recordings with what it alone has while the
// session runs.
var offered = []string{"POST /v1/sessions/{sessionId}/steps", "GET /v1/sessions/{sessionId}/logs", "GET /v1/sessions/{sessionId}/recording"}

// videoRoute is answered by the server that runs the session, which alone has the last
// parts of its recording.
const videoRoute = "GET /v1/sessions/{sessionId}/recording/video"

// leaves says whether this server, since it stops, leaves what it is asked to the one
// that a request came from.
func (s *server) leaves(pattern string) bool {
	select {
	case <-s.Draining:
		return slices.Contains(offered, pattern)
	default:
		return false
	}
}

// sessionOf is the session in the path of a request.
func sessionOf(r *http.Request) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/sessions/"), "/")
	return id
}

// arrived is a request as it is to be served; forged is one that only says that it comes
// from another server.
func (s *server) arrived(r *http.Request) (_ *http.Request, forged bool) {
	if s.Hops == nil {
		return r, false
	}
	r, err := s.Hops.Arrived(r)
	return r, err != nil
}

type nodeView struct {
	NodeID    string   `json:"nodeId" doc:"The server."`
	URL       string   `json:"url,omitempty" doc:"Where the other nodes reach it: node-url."`
	Version   string   `json:"version,omitempty" doc:"Of browserhook, that runs there."`
	Browsers  []string `json:"browsers,omitempty" nullable:"false" enum:"shell,chromium" doc:"That it can start, its default first; left out by one that has none, or is of a release that didn't say."`
	State     string   `json:"state" enum:"READY,DRAINING" doc:"One that is DRAINING starts no more sessions, and ends with its last."`
	Sessions  int      `json:"sessions" doc:"That have a browser there, or get one."`
	FreeSlots int      `json:"freeSlots" doc:"How many more sessions can be started there now."`
	StartedAt string   `json:"startedAt" doc:"When it started."`
	LastSeen  string   `json:"lastSeen" doc:"When it last showed that it lives, which it does every two seconds."`
}

func viewNode(n domain.Node) nodeView {
	return nodeView{
		NodeID: n.ID, URL: n.URL, Version: n.Version, Browsers: n.Browsers, State: string(n.State), Sessions: n.Sessions, FreeSlots: n.FreeSlots,
		StartedAt: stamp(n.StartedAt), LastSeen: stamp(n.SeenAt),
	}
}

type nodeOutput struct{ Body nodeView }

// nodeRoutes are an operator's.
func (s *server) nodeRoutes() {
	operation(s, http.MethodGet, "/nodes", "list-nodes", "List the servers and their load", 200,
		func(ctx context.Context, in *WholePaging) (*pageOutput[nodeView], error) {
			all, err := s.Nodes.Nodes(ctx)
			if err != nil {
				return nil, err
			}
			return pageOfAll(all, in, func(n domain.Node) string { return n.ID }, viewNode)
		})
	operation(s, http.MethodPost, "/nodes/{nodeId}/drain", "drain-node",
		"Have a server start no more sessions", 200,
		func(ctx context.Context, in *struct {
			NodeID string `path:"nodeId" maxLength:"64" doc:"The server."`
		}) (*nodeOutput, error) {
			n, err := s.Nodes.DrainNode(ctx, in.NodeID)
			return &nodeOutput{viewNode(n)}, err
		})
}
