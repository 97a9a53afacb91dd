package step

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Target is a parsed target, as the injected engine takes it.
type Target struct {
	Kind  string `json:"kind"`  // css, text, role, label, placeholder, testid, xpath
	Body  string `json:"body"`  // selector, text, role, …
	Exact bool   `json:"exact"` // text and label: the whole of it
	Name  string `json:"name,omitempty"`
	Named bool   `json:"named,omitempty"` // role: the name counts
}

var roleTarget = regexp.MustCompile(`^([a-z]+)(?:\[name=(?:"((?:[^"\\]|\\.)*)"|([^\]"]+))\])?$`)

// ParseTarget reads the text of a target: see the package comment. It can't
// tell whether CSS or XPath is well-formed; the browser does.
func ParseTarget(raw string) (Target, error) {
	text := strings.TrimSpace(raw)
	if text == "" {
		return Target{}, errors.New("is empty")
	}
	kind, body, ok := strings.Cut(text, "=")
	switch kind {
	case "text", "label", "placeholder", "testid", "xpath", "css", "role":
	default:
		ok = false
	}
	if !ok {
		return Target{Kind: "css", Body: text}, nil
	}
	body = strings.TrimSpace(body)
	if body == "" {
		return Target{}, fmt.Errorf("has nothing after %s=", kind)
	}
	t := Target{Kind: kind, Body: body}
	switch kind {
	case "text", "label", "placeholder":
		if len(body) >= 2 && body[0] == '"' && body[len(body)-1] == '"' {
			t.Body, t.Exact = unescape(body[1:len(body)-1]), true
		}
		if strings.TrimSpace(t.Body) == "" {
			return Target{}, fmt.Errorf("has nothing after %s=", kind)
		}
	case "role":
		m := roleTarget.FindStringSubmatch(body)
		if m == nil {
			return Target{}, fmt.Errorf(`%q is not a role such as button or button[name="Buy"]`, body)
		}
		t.Body = m[1]
		if len(m[2])+len(m[3]) > 0 {
			t.Named, t.Name = true, unescape(m[2])+m[3]
		}
	}
	return t, nil
}

func unescape(s string) string {
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}
