package dashboard

import (
	"net/url"
	"strconv"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

const keysOnPage = 50

// operatorPages are of keys, projects and servers.
func (h *Handler) operatorPages() []page {
	const role = domain.RoleOperator
	return []page{
		{pattern: "GET /keys", role: role, show: h.keys},
		{pattern: "POST /keys", role: role, show: h.createKey},
		{pattern: "POST /keys/{id}/revoke", role: role, act: func(c *call) (string, error) {
			return "/keys", c.API.Keys.Revoke(c.r.Context(), c.r.PathValue("id"))
		}},
		{pattern: "GET /projects", role: role, show: h.projects},
		{pattern: "POST /projects", role: role, act: h.createProject},
		{pattern: "POST /projects/{id}/limit", role: role, act: h.limitProject},
		{pattern: "GET /nodes", role: role, show: h.nodes},
		{pattern: "POST /nodes/{id}/drain", role: role, act: func(c *call) (string, error) {
			_, err := c.API.Nodes.Drain(c.r.Context(), c.r.PathValue("id"))
			return "/nodes", err
		}},
	}
}

type keysView struct {
	Keys     []browserhook.Key
	Projects []browserhook.Project
	Names    map[string]string // of projects
	Own      string            // the key that is signed in with
	Home     string            // its project
	Older    string
	Later    bool
}

// Name is a project's, or its id.
func (v keysView) Name(project string) string {
	if name := v.Names[project]; name != "" {
		return name
	}
	return short(project)
}

func (h *Handler) keys(c *call) (view, error) {
	ctx, cursor := c.r.Context(), c.r.URL.Query().Get("cursor")
	got, err := c.API.Keys.Page(ctx, browserhook.ListParams{Cursor: cursor, Limit: keysOnPage})
	if err != nil {
		return view{}, err
	}
	projects, err := c.API.Projects.Page(ctx, browserhook.ListParams{Limit: 100})
	if err != nil {
		return view{}, err
	}
	v := keysView{got.Data, projects.Data, map[string]string{}, c.key.ID, c.key.ProjectID, got.NextCursor, cursor != ""}
	for _, p := range projects.Data {
		v.Names[p.ProjectID] = p.Name
	}
	return view{Title: "Keys", Section: "/keys", Template: "keys", Data: v}, nil
}

func (h *Handler) createKey(c *call) (view, error) {
	form := c.r.PostForm
	k, err := c.API.Keys.Create(c.r.Context(), browserhook.CreateKeyRequest{
		Name: strings.TrimSpace(form.Get("name")), ProjectID: form.Get("project"), Role: browserhook.Role(form.Get("role")),
	})
	if err != nil {
		return view{}, err
	}
	return secretPage("/keys", secretView{
		"The new key", k.Key, k.Name, "Keep it where your program reads secrets. It is shown now and not again: the server has its hash alone.", "/keys", "To the keys",
	}), nil
}

type projectsView struct {
	Projects []browserhook.Project
	Older    string
	Later    bool
}

func (h *Handler) projects(c *call) (view, error) {
	cursor := c.r.URL.Query().Get("cursor")
	got, err := c.API.Projects.Page(c.r.Context(), browserhook.ListParams{Cursor: cursor, Limit: keysOnPage})
	if err != nil {
		return view{}, err
	}
	return view{Title: "Projects", Section: "/projects", Template: "projects", Data: projectsView{got.Data, got.NextCursor, cursor != ""}}, nil
}

// limit is a number of browsers of a form; empty: any number.
func (c *call) limit() (*int, error) {
	text := strings.TrimSpace(c.r.PostForm.Get("sessions"))
	if text == "" {
		return new(0), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, wrong("How many browsers: a number, or nothing for any number.")
	}
	return &n, nil
}

func (h *Handler) createProject(c *call) (string, error) {
	n, err := c.limit()
	if err == nil {
		_, err = c.API.Projects.Create(c.r.Context(), browserhook.CreateProjectRequest{Name: strings.TrimSpace(c.r.PostForm.Get("name")), Sessions: n})
	}
	return "/projects", err
}

func (h *Handler) limitProject(c *call) (string, error) {
	n, err := c.limit()
	if err == nil {
		_, err = c.API.Projects.Update(c.r.Context(), c.r.PathValue("id"), browserhook.UpdateProjectRequest{Sessions: n})
	}
	return "/projects", err
}

// nodeRow is a server, with how full it is.
type nodeRow struct{ browserhook.Node }

// Slots is how many sessions it could have in all.
func (n nodeRow) Slots() int { return n.Sessions + n.FreeSlots }

// Path is that of its forms.
func (n nodeRow) Path() string { return "/nodes/" + url.PathEscape(n.NodeID) }

func (h *Handler) nodes(c *call) (view, error) {
	var all []nodeRow
	for n, err := range c.API.Nodes.List(c.r.Context(), browserhook.ListParams{}) {
		if err != nil {
			return view{}, err
		}
		all = append(all, nodeRow{n})
	}
	return view{Title: "Nodes", Section: "/nodes", Template: "nodes", Data: all, Every: listEvery}, nil
}
