package step

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// What a page says leaves the browser's side here, and nowhere else: from here
// on it is in rows, events, webhooks and logs, where every reader must be able
// to take it.

const (
	// MaxResult bounds a step's result, in bytes of JSON: it travels in webhooks.
	MaxResult = 256 << 10
	// MaxDepth bounds how deep a result is nested. With the three levels of
	// what is around it, it stays below what the readers of JSON in common use
	// take unasked: .NET's 64, Ruby's 100, Rust's 128.
	MaxDepth = 60
	// maxSaid bounds each text of a failure, in bytes.
	maxSaid = 2000
)

// sanitizeResult is the result of an action as others may see it.
func sanitizeResult(result any) (json.RawMessage, error) {
	if result == nil {
		return nil, nil
	}
	raw, ok := result.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(result); err != nil {
			return nil, err
		}
	}
	raw, err := strictjson.Mend(raw, MaxDepth)
	switch {
	case errors.Is(err, strictjson.ErrDeep):
		return nil, &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf(
			"The result is nested deeper than %d levels; write it as a text, with JSON.stringify.", MaxDepth)}
	case err != nil:
		return nil, err
	case len(raw) > MaxResult:
		return nil, &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf("The result has %d bytes; at most %d are kept.", len(raw), MaxResult)}
	}
	return raw, nil
}

// sanitizeFailure is a failure as others may see it.
func sanitizeFailure(f *domain.Failure, secrets *domain.Secrets) *domain.Failure {
	tell := func(text string) string { return cut(secrets.Hide(text)) }
	return &domain.Failure{Code: f.Code, Message: tell(f.Message), WaitedFor: tell(f.WaitedFor), Seen: tell(f.Seen), Lines: f.Lines}
}

func cut(s string) string {
	s = domain.HideUserinfo(domain.CleanText(s))
	if len(s) <= maxSaid {
		return s
	}
	end := maxSaid
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
