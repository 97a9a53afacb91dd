package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	browserhook "github.com/browserhook/browserhook/client"
)

// Files that steps made and pages downloaded, and what pages said.

func (s *Server) fileTools() {
	add(s, &sdk.Tool{
		Name: "files", Description: "The files of a session: screenshots, PDFs, downloads, what a page was like when a step failed. With artifactId, the content of one. A page gets one by the step upload (files: [{artifactId}], or name and content in base64, or url), and makes one by the steps download, pdf and click with download: true.",
		Annotations: hints("Files", listing),
	}, nil, (*call).files)
	add(s, &sdk.Tool{
		Name: "logs", Description: "What the session's pages wrote to the console, and the requests that they made.",
		Annotations: hints("Console and network", listing),
	}, func(in *jsonschema.Schema) {
		enum(in, "kind", "console", "error", "request", "refused")
		in.Properties["limit"].Minimum, in.Properties["limit"].Maximum = new(1.0), new(200.0)
	}, (*call).logs)
}

type filesInput struct {
	ID
	ArtifactID string `json:"artifactId,omitempty" jsonschema:"Read this one."`
	Cursor     string `json:"cursor,omitempty" jsonschema:"nextCursor of the list before."`
}

// files answers a list in an object's words, and a file as what it is; both without an
// object, since a picture can't be in one.
func (c *call) files(in filesInput) (result[none], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[none]{}, err
	}
	if in.ArtifactID != "" {
		if err := known(in.ArtifactID); err != nil {
			return result[none]{}, err
		}
		return c.file(session, in.ArtifactID)
	}
	page, err := session.ArtifactPage(c.ctx, browserhook.ListParams{Cursor: in.Cursor, Limit: 50})
	if err != nil {
		return result[none]{}, err
	}
	var text strings.Builder
	r := result[none]{}
	for _, a := range page.Data {
		fmt.Fprintf(&text, "%s %s %s %d bytes %s %s\n", a.ArtifactID, a.Kind, a.ContentType, a.Size, stamp(a.CreatedAt), a.Name)
		r.more = append(r.more, link(session.SessionID, a))
	}
	if page.NextCursor != "" {
		fmt.Fprintf(&text, "more: cursor: %s\n", page.NextCursor)
	}
	if text.Len() == 0 {
		text.WriteString("There are none.")
	}
	r.text = strings.TrimSuffix(text.String(), "\n")
	return r, nil
}

func link(session string, a browserhook.Artifact) *sdk.ResourceLink {
	name := a.Name
	if name == "" {
		name = a.Kind
	}
	return &sdk.ResourceLink{URI: artifactURI(session, a.ArtifactID), Name: name, MIMEType: a.ContentType, Size: &a.Size}
}

// maxText is how many bytes of a file a tool answers as text.
const maxText = 32 << 10

func (c *call) file(session *browserhook.Session, id string) (result[none], error) {
	content, err := fetch(c.ctx, session, id, maxImage)
	if err != nil {
		return result[none]{}, err
	}
	r := result[none]{text: fmt.Sprintf("%s, %s, %d bytes", artifactURI(session.SessionID, id), content.kind, content.size)}
	switch {
	case content.data == nil:
		r.text += ": too large to be shown here"
	case strings.HasPrefix(content.kind, "image/"):
		r.more = []sdk.Content{&sdk.ImageContent{Data: content.data, MIMEType: content.kind}}
	case content.isText():
		text := string(content.data)
		if len(text) > maxText {
			text = strings.ToValidUTF8(text[:maxText], "") + "…"
		}
		r.more = []sdk.Content{&sdk.TextContent{Text: text}}
	default:
		r.text += ": read the resource for its bytes"
	}
	return r, nil
}

// content is an artifact's bytes; nil: there are more than were asked for.
type content struct {
	kind string
	size int64
	data []byte
}

func (c *content) isText() bool {
	kind, _, _ := mime.ParseMediaType(c.kind)
	return (strings.HasPrefix(kind, "text/") || kind == "application/json" || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "xml")) && utf8.Valid(c.data)
}

// fetch reads an artifact of at most so many bytes.
func fetch(ctx context.Context, session *browserhook.Session, id string, most int64) (c content, err error) {
	f, err := session.ArtifactStart(ctx, id, most)
	if err != nil {
		return c, err
	}
	defer f.Close()
	c.kind, c.size = f.ContentType, f.Size
	if c.size > most {
		return c, nil
	}
	c.data, err = io.ReadAll(io.LimitReader(f, most))
	return c, err
}

type logsInput struct {
	ID
	Kind   string `json:"kind,omitempty" jsonschema:"Only these; console, errors and refused by default, without requests."`
	Cursor string `json:"cursor,omitempty" jsonschema:"Only what came after: nextCursor of an earlier call."`
	Limit  int    `json:"limit,omitempty" jsonschema:"The last so many, 1 to 200; 50 by default."`
}

type logEntry struct {
	Number     int64    `json:"number"`
	Kind       string   `json:"kind"`
	At         string   `json:"at"`
	Type       string   `json:"type,omitempty"`
	Text       string   `json:"text,omitempty"`
	Method     string   `json:"method,omitempty"`
	URL        string   `json:"url,omitempty"`
	Status     int      `json:"status,omitempty"`
	Failure    string   `json:"failure,omitempty"`
	Host       string   `json:"host,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	DurationMs *float64 `json:"durationMs,omitempty"`
}

type logList struct {
	Entries    []logEntry `json:"entries"`
	NextCursor string     `json:"nextCursor,omitempty" jsonschema:"For what comes next."`
}

// maxPages is of how many thousands of entries the last are looked for.
const maxPages = 20

// maxLine bounds each text of an entry, in bytes.
const maxLine = 500

func (c *call) logs(in logsInput) (result[logList], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[logList]{}, err
	}
	kinds, most := []string{"console", "error", "refused"}, cmp.Or(in.Limit, 50)
	if in.Kind != "" {
		kinds = []string{in.Kind}
	}
	out := logList{Entries: []logEntry{}, NextCursor: in.Cursor}
	for range maxPages {
		page, err := session.LogPage(c.ctx, browserhook.ReadLogsParams{Kinds: kinds, Limit: 1000, Cursor: out.NextCursor})
		if err != nil {
			return result[logList]{}, err
		}
		for _, e := range page.Data[max(0, len(page.Data)-most):] {
			out.Entries = append(out.Entries, logEntry{e.Number, e.Kind, stamp(e.At), e.Type, e.Text, e.Method, e.URL, e.Status, e.Failure, e.Host, e.Reason, e.DurationMs})
		}
		if n := len(page.Data); n > 0 {
			out.NextCursor = strconv.FormatInt(page.Data[n-1].Number, 10)
		}
		out.Entries = out.Entries[max(0, len(out.Entries)-most):]
		if page.NextCursor == "" {
			break
		}
	}
	for i := range out.Entries {
		e := &out.Entries[i]
		e.Text, e.URL = short(e.Text), short(e.URL)
	}
	raw, err := json.Marshal(out)
	return result[logList]{data: out, text: string(raw)}, err
}

func short(s string) string {
	if len(s) <= maxLine {
		return s
	}
	return strings.ToValidUTF8(s[:maxLine], "") + "…"
}

// indented is an object for a reader.
func indented(v any) []byte {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return []byte("{}")
	}
	return raw
}

// stamp is a time as the API writes it; empty: there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
