package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// ownAnswer marks an operation that writes its answers itself.
const ownAnswer = "own answer"

// tagged says whether the answer of an operation has an ETag: what is read as
// JSON has, so that who polls isn't sent the same again.
func tagged(op *huma.Operation) bool {
	return op.Method == http.MethodGet && op.Metadata[ownAnswer] == nil
}

// withETag has the answer of a GET named by its bytes.
func withETag(hc huma.Context, next func(huma.Context)) {
	if !tagged(hc.Operation()) {
		next(hc)
		return
	}
	r, w := humago.Unwrap(hc)
	next(humago.NewContext(hc.Operation(), r, &taggedAnswer{ResponseWriter: w, seen: r.Header.Values("If-None-Match")}))
}

// taggedAnswer holds back that an answer is 200 until it is known to be another
// than the one that was seen.
type taggedAnswer struct {
	http.ResponseWriter
	seen []string
	held bool
}

func (w *taggedAnswer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *taggedAnswer) WriteHeader(status int) {
	if w.held = status == http.StatusOK; !w.held {
		w.ResponseWriter.WriteHeader(status)
	}
}

// encode writes the whole answer.
func (w *taggedAnswer) encode(v any) error {
	if !w.held {
		return huma.DefaultJSONFormat.Marshal(w.ResponseWriter, v)
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	if matches(w.seen, tag) {
		h.Del("Content-Type")
		w.ResponseWriter.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.ResponseWriter.WriteHeader(http.StatusOK)
	_, err := w.Write(body.Bytes())
	return err
}

// matches says whether lines of If-None-Match name the tag, by the weak comparison
// of RFC 9110: none of ours has a comma in it.
func matches(lines []string, tag string) bool {
	for _, line := range lines {
		for one := range strings.SplitSeq(line, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
