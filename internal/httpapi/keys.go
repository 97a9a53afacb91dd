package httpapi

import (
	"context"
	"net/http"

	"github.com/browserhook/browserhook/internal/access"
	"github.com/browserhook/browserhook/internal/domain"
)

// Access is the API keys and their projects.
type Access interface {
	Authenticate(ctx context.Context, secret string) (domain.APIKey, error)
	WithKey(ctx context.Context, key string) (context.Context, func())
	CreateKey(ctx context.Context, n access.NewKey, by string, idem *domain.Idempotency) (domain.APIKey, string, error)
	Key(ctx context.Context, id string) (domain.APIKey, error)
	Keys(ctx context.Context, f domain.PageFilter) ([]domain.APIKey, string, error)
	Revoke(ctx context.Context, id string, last bool) error
	CreateProject(ctx context.Context, n access.NewProject, by string, idem *domain.Idempotency) (domain.Project, error)
	LimitProject(ctx context.Context, id string, sessions *int) (domain.Project, error)
	Project(ctx context.Context, id string) (domain.Project, error)
	ProjectsPage(ctx context.Context, f domain.PageFilter) ([]domain.Project, string, error)
}

type keyView struct {
	KeyID     string `json:"keyId" doc:"The key."`
	ProjectID string `json:"projectId" doc:"The project that it is of."`
	Role      string `json:"role" enum:"viewer,project,operator" doc:"What it may do."`
	Name      string `json:"name" doc:"What you call it."`
	Prefix    string `json:"prefix" doc:"How the key begins."`
	Key       string `json:"key,omitempty" doc:"The key itself. Only in the answer to the call that made it, and not when that is repeated: it isn't stored."`
	CreatedAt string `json:"createdAt" doc:"When it was made."`
	RevokedAt string `json:"revokedAt,omitempty" doc:"When it was revoked, if it was."`
}

func viewKey(k domain.APIKey) keyView {
	return keyView{
		KeyID: k.ID, ProjectID: k.ProjectID, Role: string(k.Role), Name: k.Name, Prefix: k.Prefix,
		CreatedAt: stamp(k.CreatedAt), RevokedAt: stamp(k.RevokedAt),
	}
}

type projectView struct {
	ProjectID string `json:"projectId" doc:"The project."`
	Name      string `json:"name" doc:"What you call it."`
	Sessions  int    `json:"sessions,omitempty" doc:"How many of its sessions may have a browser at once; not there: any number."`
	CreatedAt string `json:"createdAt" doc:"When it was made."`
}

func viewProject(p domain.Project) projectView {
	return projectView{p.ID, p.Name, p.Sessions, stamp(p.CreatedAt)}
}

type keyOutput struct {
	Replayed
	Location string `header:"Location"`
	Body     keyView
}

type projectOutput struct {
	Replayed
	Location string `header:"Location"`
	Body     projectView
}

// accessRoutes are an operator's: they concern all projects.
func (s *server) accessRoutes() {
	operation(s, http.MethodPost, "/keys", "create-key", "Make an API key", 201, s.createKey)
	operation(s, http.MethodGet, "/keys", "list-keys", "List the API keys of all projects, newest first", 200,
		func(ctx context.Context, in *Paging) (*pageOutput[keyView], error) {
			rows, next, err := s.Access.Keys(ctx, domain.PageFilter{Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return pageOf(rows, next, viewKey), nil
		})
	operation(s, http.MethodGet, "/keys/{keyId}", "get-key", "Read an API key", 200,
		func(ctx context.Context, in *struct {
			KeyID string `path:"keyId" maxLength:"64" doc:"The key."`
		}) (*keyOutput, error) {
			k, err := s.Access.Key(ctx, in.KeyID)
			return &keyOutput{Body: viewKey(k)}, err
		})
	operation(s, http.MethodDelete, "/keys/{keyId}", "revoke-key",
		"Revoke an API key", 204,
		func(ctx context.Context, in *struct {
			KeyID string `path:"keyId" maxLength:"64" doc:"The key."`
		}) (*empty, error) {
			return nil, s.Access.Revoke(ctx, in.KeyID, false)
		})
	operation(s, http.MethodPost, "/projects", "create-project", "Make a project", 201,
		func(ctx context.Context, in *struct {
			Creating
			Body struct {
				Name     string `json:"name" minLength:"1" maxLength:"100" doc:"No other project may have it."`
				Sessions int    `json:"sessions,omitempty" minimum:"0" maximum:"100000" doc:"How many of its sessions may have a browser at once; further ones wait. 0, the default, is any number."`
			}
		}) (*projectOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1/projects")
			if err != nil {
				return nil, err
			}
			p, err := s.Access.CreateProject(ctx, access.NewProject{Name: in.Body.Name, Sessions: in.Body.Sessions}, project(ctx), idem)
			return &projectOutput{replayed(idem), s.location("/projects/" + p.ID), viewProject(p)}, err
		})
	operation(s, http.MethodGet, "/projects/{projectId}", "get-project", "Read a project", 200,
		func(ctx context.Context, in *struct {
			ProjectID string `path:"projectId" maxLength:"64" doc:"The project."`
		}) (*projectOutput, error) {
			p, err := s.Access.Project(ctx, in.ProjectID)
			return &projectOutput{Body: viewProject(p)}, err
		})
	operation(s, http.MethodPatch, "/projects/{projectId}", "update-project", "Change a project", 200,
		func(ctx context.Context, in *struct {
			ProjectID string `path:"projectId" maxLength:"64" doc:"The project."`
			Body      struct {
				Sessions patch[int] `json:"sessions,omitempty" minimum:"0" maximum:"100000" doc:"Further ones wait; those that have one keep it. 0, or null, is any number."`
			}
		}) (*projectOutput, error) {
			p, err := s.Access.LimitProject(ctx, in.ProjectID, in.Body.Sessions.change())
			return &projectOutput{Body: viewProject(p)}, err
		})
	operation(s, http.MethodGet, "/projects", "list-projects", "List all projects, newest first", 200,
		func(ctx context.Context, in *Paging) (*pageOutput[projectView], error) {
			rows, next, err := s.Access.ProjectsPage(ctx, domain.PageFilter{Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return pageOf(rows, next, viewProject), nil
		})
}

func (s *server) createKey(ctx context.Context, in *struct {
	Creating
	Body struct {
		ProjectID string `json:"projectId,omitempty" maxLength:"64" doc:"The caller's own by default."`
		Role      string `json:"role,omitempty" enum:"viewer,project,operator" doc:"viewer reads; project, the default, also changes what is in its project; operator also manages keys and projects."`
		Name      string `json:"name,omitempty" maxLength:"100" doc:"What you call it."`
	}
}) (*keyOutput, error) {
	idem, err := in.idempotency(ctx, "POST /v1/keys")
	if err != nil {
		return nil, err
	}
	n := access.NewKey{Project: in.Body.ProjectID, Name: in.Body.Name, Role: domain.Role(in.Body.Role)}
	key, secret, err := s.Access.CreateKey(ctx, n, project(ctx), idem)
	out := &keyOutput{replayed(idem), s.location("/keys/" + key.ID), viewKey(key)}
	out.Body.Key = secret
	return out, err
}
