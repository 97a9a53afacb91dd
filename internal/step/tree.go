package step

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/browser"
)

// The accessibility tree of a failure, as an outline.

type axNode struct {
	ID       string   `json:"nodeId"`
	Ignored  bool     `json:"ignored"`
	Role     axValue  `json:"role"`
	Name     axValue  `json:"name"`
	Value    axValue  `json:"value"`
	Children []string `json:"childIds"`
	States   []struct {
		Name  string  `json:"name"`
		Value axValue `json:"value"`
	} `json:"properties"`
}

type axValue struct {
	Value json.RawMessage `json:"value"`
}

func (v axValue) String() string {
	var s string
	if json.Unmarshal(v.Value, &s) == nil {
		return s
	}
	return string(v.Value)
}

// told are the states that say why an element can or can't be used.
var told = map[string]bool{"disabled": true, "checked": true, "pressed": true, "expanded": true, "selected": true, "readonly": true, "focused": true, "level": true, "invalid": true, "required": true}

// tree is what Chromium's accessibility tree holds of every frame that answers.
func (r *run) tree() ([]byte, error) {
	var out bytes.Buffer
	var failed error
	for i, f := range r.page.Frames() {
		if i == 10 || r.ctx.Err() != nil || out.Len() > maxPart {
			break
		}
		if i > 0 {
			fmt.Fprintf(&out, "\nframe %d\n", i)
		}
		if err := r.outline(&out, f); err != nil {
			fmt.Fprintf(&out, "(%s)\n", err)
			if i == 0 {
				failed = err
			}
		}
	}
	if failed != nil && errors.Is(failed, r.ctx.Err()) {
		return nil, failed
	}
	return out.Bytes(), nil
}

func (r *run) outline(out *bytes.Buffer, f browser.Frame) error {
	var tree struct {
		Nodes []axNode `json:"nodes"`
	}
	params := object{}
	if f.Parent != "" {
		params["frameId"] = f.ID
	}
	if err := f.Session.Call(r.ctx, "Accessibility.getFullAXTree", params, &tree); err != nil {
		return err
	}
	if len(tree.Nodes) == 0 {
		return nil
	}
	byID := make(map[string]*axNode, len(tree.Nodes))
	for i := range tree.Nodes {
		byID[tree.Nodes[i].ID] = &tree.Nodes[i]
	}
	var write func(n *axNode, depth int)
	write = func(n *axNode, depth int) {
		delete(byID, n.ID) // once each, whatever they say
		role := n.Role.String()
		shown := !n.Ignored && role != "none" && role != "generic" && role != "InlineTextBox" && (role != "StaticText" || strings.TrimSpace(n.Name.String()) != "")
		if shown {
			out.WriteString(strings.Repeat("  ", min(depth, 50)))
			if role == "StaticText" {
				role = "text"
			}
			fmt.Fprintf(out, "- %s", role)
			if name := n.Name.String(); name != "" {
				fmt.Fprintf(out, " %q", cut(name))
			}
			for _, s := range n.States {
				if told[s.Name] && s.Value.String() != "false" {
					fmt.Fprintf(out, " [%s=%s]", s.Name, s.Value)
				}
			}
			if value := n.Value.String(); value != "" {
				fmt.Fprintf(out, ": %s", cut(value))
			}
			out.WriteByte('\n')
			depth++
		}
		for _, id := range n.Children {
			if child := byID[id]; child != nil && out.Len() <= maxPart {
				write(child, depth)
			}
		}
	}
	write(&tree.Nodes[0], 0)
	return nil
}
