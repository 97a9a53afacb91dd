package domain

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
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
	known []string            // as they were given
	forms []string            // in which they are met, the longest first
	heads map[string][]string // those that may be looked for where a text was cut, by how they begin
	used  time.Time           // when one was added last, known or not
}

// Add remembers secrets.
func (s *Secrets) Add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = time.Now()
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
	s.forms, s.heads = slices.Collect(maps.Keys(forms)), map[string][]string{}
	for _, form := range s.forms {
		if len(form) >= 2*shortest {
			s.heads[form[:shortest]] = append(s.heads[form[:shortest]], form)
		}
	}
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
		for _, escaped := range []string{query, inURI.Replace(query), inForm.Replace(query), url.PathEscape(text)} {
			forms = append(forms, escaped, inLowerHex(escaped))
		}
		forms = append(forms, text, inText.Replace(text), html.EscapeString(text))
		for _, escape := range []bool{true, false} {
			once := inJSON(text, escape)
			forms = append(forms, once, inJSON(once, escape))
		}
	}
	return forms
}

// escapes are what addresses write of a sign that they can't have.
var escapes = regexp.MustCompile(`%[0-9A-F]{2}`)

// inLowerHex is an escaped text as those write it that have small letters there.
func inLowerHex(escaped string) string { return escapes.ReplaceAllStringFunc(escaped, strings.ToLower) }

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

// Used says whether there are any, and when one was added last: a step that shows one
// adds it before.
func (s *Secrets) Used() (any bool, last time.Time) {
	if s == nil {
		return false, last
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known) > 0, s.used
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

// HideURL has an ellipsis for each secret in an address, whatever that escapes, and however.
func (s *Secrets) HideURL(address string) string {
	if s == nil {
		return address
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forms) == 0 {
		return address
	}
	address = s.hideCut(s.hide(address))
	if !strings.ContainsAny(address, "%+") || !s.shows(address, true) {
		return address
	}
	var out strings.Builder
	for rest := address; rest != ""; {
		end := strings.IndexAny(rest, "/?#&=;:@") // between which it is one text
		if end < 0 {
			end = len(rest)
		}
		part := rest[:end]
		if s.shows(part, end == len(rest)) {
			part = Hidden
		}
		out.WriteString(part)
		out.WriteString(rest[end:min(end+1, len(rest))])
		rest = rest[min(end+1, len(rest)):]
	}
	if hidden := out.String(); !s.shows(hidden, true) {
		return hidden
	}
	scheme, _, _ := strings.Cut(address, ":") // it is in several parts
	return scheme + ":" + Hidden
}

// shows says whether there is a secret in what a part of an address escapes, or one that
// was cut at its end.
func (s *Secrets) shows(part string, cut bool) bool {
	for _, plain := range []string{unescape(part), unescape(strings.ReplaceAll(part, "+", " "))} {
		hidden := s.hide(plain)
		if cut {
			hidden = s.hideCut(hidden)
		}
		if hidden != plain {
			return true
		}
	}
	return false
}

// unescape reads what an address escapes, as far as that is right.
func unescape(address string) string {
	return anyEscape.ReplaceAllStringFunc(address, func(escape string) string {
		b, _ := hex.DecodeString(escape[1:])
		return string(b)
	})
}

var anyEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// hideCut hides what is left of secrets where a text was cut: at its end, and
// before an ellipsis.
func (s *Secrets) hideCut(text string) string {
	if len(s.forms) == 0 {
		return text
	}
	parts := strings.Split(text, Hidden)
	for i, part := range parts {
		for at := max(0, len(part)-cutAt); at+shortest <= len(part); at++ {
			if slices.ContainsFunc(s.heads[part[at:at+shortest]], func(form string) bool { return strings.HasPrefix(form, part[at:]) }) {
				parts[i] = part[:at] + Hidden
				break
			}
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

// HideJSON has an ellipsis for each secret in the texts and names of a JSON value, and
// for numbers that are secrets.
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
