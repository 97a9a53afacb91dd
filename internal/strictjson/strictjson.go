// Package strictjson reads the JSON that strangers send: exactly one value, in
// which any two readers see the same (RFC 7493). A member that comes twice, a
// name in another case than the one that is known, text that is no Unicode,
// what a float64 can't hold, and what follows the value are all errors.
package strictjson

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What a text may have at most: for each value, and each level above it,
// whoever checks it may want to say where it is.
const (
	MaxDepth  = 32     // of arrays and objects in each other
	MaxValues = 50_000 // names among them
	MaxName   = 256    // bytes of a member's
)

// maxInteger is up to where a float64 holds every whole number.
const maxInteger = 1<<53 - 1

// Error says what is wrong, and where.
type Error struct {
	Syntax  bool   // it isn't JSON; else it is, and holds what can't be taken
	Field   string // path of the value, "steps[1].url"; "" is all of it
	Problem string // "comes twice"
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// Unmarshal reads the value into v. Members that v has no place for are
// refused; null leaves what it stands for empty. A whole number may be written
// with a fraction of 0 or an exponent. The error is an *[Error].
func Unmarshal(raw []byte, v any) error {
	if err := Check(raw); err != nil {
		return err
	}
	err := json.Unmarshal(raw, v, options)
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		at := path(e.JSONPointer, kindsAt(raw, e.JSONPointer))
		if inner, ok := errors.AsType[*Error](e.Err); ok { // of a type that reads itself with this package
			return &Error{Field: strings.Trim(at+"."+inner.Field, "."), Problem: inner.Problem}
		}
		return &Error{Field: at, Problem: reason(e)}
	}
	return err
}

var options = json.JoinOptions(
	json.RejectUnknownMembers(true), json.WithUnmarshalers(json.UnmarshalFromFunc(integer)),
)

var errInteger = errors.New("is not a whole number of at most 53 bits")

// integer reads what JSON Schema calls an integer, 1.0 and 1e2 among them.
func integer(dec *jsontext.Decoder, v *int) error {
	if dec.PeekKind() != jsontext.KindNumber {
		return errors.ErrUnsupported // the usual way has the usual errors
	}
	t, err := dec.ReadToken()
	if err != nil {
		return err
	}
	f, err := t.Float()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > maxInteger {
		return errInteger
	}
	*v = int(f)
	return nil
}

func reason(e *json.SemanticError) string {
	switch {
	case errors.Is(e.Err, json.ErrUnknownName):
		return "is not known here"
	case errors.Is(e.Err, errInteger):
		return errInteger.Error()
	case e.JSONKind == jsontext.KindString && e.Err != nil:
		return "can't be read"
	default:
		return "is of the wrong type"
	}
}

// Check says whether raw is a value that [Unmarshal] could read into something.
func Check(raw []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	for n := 0; ; n++ {
		t, err := dec.ReadToken()
		if err != nil {
			return malformed(dec, err)
		}
		if n > MaxValues {
			return &Error{Syntax: true, Problem: "it has more than " + strconv.Itoa(MaxValues) + " values"}
		}
		switch t.Kind() {
		case jsontext.KindString:
			text := t.String()
			if in, length := dec.StackIndex(dec.StackDepth()); in == jsontext.KindBeginObject && length%2 == 1 && len(text) > MaxName {
				return &Error{
					Field:   path(dec.StackPointer().Parent(), kinds(dec)),
					Problem: "has a member with a name of more than " + strconv.Itoa(MaxName) + " bytes",
				}
			}
			if strings.Contains(text, "\x00") {
				return checked(dec, "must not hold the character U+0000")
			}
		case jsontext.KindNumber:
			if _, err := t.Float(); err != nil {
				return checked(dec, "is a number out of range")
			}
		}
		if dec.StackDepth() > MaxDepth {
			return &Error{Syntax: true, Problem: "it is nested deeper than " + strconv.Itoa(MaxDepth)}
		}
		if dec.StackDepth() == 0 {
			break
		}
	}
	switch _, err := dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	default:
		return &Error{Syntax: true, Problem: "something follows it"}
	}
}

// checked is an error about the value that was read last.
func checked(dec *jsontext.Decoder, problem string) *Error {
	return &Error{Field: path(dec.StackPointer(), kinds(dec)), Problem: problem}
}

// malformed is an error about what could not be read.
func malformed(dec *jsontext.Decoder, err error) *Error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Syntax: true, Problem: "it ends too early"}
	}
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return &Error{Syntax: true, Problem: err.Error()}
	}
	where, problem := path(e.JSONPointer, kinds(dec)), e.Err.Error()
	if errors.Is(e.Err, jsontext.ErrDuplicateName) {
		problem = "comes twice"
	}
	return &Error{Syntax: true, Field: where, Problem: problem}
}

// kinds is what the values are in which the decoder is, from the outermost.
func kinds(dec *jsontext.Decoder) []jsontext.Kind {
	in := make([]jsontext.Kind, dec.StackDepth())
	for i := range in {
		in[i], _ = dec.StackIndex(i + 1)
	}
	return in
}

// kindsAt is what the values are on the way to a place in a text that Check has passed.
func kindsAt(raw []byte, at jsontext.Pointer) (in []jsontext.Kind) {
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	for token := range at.Tokens() {
		in = append(in, dec.PeekKind())
		if t, err := dec.ReadToken(); err != nil || t.Kind() != in[len(in)-1] {
			return in
		}
		for i := 0; ; i++ { // to the value that the token names
			if in[len(in)-1] == jsontext.KindBeginArray && strconv.Itoa(i) == token {
				break
			}
			if in[len(in)-1] == jsontext.KindBeginObject {
				if name, err := dec.ReadToken(); err != nil || name.String() == token {
					break
				}
			}
			if dec.SkipValue() != nil {
				return in
			}
		}
	}
	return in
}

// path writes a JSON pointer as users do, given what the values are that it
// goes through: a number is a place in a list, or a member's name.
func path(p jsontext.Pointer, in []jsontext.Kind) string {
	var b strings.Builder
	i := 0
	for token := range p.Tokens() {
		switch {
		case i < len(in) && in[i] == jsontext.KindBeginArray:
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + name(token))
		default:
			b.WriteString(name(token))
		}
		i++
	}
	return b.String()
}

// name is a member's name as it can be shown.
func name(token string) string {
	if strings.ContainsFunc(token, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(token)
	}
	return token
}
