package domain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"html"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
)

const (
	// shortest is how many bytes a secret must have to be looked for inside of
	// texts, which would be full of shorter ones; those are known as a whole.
	shortest = 4
	// maxSecrets bounds how many are remembered; the first are forgotten.
	maxSecrets = 1000
)

// Secrets are texts that must not be told, as far as they are known: what a
// session was given as a secret. A nil one knows none.
type Secrets struct {
	mu    sync.Mutex
	known []string // as they were given
	forms []string // in which they are met, the longest first
}

// Add remembers secrets.
func (s *Secrets) Add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if secret != "" && !slices.Contains(s.known, secret) {
			s.known = append(s.known, secret)
		}
	}
	s.known = s.known[max(0, len(s.known)-maxSecrets):]
	forms := map[string]bool{}
	for _, secret := range s.known {
		for _, form := range formsOf(secret) {
			forms[form] = true
		}
	}
	s.forms = slices.Collect(maps.Keys(forms))
	slices.SortFunc(s.forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }) // one may hold another
}

var (
	// inText is how HTML writes a text between tags.
	inText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	// inURI is what encodeURIComponent leaves and url.QueryEscape doesn't.
	inURI = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
)

// formsOf are a secret as it is, and as addresses, HTML and JSON write it.
func formsOf(secret string) []string {
	query := url.QueryEscape(secret)
	forms := []string{secret, query, inURI.Replace(query), url.PathEscape(secret), inText.Replace(secret), html.EscapeString(secret)}
	for _, escape := range []bool{true, false} {
		var quoted bytes.Buffer
		enc := json.NewEncoder(&quoted)
		enc.SetEscapeHTML(escape)
		if enc.Encode(secret) == nil {
			forms = append(forms, quoted.String()[1:quoted.Len()-2])
		}
	}
	return forms
}

// Known are the secrets, as they were given.
func (s *Secrets) Known() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.known)
}

// Hide has an ellipsis for each secret in a text: as it is, and as addresses,
// HTML and JSON write it.
func (s *Secrets) Hide(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hide(text)
}

func (s *Secrets) hide(text string) string {
	for _, form := range s.forms {
		switch {
		case len(form) >= shortest:
			text = strings.ReplaceAll(text, form, Hidden)
		case text == form:
			return Hidden
		}
	}
	return text
}

// HideJSON does that to every text and every name in a JSON value, and to
// numbers that are secrets.
func (s *Secrets) HideJSON(raw json.RawMessage) json.RawMessage {
	if s == nil || len(raw) == 0 {
		return raw
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forms) == 0 {
		return raw
	}
	hidden, err := s.hideJSON(raw)
	if err != nil {
		return json.RawMessage(`"` + Hidden + `"`) // what can't be read isn't shown
	}
	return hidden
}

// hideJSON writes a value again token by token, in the same order.
func (s *Secrets) hideJSON(raw []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	type level struct {
		object bool
		count  int // of tokens in it
	}
	levels := []level{{}}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && len(levels) == 1 {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
			out.WriteByte(byte(d))
			levels = levels[:len(levels)-1]
			continue
		}
		in := &levels[len(levels)-1]
		switch {
		case in.object && in.count%2 == 1:
			out.WriteByte(':')
		case in.count > 0:
			out.WriteByte(',')
		}
		in.count++
		switch v := token.(type) {
		case json.Delim:
			out.WriteByte(byte(v))
			levels = append(levels, level{object: v == '{'})
			continue
		case string:
			token = s.hide(v)
		case json.Number:
			if slices.Contains(s.known, v.String()) {
				token = Hidden
			}
		}
		if err := enc.Encode(token); err != nil {
			return nil, err
		}
		out.Truncate(out.Len() - 1) // the encoder's line break
	}
}
