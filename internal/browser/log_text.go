package browser

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// RemoteValue is a value of a page's, as the protocol tells it.
type RemoteValue struct {
	Type        string          `json:"type"`
	Value       json.RawMessage `json:"value"`
	Description string          `json:"description"`
	Word        string          `json:"unserializableValue"`
}

// String is the value as a console shows it.
func (v RemoteValue) String() string {
	var text string
	switch {
	case v.Type == "string" && json.Unmarshal(v.Value, &text) == nil:
		return text
	case v.Description != "":
		return v.Description
	case v.Word != "":
		return v.Word
	case v.Value != nil:
		return string(v.Value)
	}
	return v.Type
}

type callStack struct {
	Frames []struct {
		URL    string `json:"url"`
		Line   int    `json:"lineNumber"`
		Column int    `json:"columnNumber"`
	} `json:"callFrames"`
}

type exception struct {
	Text      string      `json:"text"`
	URL       string      `json:"url"`
	Line      int         `json:"lineNumber"`
	Column    int         `json:"columnNumber"`
	Exception RemoteValue `json:"exception"`
}

// join is what a console shows of several values, as far as it may be kept.
func join(values []RemoteValue) string {
	var all strings.Builder
	for i, v := range values {
		if i > 0 {
			all.WriteByte(' ')
		}
		if all.WriteString(v.String()); all.Len() > 4*maxText {
			break
		}
	}
	return all.String()
}

// cutText is at most maxText of a text.
func cutText(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func tooLong(size int) string { return fmt.Sprintf("(%d bytes, too long to be kept)", size) }

func lostText(n int) string {
	return fmt.Sprintf("(%d events came faster than they could be kept, and are not here)", n)
}
