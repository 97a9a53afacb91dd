package browserhook

import (
	"context"
	"iter"
	"net/http"
)

// Keys are API keys.
type Keys struct{ api *Client }

// Create makes a key, which is in this answer, and in no other.
func (k *Keys) Create(ctx context.Context, p CreateKeyRequest) (*Key, error) {
	return ask[Key](ctx, k.api, request{method: http.MethodPost, path: path("keys"), body: p, once: true})
}

// List reads keys.
func (k *Keys) List(ctx context.Context, p ListParams) iter.Seq2[Key, error] {
	return list[Key](ctx, k.api, path("keys"), p.query())
}

// Page reads a part of the list.
func (k *Keys) Page(ctx context.Context, p ListParams) (*Page[Key], error) {
	return page[Key](ctx, k.api, path("keys"), p.query())
}

// Get reads a key, without the key itself.
func (k *Keys) Get(ctx context.Context, id string) (*Key, error) {
	return ask[Key](ctx, k.api, request{method: http.MethodGet, path: path("keys", id)})
}

// Revoke ends a key, and what it has open.
func (k *Keys) Revoke(ctx context.Context, id string) error {
	return tell(ctx, k.api, request{method: http.MethodDelete, path: path("keys", id), gone: true})
}

// Projects keep sessions, endpoints and keys apart.
type Projects struct{ api *Client }

// Create makes a project.
func (p *Projects) Create(ctx context.Context, in CreateProjectRequest) (*Project, error) {
	return ask[Project](ctx, p.api, request{method: http.MethodPost, path: path("projects"), body: in, once: true})
}

// List reads projects.
func (p *Projects) List(ctx context.Context, in ListParams) iter.Seq2[Project, error] {
	return list[Project](ctx, p.api, path("projects"), in.query())
}

// Page reads a part of the list.
func (p *Projects) Page(ctx context.Context, in ListParams) (*Page[Project], error) {
	return page[Project](ctx, p.api, path("projects"), in.query())
}

// Get reads a project.
func (p *Projects) Get(ctx context.Context, id string) (*Project, error) {
	return ask[Project](ctx, p.api, request{method: http.MethodGet, path: path("projects", id)})
}

// Update changes a project.
func (p *Projects) Update(ctx context.Context, id string, in UpdateProjectRequest) (*Project, error) {
	return ask[Project](ctx, p.api, request{method: http.MethodPatch, path: path("projects", id), body: in})
}

// Nodes are the servers that share a database.
type Nodes struct{ api *Client }

// List reads servers.
func (n *Nodes) List(ctx context.Context, p ListParams) iter.Seq2[Node, error] {
	return list[Node](ctx, n.api, path("nodes"), p.query())
}

// Drain has a server begin nothing more, and end with its last session.
func (n *Nodes) Drain(ctx context.Context, id string) (*Node, error) {
	return ask[Node](ctx, n.api, request{method: http.MethodPost, path: path("nodes", id, "drain")})
}

// Metrics opens the server's metrics, as Prometheus reads them.
func (c *Client) Metrics(ctx context.Context) (*File, error) {
	f, _, err := openFile(ctx, c, request{method: http.MethodGet, path: "/metrics", header: http.Header{"Accept": {"text/plain"}}})
	return f, err
}
