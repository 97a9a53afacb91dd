package mcp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	browserhook "github.com/browserhook/browserhook/client"
)

// call is one use of a tool.
type call struct {
	ctx    context.Context //nolint:containedctx // a call is one call
	api    *browserhook.Client
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
		api, err := s.api(req.Extra)
		if err != nil {
			return nil, out, err
		}
		c := &call{api: api, client: s.client(req.Session, "", ""), req: req}
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
	refused, ok := errors.AsType[*browserhook.Error](err)
	if !ok || refused.Code == "" {
		return err
	}
	text := refused.Code + ": " + refused.Detail
	if len(refused.Fields) > 0 && !strings.Contains(refused.Detail, refused.Fields[0].Field) {
		text += " (" + refused.Fields[0].Field + ")"
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

// session is the one that a call is for.
func (c *call) session(named string) (*browserhook.Session, error) {
	if named == "" {
		named = c.client.session()
	}
	if named == "" {
		return nil, errNoSession
	}
	return c.api.Session(named), known(named)
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
