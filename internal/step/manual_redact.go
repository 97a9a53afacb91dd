package step

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
)

// redact takes out what the session knows to be secret, wherever it is in a step: also what
// was joined to what came before it, such as letters that were typed one by one. It names
// the members that it was taken out of, or that never had it.
func (t *ManualTracker) redact(s Spec) (_ Spec, secret []string) {
	given, hidden := s.Params(), s
	if shown := t.secrets.HideJSON(given); !bytes.Equal(shown, given) {
		hidden = Spec{}
		_ = json.Unmarshal(shown, &hidden) // without the members that are no texts and were secret
		hidden.Action, hidden.Secret = s.Action, s.Secret
		if left := hidden.Params(); !bytes.Equal(left, given) { // as texts: one writes < as it is
			secret = differing(given, left)
		}
	}
	if slices.Contains(secret, "value") {
		value := redacted
		hidden.Value, hidden.Secret = &value, s.Action == "fill" || s.Action == "type"
	} else if s.Secret {
		secret = append(secret, "value")
	}
	return hidden, secret
}

// differing names the members of an object that another doesn't have so.
func differing(object, other json.RawMessage) (names []string) {
	var members, others map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil || json.Unmarshal(other, &others) != nil { // steps are objects
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !bytes.Equal(members[name], others[name]) {
			names = append(names, name)
		}
	}
	return names
}

// emptied takes their content out of files of which one holds a secret, and says whether
// one did.
func (t *ManualTracker) emptied(files []File) (left bool) {
	for i := range files {
		content, err := base64.StdEncoding.DecodeString(files[i].Content)
		if err != nil || t.secrets.Hide(string(content)) != string(content) {
			files[i].Content, left = "", true
		}
	}
	return left
}
