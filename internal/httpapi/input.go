package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// checkInput is what every route asks of a request before huma reads it.
func (s *server) checkInput(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	op := hc.Operation()
	if lines := r.Header.Values("Prefer"); len(lines) > 1 { // huma would take the first; they are one list
		r.Header.Set("Prefer", strings.Join(lines, ", "))
	}
	problem := checkText(r, op)
	if problem == nil {
		problem = checkQuery(r, op.Parameters)
	}
	if problem == nil {
		problem = s.checkBodyShape(requestBody(r.Context()), op)
	}
	if problem != nil {
		problem.write(w)
		return
	}
	next(hc)
}

// isText says whether every store can hold and compare it: PostgreSQL takes
// neither NUL nor what is no UTF-8.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// checkText refuses odd bytes in a path, under which there is nothing, and in
// the headers that the route reads.
func checkText(r *http.Request, op *huma.Operation) *Problem {
	if !isText(r.URL.Path) {
		return newProblem(domain.CodeNotFound, "There is nothing under this id.")
	}
	for _, p := range op.Parameters {
		if p.In == "header" && !isText(r.Header.Get(p.Name)) {
			return refuseField(p.Name, "must be text")
		}
	}
	return nil
}

func refuseField(name, problem string) *Problem {
	return newProblem(domain.CodeInvalid, name+": "+problem, FieldError{Field: name, Message: problem})
}

// checkQuery refuses parameters that the route doesn't know, that come again
// where there can be one, and that are no text. What it lets pass is written
// anew, in the one spelling that all readers understand alike.
func checkQuery(r *http.Request, params []*huma.Param) *Problem {
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return newProblem(domain.CodeInvalid, "The query can't be read; write it as name=value&name=value, percent-encoded.")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		i := slices.IndexFunc(params, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
		switch again := len(values) > 1; {
		case i < 0:
			return refuseField(strings.ToValidUTF8(name, "\uFFFD"), "is no parameter of this path")
		case slices.ContainsFunc(values, func(v string) bool { return !isText(v) }):
			return refuseField(name, "must be text")
		case again && params[i].Schema.Type != huma.TypeArray:
			return refuseField(name, "is given more than once")
		case again && slices.Contains(values, ""):
			return refuseField(name, "must not be empty") // huma would take the first for all of them
		}
	}
	r.URL.RawQuery = query.Encode()
	return nil
}

// checkBodyShape looks at what huma would let pass: members where the route
// takes no body, null where the description doesn't have it, and objects of no
// kind that it has.
func (s *server) checkBodyShape(raw []byte, op *huma.Operation) *Problem {
	if len(raw) == 0 {
		return nil
	}
	var body any
	if err := strictjson.Unmarshal(raw, &body); err != nil {
		return newProblem(domain.CodeMalformed, err.Error())
	}
	if op.RequestBody == nil {
		members, ok := body.(map[string]any)
		if !ok {
			return newProblem(domain.CodeInvalid, "This path takes no body.")
		}
		if len(members) > 0 {
			return refuseField(slices.Sorted(maps.Keys(members))[0], "is not known here: this path takes no body")
		}
		return nil
	}
	in := nulls{s.api.OpenAPI().Components.Schemas}
	if at, problem := in.check(op.RequestBody.Content["application/json"].Schema, body); problem != "" {
		return refuseField(at, problem)
	}
	return nil
}
