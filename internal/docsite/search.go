package docsite

import (
	"encoding/json"
	"strings"
)

// entry is what can be found: a chapter of a page.
type entry struct {
	Address string `json:"a"`
	Page    string `json:"p"`
	Title   string `json:"t"` // empty: the page itself
	Group   string `json:"g"`
	Text    string `json:"x"`
}

// maxText is how much of a chapter is in the index, in bytes.
const maxText = 1500

// index is what the page's search looks in.
func (b *book) index() ([]byte, error) {
	var all []entry
	for _, p := range b.all {
		r, err := p.made()
		if err != nil {
			return nil, err
		}
		for i := range r.chapters {
			c := &r.chapters[i]
			one := entry{Address: p.href() + "#" + c.ID, Page: p.short, Title: c.Title, Group: p.group, Text: short(c.text.String())}
			if i == 0 {
				one.Address, one.Title = p.href(), ""
			}
			all = append(all, one)
		}
	}
	return json.Marshal(all)
}

func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	return text
}
