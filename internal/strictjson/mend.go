package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrDeep is a value that is nested deeper than it may be.
var ErrDeep = errors.New("it is nested too deep")

// Mend makes of a value that a web page made one that every reader takes, on
// one line and nested at most so deep. Text that is no Unicode (a lone
// surrogate, as a text has that is cut inside an emoji, or bytes that aren't
// UTF-8) and U+0000, which PostgreSQL has no place for, become U+FFFD; other
// control characters stay, escaped. A number that a float64 can't hold becomes
// null. Of members whose names are the same, or become so, the first stays. The
// error is ErrDeep, or says that raw isn't one JSON value.
func Mend(raw []byte, maxDepth int) ([]byte, error) {
	var out bytes.Buffer
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	enc := jsontext.NewEncoder(&out, jsontext.EscapeForJS(true))
	for {
		t, err := dec.ReadToken()
		if err != nil {
			return nil, fmt.Errorf("not a JSON value: %w", err)
		}
		if dec.StackDepth() > maxDepth {
			return nil, ErrDeep
		}
		switch t.Kind() {
		case jsontext.KindString:
			t = jsontext.String(strings.ReplaceAll(t.String(), "\x00", "\uFFFD"))
		case jsontext.KindNumber:
			if _, err := t.Float(); err != nil {
				t = jsontext.Null
			}
		}
		switch err := enc.WriteToken(t); {
		case errors.Is(err, jsontext.ErrDuplicateName):
			if err := dec.SkipValue(); err != nil {
				return nil, fmt.Errorf("not a JSON value: %w", err)
			}
		case err != nil:
			return nil, fmt.Errorf("not a JSON value: %w", err)
		}
		if dec.StackDepth() == 0 {
			break
		}
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not one JSON value: something follows it")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), nil
}
