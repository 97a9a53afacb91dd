package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	browserhook "github.com/browserhook/browserhook/client"
	steps "github.com/browserhook/browserhook/internal/step"
)

// What a session has left is read by address: browserhook://sessions/{id}/….

const scheme = "browserhook://"

func artifactURI(session, id string) string {
	return scheme + "sessions/" + session + "/artifacts/" + id
}
func stepURI(session, id string) string {
	if id == "" {
		return "GET /v1/sessions/" + session + "/steps"
	}
	return scheme + "sessions/" + session + "/steps/" + id
}

// maxFile is how large a file is read as a resource.
const maxFile = 16 << 20

func (s *Server) resources() {
	s.sdk.AddResource(&sdk.Resource{
		URI: scheme + "actions", Name: "actions", Title: "What steps can do", MIMEType: "text/plain", Description: "Every action with what it takes, [what may be left out].",
	}, func(_ context.Context, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
		return contents(req, "text/plain", []byte(steps.Guide())), nil
	})
	for _, t := range []sdk.ResourceTemplate{
		{URITemplate: scheme + "sessions/{sessionId}", Name: "session", Title: "A session", MIMEType: "application/json"},
		{URITemplate: scheme + "sessions/{sessionId}/events", Name: "events", Title: "What happened in a session", MIMEType: "application/json", Description: "The events as webhooks tell them, the oldest first."},
		{URITemplate: scheme + "sessions/{sessionId}/steps/{stepId}", Name: "step", Title: "A step with all of its result", MIMEType: "application/json"},
		{URITemplate: scheme + "sessions/{sessionId}/artifacts/{artifactId}", Name: "artifact", Title: "A file: a screenshot, a PDF, a download"},
	} {
		s.sdk.AddResourceTemplate(&t, func(ctx context.Context, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
			api, err := s.api(req.Extra)
			if err != nil {
				return nil, err
			}
			res, err := resource(ctx, api, req)
			if refused, ok := errors.AsType[*browserhook.Error](err); ok && refused.Code == "not_found" {
				return nil, sdk.ResourceNotFoundError(req.Params.URI)
			}
			return res, explained(err)
		})
	}
}

func resource(ctx context.Context, api *browserhook.Client, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
	uri := req.Params.URI
	parts := strings.Split(strings.TrimPrefix(uri, scheme), "/")
	for _, part := range parts {
		if known(part) != nil {
			return nil, sdk.ResourceNotFoundError(uri)
		}
	}
	var raw json.RawMessage
	switch what := parts[len(parts)-1]; {
	case len(parts) == 4 && parts[2] == "artifacts":
		c, err := fetch(ctx, api.Session(parts[1]), parts[3], maxFile)
		if err != nil {
			return nil, err
		}
		if c.data == nil {
			return nil, fmt.Errorf("too_large: the file has %d bytes, and a resource at most %d: GET /v1/sessions/%s/artifacts/%s", c.size, maxFile, parts[1], parts[3])
		}
		return contents(req, c.kind, c.data), nil
	case len(parts) == 2:
		s, err := api.Sessions.Get(ctx, parts[1])
		if err != nil {
			return nil, err
		}
		raw = s.Raw
	case len(parts) == 4 && parts[2] == "steps":
		s, err := api.Session(parts[1]).Step(ctx, parts[3])
		if err != nil {
			return nil, err
		}
		raw = s.Raw
	case len(parts) == 3 && what == "events":
		if err := api.Call(ctx, http.MethodGet, "/v1/events?limit=1000&sessionId="+url.QueryEscape(parts[1]), nil, &raw); err != nil {
			return nil, err
		}
	default:
		return nil, sdk.ResourceNotFoundError(uri)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	delete(out, "connectUrl") // a secret that a model has no use for
	return contents(req, "application/json", indented(out)), nil
}

func contents(req *sdk.ReadResourceRequest, kind string, data []byte) *sdk.ReadResourceResult {
	one := &sdk.ResourceContents{URI: req.Params.URI, MIMEType: kind}
	if c := (&content{kind: kind, data: data}); c.isText() {
		one.Text = string(data)
	} else {
		one.Blob = data
	}
	if strings.HasPrefix(kind, "text/plain") {
		one.MIMEType = "text/plain"
	}
	return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{one}}
}
