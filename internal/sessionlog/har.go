package sessionlog

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// HTTP Archive 1.2. A log has neither headers, cookies nor bodies: their lists are
// empty and their sizes -1, as the format says of what isn't known.

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  string            `json:"startedDateTime"`
	Time     float64           `json:"time"`
	Request  harRequest        `json:"request"`
	Response harResponse       `json:"response"`
	Cache    struct{}          `json:"cache"`
	Timings  domain.LogTimings `json:"timings"`

	Resource string `json:"_resourceType,omitempty"`
	StepID   string `json:"_stepId,omitempty"`
	From     string `json:"_fromCache,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	Query       []harPair `json:"queryString"`
	HeadersSize int64     `json:"headersSize"`
	BodySize    int64     `json:"bodySize"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int64      `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`

	Transferred int64  `json:"_transferSize,omitempty"`
	Failure     string `json:"_failureText,omitempty"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MIMEType string `json:"mimeType"`
}

// WriteHAR writes the requests among the entries, but those for addresses that are their
// own content, as an HTTP archive, one after the other. One that is under way has status 0.
func WriteHAR(w io.Writer, entries []domain.LogEntry, version string) error {
	creator, err := json.Marshal(harCreator{"browserhook", version})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, `{"log":{"version":"1.2","creator":%s,"pages":[],"entries":[`, creator); err != nil {
		return err
	}
	before := ""
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, e := range entries {
		if e.Kind != domain.LogRequest || strings.HasPrefix(e.URL, "data:") || e.URL == "" {
			continue
		}
		if _, err := io.WriteString(w, before); err != nil {
			return err
		}
		if err := enc.Encode(harOf(e)); err != nil {
			return err
		}
		before = ","
	}
	_, err = io.WriteString(w, "]}}\n")
	return err
}

func harOf(e domain.LogEntry) harEntry {
	none, protocol := []harPair{}, harProtocol(e.Protocol)
	timings := domain.LogTimings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1, Receive: max(0, e.Duration)}
	if e.Timings != nil {
		timings = *e.Timings
	}
	total := timings.Receive
	for _, part := range []float64{timings.Blocked, timings.DNS, timings.Connect, timings.Send, timings.Wait} {
		total += max(0, part)
	}
	h := harEntry{
		Started: e.At.UTC().Format(time.RFC3339Nano), Time: total, Timings: timings, Resource: strings.ToLower(e.Resource), StepID: e.StepID, From: e.Cache,
		Request: harRequest{Method: e.Method, URL: asURI(e.URL), HTTPVersion: protocol, Cookies: none, Headers: none, Query: queryOf(e.URL), HeadersSize: -1, BodySize: -1},
		Response: harResponse{
			Status: e.Status, StatusText: e.StatusText, HTTPVersion: protocol, Cookies: none, Headers: none, Content: harContent{e.Body, e.MIMEType},
			RedirectURL: asURI(e.RedirectURL), HeadersSize: -1, BodySize: -1, Transferred: e.Transferred, Failure: e.Failure,
		},
	}
	if !e.Over {
		h.Response.Failure = "it is under way"
	}
	return h
}

// harProtocol is a protocol as archives spell it.
func harProtocol(name string) string {
	switch name {
	case "h2":
		return "HTTP/2.0"
	case "h3":
		return "HTTP/3.0"
	case "":
		return "unknown"
	}
	return strings.ToUpper(name)
}

// asURI is an address without signs that a URI can't have, such as an ellipsis in the
// place of a secret.
func asURI(address string) string {
	var uri strings.Builder
	for _, b := range []byte(address) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte("\"<>\\^`{|}", b) >= 0 {
			fmt.Fprintf(&uri, "%%%02X", b)
		} else {
			uri.WriteByte(b)
		}
	}
	return uri.String()
}

// queryOf are the parameters of an address, in order.
func queryOf(address string) []harPair {
	all := []harPair{}
	_, query, _ := strings.Cut(address, "?")
	query, _, _ = strings.Cut(query, "#")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if pair != "" {
			all = append(all, harPair{unescaped(name), unescaped(value)})
		}
	}
	return all
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return domain.CleanText(plain)
	}
	return s
}
