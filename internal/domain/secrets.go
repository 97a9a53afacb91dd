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
	// MaxSecrets is how many a session may have: each is looked for in every text.
	MaxSecrets = 1000
	// cutAt is how much of a text before an ellipsis may be the first part of a
	// secret that was cut there.
	cutAt = 4096
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
	// inForm is how browsers write a form's fields where url.QueryEscape differs.
	inForm = strings.NewReplacer("%2A", "*", "~", "%7E")
	// inURI is what encodeURIComponent leaves and url.QueryEscape doesn't.
	inURI = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
)

// formsOf are a secret as it is and as pages fold its white space, and each of
// them as addresses, forms, HTML, JSON and JSON in JSON write it.
func formsOf(secret string) (forms []string) {
	for _, text := range []string{
		secret, strings.TrimSpace(secret), strings.ReplaceAll(secret, "\r\n", "\n"),
		strings.Join(strings.Fields(secret), " "), strings.NewReplacer("\r", "", "\n", "").Replace(secret),
	} {
		if text == "" || slices.Contains(forms, text) {
			continue
		}
		query := url.QueryEscape(text)
		forms = append(forms, text, query, inURI.Replace(query), inForm.Replace(query), url.PathEscape(text), inText.Replace(text), html.EscapeString(text))
		for _, escape := range []bool{true, false} {
			once := inJSON(text, escape)
			forms = append(forms, once, inJSON(once, escape))
		}
	}
	return forms
}

func inJSON(text string, escapeHTML bool) string {
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(escapeHTML)
	if enc.Encode(text) != nil { // texts marshal
		return text
	}
	return quoted.String()[1 : quoted.Len()-2]
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
	return s.hideCut(s.hide(text))
}

// hideCut hides what is left of secrets where a text was cut: at its end, and
// before an ellipsis.
func (s *Secrets) hideCut(text string) string {
	if len(s.forms) == 0 {
		return text
	}
	parts := strings.Split(text, Hidden)
	for i, part := range parts {
		for _, form := range s.forms {
			if len(form) < 2*shortest {
				continue
			}
			from := max(0, len(part)-cutAt)
			for at := from; ; {
				next := strings.Index(part[at:], form[:shortest])
				if next < 0 {
					break
				}
				if at += next; strings.HasPrefix(form, part[at:]) {
					parts[i] = part[:at] + Hidden
					break
				}
				at++
			}
			part = parts[i]
		}
	}
	return strings.ReplaceAll(strings.Join(parts, Hidden), Hidden+Hidden, Hidden)
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
