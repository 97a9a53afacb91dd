package step

import (
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

// maxHTML bounds what Markdown is made of, in bytes: it is not to be stopped.
const maxHTML = 4 << 20

var toMarkdown = sync.OnceValue(func() *converter.Converter {
	return converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), strikethrough.NewStrikethroughPlugin(), table.NewTablePlugin(),
	))
})

func markdown(html string) (string, error) {
	if len(html) > maxHTML {
		return "", &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf("The element has %d bytes of HTML; Markdown is made of at most %d.", len(html), maxHTML)}
	}
	md, err := toMarkdown().ConvertString(html)
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
func (f *Field) finish(v json.RawMessage) (json.RawMessage, error) {
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
			if list[i], err = one.finish(list[i]); err != nil {
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
				if members[name], err = sub.finish(raw); err != nil {
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
	md, err := markdown(html)
	if err != nil {
		return nil, err
	}
	return json.Marshal(md)
}
