package oracle

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/step"
)

// quoted is a value as JavaScript and JSON write it.
func quoted(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// their is the case's steps in Playwright's words.
func (c Case) their() (string, error) {
	if c.Their != "" {
		return c.Their, nil
	}
	specs, err := c.specs()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("let started\n")
	for i, s := range specs {
		limit := c.timeout(i, len(specs))
		fmt.Fprintf(&b, "await dawdle()\npage.setDefaultTimeout(%d)\n", limit.Milliseconds())
		line := onPage(s)
		switch {
		case s.Action == "assert":
			line = expectation(s, limit)
		case s.Target != "":
			line = onElement(s)
		}
		if line == "" {
			return "", fmt.Errorf("write %s for Playwright", s.Action)
		}
		switch {
		case s.Popup:
			line = "started = page.waitForEvent('popup')\n" + line + "\npage = await started"
		case s.Download:
			line = "started = page.waitForEvent('download')\n" + line + "\nawait (await started).path()"
		}
		b.WriteString(line + "\n")
	}
	return b.String() + "return page", nil
}

// onPage is a step that has no target.
func onPage(s step.Spec) string {
	options := object{}
	if s.WaitUntil != "" {
		options["waitUntil"] = s.WaitUntil
	}
	switch s.Action {
	case "goto":
		return fmt.Sprintf("await page.goto(%s, %s)", quoted(s.URL), quoted(options))
	case "reload":
		return fmt.Sprintf("await page.reload(%s)", quoted(options))
	case "back":
		return fmt.Sprintf("await page.goBack(%s)", quoted(options))
	case "forward":
		return fmt.Sprintf("await page.goForward(%s)", quoted(options))
	case "press":
		return fmt.Sprintf("await page.keyboard.press(%s)", quoted(s.Key))
	case "type":
		return fmt.Sprintf("await page.keyboard.type(%s)", quoted(*s.Value))
	case "evaluate":
		return fmt.Sprintf("await page.evaluate(%s)", quoted(s.Expression))
	case "waitFor":
		return fmt.Sprintf("await page.waitForURL(%s)", quoted(strings.ReplaceAll(s.URL, "*", "**")))
	}
	return ""
}

// onElement is a step with a target.
func onElement(s step.Spec) string {
	options := object{}
	if s.Button != "" {
		options["button"] = s.Button
	}
	if len(s.Modifiers) > 0 {
		options["modifiers"] = s.Modifiers
	}
	if s.Position != nil {
		options["position"] = s.Position
	}
	if s.ClickCount > 0 {
		options["clickCount"] = s.ClickCount
	}
	line := "await page.locator(" + quoted(s.Target) + ")"
	switch s.Action {
	case "click", "hover", "tap":
		return line + fmt.Sprintf(".%s(%s)", s.Action, quoted(options))
	case "doubleClick":
		return line + fmt.Sprintf(".dblclick(%s)", quoted(options))
	case "drag":
		delete(options, "position")
		delete(options, "modifiers") // Playwright has none here
		if s.Position != nil {
			options["sourcePosition"] = s.Position
		}
		if s.ToPosition != nil {
			options["targetPosition"] = s.ToPosition
		}
		if s.Moves > 0 {
			options["steps"] = s.Moves
		}
		return line + fmt.Sprintf(".dragTo(page.locator(%s), %s)", quoted(s.To), quoted(options))
	case "upload":
		files := []string{}
		for _, f := range s.Files {
			files = append(files, fmt.Sprintf(`{ name: %s, mimeType: %s, buffer: Buffer.from(%s, "base64") }`, quoted(f.Name), quoted(f.Type), quoted(f.Content)))
		}
		return line + fmt.Sprintf(".setInputFiles([%s])", strings.Join(files, ", "))
	case "check", "uncheck":
		return line + fmt.Sprintf(".%s(%s)", s.Action, quoted(options))
	case "fill":
		return line + fmt.Sprintf(".fill(%s)", quoted(*s.Value))
	case "type":
		return line + fmt.Sprintf(".pressSequentially(%s)", quoted(*s.Value))
	case "press":
		return line + fmt.Sprintf(".press(%s)", quoted(s.Key))
	case "select":
		values := s.Values
		if s.Value != nil {
			values = []string{*s.Value}
		}
		if s.Label != nil {
			return line + fmt.Sprintf(".selectOption({ label: %s })", quoted(*s.Label))
		}
		if s.Index != nil {
			return line + fmt.Sprintf(".selectOption({ index: %d })", *s.Index)
		}
		return line + fmt.Sprintf(".selectOption(%s)", quoted(values))
	case "waitFor":
		state := s.State
		if state == "" {
			state = "visible"
		}
		return line + fmt.Sprintf(".waitFor({state: %s})", quoted(state))
	}
	return ""
}
