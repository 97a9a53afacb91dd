package step

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"

	"github.com/browserhook/browserhook/internal/domain"
)

// maxHTML bounds what one step makes Markdown of, in bytes of HTML.
const maxHTML = 4 << 20

// converting are the conversions under way. None can be stopped: one that a page
// has made slow goes on after its step, and those are few.
var converting = make(chan struct{}, 4)

var newConverter = sync.OnceValue(func() *converter.Converter {
	return converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), strikethrough.NewStrikethroughPlugin(), table.NewTablePlugin(),
	))
})

func toMarkdown(html string) (string, error) { return newConverter().ConvertString(html) }

// maker makes what one step was asked for of what was read.
type maker struct {
	ctx  context.Context //nolint:containedctx // a maker is one call
	left int             // bytes of HTML
	make func(html string) (string, error)
}

func (m *maker) markdown(html string) (string, error) {
	if m.left -= len(html); m.left < 0 {
		return "", &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf("The elements have too much HTML: a step makes Markdown of at most %d MiB.", maxHTML>>20)}
	}
	select {
	case converting <- struct{}{}:
	case <-m.ctx.Done():
		return "", context.Cause(m.ctx)
	}
	var md string
	var err error
	done := make(chan struct{})
	go func() {
		defer func() { <-converting }()
		defer close(done)
		md, err = m.make(html)
	}()
	select {
	case <-done:
	case <-m.ctx.Done():
		return "", context.Cause(m.ctx)
	}
	if err != nil {
		return "", &domain.Failure{Code: "markdown_failed", Message: "No Markdown can be made of the element: " + err.Error() + "."}
	}
	return strings.TrimSpace(md), nil
}

// marked says whether Markdown is to be made of a part of the shape.
func (f *Field) marked() bool {
	for _, sub := range f.Fields {
		if sub.marked() {
			return true
		}
	}
	return f.Type == "markdown"
}

// finish makes of what was read what was asked for: Markdown of HTML.
func (f *Field) finish(v json.RawMessage, m *maker) (json.RawMessage, error) {
	if !f.marked() || string(v) == "null" {
		return v, nil
	}
	if f.All || f.Each != "" {
		var list []json.RawMessage
		if err := json.Unmarshal(v, &list); err != nil {
			return nil, err
		}
		one := Field{Type: f.Type, Fields: f.Fields}
		for i := range list {
			var err error
			if list[i], err = one.finish(list[i], m); err != nil {
				return nil, err
			}
		}
		return json.Marshal(list)
	}
	if len(f.Fields) > 0 {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(v, &members); err != nil {
			return nil, err
		}
		for name, sub := range f.Fields {
			if raw, ok := members[name]; ok {
				var err error
				if members[name], err = sub.finish(raw, m); err != nil {
					return nil, err
				}
			}
		}
		return json.Marshal(members)
	}
	var html string
	if err := json.Unmarshal(v, &html); err != nil {
		return nil, err
	}
	md, err := m.markdown(html)
	if err != nil {
		return nil, err
	}
	return json.Marshal(md)
}
