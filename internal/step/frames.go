package step

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/browserhook/browserhook/internal/browser"
)

// chosen are the frames that the target may be in: all, or the one that its
// frame= means. Without that one, no says why.
func (r *run) chosen(frames []browser.Frame) (some []browser.Frame, no verdict, err error) {
	some = frames
	for i, ref := range r.target.Frames {
		var found []browser.Frame
		for j, f := range some {
			if f.Context == 0 || f.Document.Missing != "" || !r.answers(f) {
				continue
			}
			var v verdict
			if ref.URL != nil {
				if i > 0 && j == 0 {
					continue // the frame that it is to be in
				}
				if v, err = r.call(f, "isAt", object{"url": ref.URL}); err == nil && v.OK {
					found = append(found, f)
				}
			} else if v, err = r.call(f, "frameElement", object{"target": ref.element()}); err == nil && v.OK {
				var inner string
				if inner, err = r.innerFrame(f); err == nil {
					n := slices.IndexFunc(frames, func(f browser.Frame) bool { return f.ID == inner })
					if n >= 0 {
						found = append(found, frames[n])
					}
				}
			}
			switch {
			case err != nil && (!lost(err) || r.ctx.Err() != nil):
				return nil, no, err
			case err == nil && v.Fatal:
				return nil, v, r.refused(v)
			}
			if len(found) > 0 && ref.URL == nil {
				break // as with any target, the frame around goes first
			}
		}
		switch len(found) {
		case 0:
			return nil, verdict{Why: "target_not_found", Seen: "no frame matches " + ref.String()}, nil
		case 1:
			some = r.below(found[0], frames)
		default:
			v := verdict{Why: "target_ambiguous", Seen: fmt.Sprintf("%d frames match %s", len(found), ref)}
			return nil, v, r.refused(v)
		}
	}
	if len(r.target.Frames) > 0 {
		some = some[:1]
	}
	return some, no, nil
}

// element is the target of the frame's element.
func (f FrameRef) element() Target {
	if f.Target != nil {
		return *f.Target
	}
	name := cssQuoted(f.Name)
	return Target{Parts: []Part{{Kind: "css", CSS: []Complex{{{CSS: "iframe[name=" + name + "]"}}, {{CSS: "frame[name=" + name + "]"}}, {{CSS: "iframe[id=" + name + "]"}}}}}}
}

// innerFrame is the id of the frame whose element frameElement has found.
func (r *run) innerFrame(f browser.Frame) (string, error) {
	var element struct {
		Result remote `json:"result"`
	}
	if err := f.Session.Call(r.ctx, "Runtime.evaluate", object{"expression": "bh.frame", "contextId": f.Context, "objectGroup": evaluated}, &element); err != nil {
		return "", err
	}
	var node struct {
		Node struct {
			Frame string `json:"frameId"`
		} `json:"node"`
	}
	err := f.Session.Call(r.ctx, "DOM.describeNode", object{"objectId": element.Result.ObjectID}, &node)
	_, _ = f.Session.Send("Runtime.releaseObjectGroup", object{"objectGroup": evaluated})
	return node.Node.Frame, err
}

// below is a frame and all that are in it.
func (r *run) below(f browser.Frame, frames []browser.Frame) []browser.Frame {
	some := []browser.Frame{f}
	for _, other := range frames { // what is around a frame comes before it
		if slices.ContainsFunc(some, func(up browser.Frame) bool { return up.ID == other.Parent }) {
			some = append(some, other)
		}
	}
	return some
}

// askAround calls a function of the engine in the document around a frame, with
// the frame's element.
func (r *run) askAround(ctx context.Context, inner, outer browser.Frame, fn string) (v verdict, err error) {
	var owner struct {
		Node int64 `json:"backendNodeId"`
	}
	if err := outer.Session.Call(ctx, "DOM.getFrameOwner", object{"frameId": inner.ID}, &owner); err != nil {
		return v, err
	}
	var element struct {
		Object remote `json:"object"`
	}
	if err := outer.Session.Call(ctx, "DOM.resolveNode", object{"backendNodeId": owner.Node, "executionContextId": outer.Context}, &element); err != nil {
		return v, err
	}
	var res returned
	if err := outer.Session.Call(ctx, "Runtime.callFunctionOn", object{
		"functionDeclaration": "function(fn) { return bh[fn](this) }", "objectId": element.Object.ObjectID,
		"arguments": []object{{"value": fn}}, "returnByValue": true, "awaitPromise": true,
	}, &res); err != nil {
		return v, err
	}
	return res.verdict(outer)
}

// lookThrough is lookIn for which nothing in a frame is visible that isn't so
// itself, in what is around it. What the mouse is for needs no such look: the
// mouse gets to no hidden frame.
func (r *run) lookThrough(f browser.Frame, fn string, args object, every []browser.Frame) (v verdict, answered bool, err error) {
	n, _ := args["needs"].(needs)
	state := args["state"]
	switch {
	case f.Parent == "":
	case fn == "act" && n.Visible && !n.Point:
		first := maps.Clone(args)
		first["op"], first["args"] = "none", nil
		if v, answered, err = r.lookIn(f, fn, first, every); err != nil || !answered || !v.OK {
			return v, answered, err
		}
		if no, err := r.concealed(f); err != nil || no != nil {
			return *cmp.Or(no, &v), true, err
		}
	case fn == "state" && (state == "visible" || state == "hidden"):
		v, answered, err = r.lookIn(f, fn, args, every)
		if err != nil || !answered || v.None || v.OK != (state == "visible") || !v.OK && v.Why != "state" {
			return v, answered, err
		}
		no, err := r.concealed(f)
		if no != nil {
			v = *no
			v.OK = state == "hidden"
		}
		return v, true, err
	}
	return r.lookIn(f, fn, args, every)
}

// concealed says which frame that a document is in can't be seen, if one can't.
// A document around it that hangs conceals nothing.
func (r *run) concealed(f browser.Frame) (no *verdict, err error) {
	for _, outer := range r.above(f) {
		ctx, cancel := context.WithTimeout(r.ctx, hangs)
		v, err := r.askAround(ctx, f, outer, "shows")
		hung := ctx.Err() != nil && r.ctx.Err() == nil
		cancel()
		if !hung && (err != nil || !v.OK) {
			return &v, err
		}
		f = outer
	}
	return nil, nil
}
