package httpapi

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
)

// other stands for every status that a route doesn't name.
const other = 0

func statusName(status int) string {
	if status == other {
		return "default"
	}
	return strconv.Itoa(status)
}

// refusal is what an answer of a status is called in the description, and what it
// may be for.
type refusal struct {
	name, says string
	code       domain.Code // of the example
	detail     string
	field      string
}

var refusals = map[int]refusal{
	http.StatusBadRequest:                   {"BadRequest", "The body is not JSON.", domain.CodeMalformed, "The body is not one JSON value: unexpected end.", ""},
	http.StatusUnauthorized:                 {"Unauthorized", "There is no API key, or none that is valid.", domain.CodeUnauthorized, "Send a valid API key as Authorization: Bearer bh_….", ""},
	http.StatusForbidden:                    {"Forbidden", "The key's role doesn't include it.", domain.CodeForbidden, "This needs a key of the role project; this one's is viewer.", ""},
	http.StatusNotFound:                     {"NotFound", "There is nothing under the id, in the key's project.", domain.CodeNotFound, "There is nothing under this id.", ""},
	http.StatusConflict:                     {"Conflict", "The state of things doesn't allow it, or the Idempotency-Key was used for another request.", domain.CodeEnded, "The session has ended.", ""},
	http.StatusGone:                         {"Gone", "What comes after the cursor is no longer all there.", domain.CodeExpired, "Events after this cursor were deleted.", ""},
	http.StatusRequestEntityTooLarge:        {"TooLarge", "The body is longer than 1 MiB.", "body_too_large", "The body may have at most 1 MiB. A file for a page may come by its url or as an artifactId instead.", ""},
	http.StatusUnsupportedMediaType:         {"UnsupportedMediaType", "The body is not application/json.", "unsupported_media_type", "Send the body as application/json.", ""},
	http.StatusRequestedRangeNotSatisfiable: {"NoSuchRange", "The file has no such bytes.", "range_not_satisfiable", "The file has no such bytes.", ""},
	http.StatusUnprocessableEntity:          {"Invalid", "Something in the request is wrong; errors says which fields.", domain.CodeInvalid, "limit: expected number <= 100", "limit"},
	http.StatusTooManyRequests:              {"TooMany", "Too much is asked for at once, or waits already.", domain.CodeQueueFull, "1000 sessions wait for a browser already; try again soon.", ""},
	http.StatusNotImplemented:               {"NotHere", "The server lacks a program that this needs.", "video_unavailable", "The server has no ffmpeg to make videos with.", ""},
	http.StatusServiceUnavailable:           {"Unavailable", "The server stops, or its store is away; Retry-After says when to ask again.", domain.CodeUnavailable, "The server is stopping.", ""},
	other:                                   {"OtherProblem", "Anything else that is wrong.", "internal", "Something went wrong inside the server; its log has more under this request's id.", ""},
}

func (r refusal) response(status int) *huma.Response {
	p := newProblem(r.code, r.detail)
	if r.field != "" {
		p.Errors = []FieldError{{Field: r.field, Message: r.detail[len(r.field)+2:]}}
	}
	p.Type = "http://127.0.0.1:8080" + p.Type
	p.RequestID = "req_06h0vrn6b12g35g6ph5tvdtch0"
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	headers := map[string]*huma.Param{"X-Request-Id": header("RequestId")}
	switch status {
	case http.StatusUnauthorized:
		headers["WWW-Authenticate"] = header("WWWAuthenticate")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusConflict:
		headers["Retry-After"] = header("RetryAfter")
	case http.StatusRequestedRangeNotSatisfiable:
		headers["Content-Range"] = header("ContentRange")
	}
	return &huma.Response{Description: r.says, Headers: headers, Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: &huma.Schema{Ref: components + "Problem"}, Example: json.RawMessage(raw)},
	}}
}

// answers is what an answer of a status that isn't refused says.
func answers(status int, answer *huma.Response) string {
	switch status {
	case http.StatusCreated:
		return "It was made, or had been made by the same request before."
	case http.StatusAccepted:
		return "It is on its way."
	case http.StatusNoContent:
		return "It is done."
	case http.StatusPartialContent:
		return "The bytes that were asked for."
	case http.StatusNotModified:
		return "It is what If-None-Match says."
	default:
		media := answer.Content["application/json"]
		if media == nil || media.Schema.Ref == "" {
			return "The answer."
		}
		name := strings.TrimPrefix(media.Schema.Ref, components)
		if strings.HasSuffix(name, "Page") {
			return "A page of the list."
		}
		return "The " + strings.ToLower(capital.ReplaceAllString(name, "$1 $2")) + "."
	}
}

// capital is where a word in a schema's name begins.
var capital = regexp.MustCompile(`([a-z])([A-Z])`)

func header(name string) *huma.Param { return &huma.Param{Ref: "#/components/headers/" + name} }

// answerHeaders are the headers of answers, by their names in the description.
var answerHeaders = map[string]*huma.Param{
	"RequestId":           textHeader("Names the request in the server's log.", "req_06h0vrn6b12g35g6ph5tvdtch0"),
	"Location":            textHeader("Where the thing that was made is.", "http://127.0.0.1:8080/v1/sessions/browser_iwnx132n1"),
	"ETag":                textHeader("Names this answer: with If-None-Match it isn't sent again while it is the same.", `"6dcd4ce23d88e2ee"`),
	"IdempotencyReplayed": textHeader("true when the call had been made before, under the same Idempotency-Key.", "true"),
	"LastModified":        textHeader("When the file was made.", "Tue, 24 Nov 2026 11:30:16 GMT"),
	"AcceptRanges":        textHeader("bytes: parts of it can be asked for by Range.", "bytes"),
	"ContentRange":        textHeader("Which bytes these are, and how many there are in all; bytes */N when there are none such.", "bytes 0-1023/48211"),
	"ContentDisposition":  textHeader("attachment, and its name, of what a page had downloaded; inline of the others.", `attachment; filename=invoice.csv`),
	"PreferenceApplied":   textHeader("How long it was waited for, if it was.", "wait=30"),
	"WWWAuthenticate":     textHeader("How to send a key.", `Bearer realm="browserhook"`),
	"RetryAfter":          textHeader("When to ask again, in seconds, where that is known.", "5"),
}

func textHeader(doc, example string) *huma.Param {
	return &huma.Param{Description: doc, Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
}
