package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/browserhook/browserhook/internal/apiclient"
)

// call is one use of a tool.
type call struct {
	ctx    context.Context //nolint:containedctx // a call is one call
	api    *apiclient.Client
	client *client
	req    *sdk.CallToolRequest
}

// result is what a tool answers: an object for programs, and the same for a reader, since
// some clients show a model the one and some the other.
type result[T any] struct {
	data    T
	text    string        // empty: the object as JSON
	more    []sdk.Content // behind the text; only of tools without an object
	failure bool          // it says why something failed
}

// none is the object of tools that answer with what no object can hold.
type none = any

// add gives the server a tool.
func add[I, O any](s *Server, t *sdk.Tool, shape func(*jsonschema.Schema), do func(*call, I) (result[O], error)) {
	in, err := jsonschema.For[I](nil)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", t.Name, err))
	}
	if shape != nil {
		shape(in)
	}
	t.InputSchema = in
	sdk.AddTool(s.sdk, t, func(ctx context.Context, req *sdk.CallToolRequest, in I) (res *sdk.CallToolResult, out O, err error) {
		defer func() {
			if p := recover(); p != nil {
				s.cfg.Log.Error("panic in a tool", "tool", t.Name, "panic", p, "stack", string(debug.Stack()))
				err = errors.New("internal: the tool failed; the server's log says why")
			}
		}()
		c := &call{api: s.api(req.Extra), client: s.client(req.Session, "", ""), req: req}
		var end context.CancelCauseFunc
		c.ctx, end = context.WithCancelCause(ctx)
		defer end(nil)
		defer context.AfterFunc(c.client.ctx, func() { end(errGone) })()
		r, err := do(c, in)
		if err != nil {
			return nil, out, explained(err)
		}
		res = &sdk.CallToolResult{IsError: r.failure}
		if r.text != "" {
			res.Content = append([]sdk.Content{&sdk.TextContent{Text: r.text}}, r.more...)
		}
		return res, r.data, nil
	})
}

// explained is an error in the words of the API, with its code first.
func explained(err error) error {
	refused, ok := errors.AsType[*apiclient.RefusedError](err)
	if !ok || refused.Code == "" {
		return err
	}
	text := refused.Code + ": " + refused.Detail
	if refused.Field != "" && !strings.Contains(refused.Detail, refused.Field) {
		text += " (" + refused.Field + ")"
	}
	return errors.New(text)
}

// progress tells a caller that wants to know how far a call is.
func (c *call) progress(done, total int, message string) {
	token := c.req.Params.GetProgressToken()
	if token == nil {
		return
	}
	_ = c.req.Session.NotifyProgress(c.ctx, &sdk.ProgressNotificationParams{
		ProgressToken: token, Progress: float64(done), Total: float64(total), Message: message,
	})
}

var errNoSession = errors.New("no_session: there is no session yet; call open_session, or name one by sessionId (list_sessions)")

// session is the one that a call is for, as a part of a path.
func (c *call) session(named string) (string, error) {
	if named == "" {
		named = c.client.session()
	}
	if named == "" {
		return "", errNoSession
	}
	return named, known(named)
}

// known refuses what can't be an id, so that nothing else gets into a path.
func known(name string) error {
	odd := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != '-'
	}
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, odd) {
		return errors.New("not_found: that is no id")
	}
	return nil
}

// at is a path below a session's.
func at(session string, parts ...string) string {
	path := "/sessions/" + url.PathEscape(session)
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// maxAnswer bounds what is read of an answer of the API.
const maxAnswer = 32 << 20

// get reads an answer that is JSON.
func (c *call) get(path string, out any) error { return get(c.ctx, c.api, path, out) }

func get(ctx context.Context, api *apiclient.Client, path string, out any) error {
	res, err := api.Send(ctx, http.MethodGet, path, http.Header{}, nil)
	if err != nil {
		return err
	}
	_, err = read(res, out)
	return err
}

// read reads an answer that is JSON, and says its status.
func read(res *http.Response, out any) (status int, err error) {
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return res.StatusCode, apiclient.Refusal(res)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out); err != nil {
		return res.StatusCode, fmt.Errorf("read the server's answer: %w", err)
	}
	return res.StatusCode, nil
}

// enum has a member of a schema take these values only.
func enum(s *jsonschema.Schema, name string, values ...string) {
	for _, v := range values {
		s.Properties[name].Enum = append(s.Properties[name].Enum, v)
	}
}

func hints(title string, a sdk.ToolAnnotations) *sdk.ToolAnnotations {
	a.Title = title
	return &a
}

var (
	yes = true
	no  = false

	looks   = sdk.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &yes}
	listing = sdk.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &no}
)
