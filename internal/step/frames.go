package step

import (
	"fmt"
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
