package step

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"path"
	"strings"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/weburl"
)

// The codes of uploads that fail.
const (
	CodeUploadRefused = "upload_refused"
	CodeNoArtifact    = "artifact_not_found"
	CodeUnread        = "artifact_not_read"
	CodeUnfetched     = "file_not_fetched"
	CodeBlocked       = "address_blocked"
)

// MaxUpload bounds the files of one step, in bytes, and what pages have stored. What
// comes with the request is bounded by that too.
const MaxUpload = 32 << 20

// File is a file to upload: its bytes, an artifact of the session, or what an address
// holds.
type File struct {
	Name     string `json:"name,omitempty" doc:"What the page is told it is called. Needed with content." maxLength:"255" example:"cv.pdf"`
	Type     string `json:"type,omitempty" doc:"Its media type; by the name if it is left out." maxLength:"255" example:"application/pdf"`
	Content  string `json:"content,omitempty" doc:"Its bytes, as base64, within a request's 1 MiB." maxLength:"1048576" secret:"true"`
	Artifact string `json:"artifactId,omitempty" doc:"Instead: an artifact of this session, such as a download." maxLength:"64"`
	URL      string `json:"url,omitempty" doc:"Instead: an http or https address, fetched as the session's browser may reach it, without its cookies and headers." maxLength:"4096" example:"https://example.com/cv.pdf"`

	loaded *[]byte
}

var uploading = []action{{
	name: "upload",
	does: "Gives files to a field for files, to the field of a label, or to the page that asks for them when the target is clicked. An empty list takes them out.",
	members: []member{
		target.must(),
		{name: "files", tag: `doc:"The files." maxItems:"100"`, needed: true},
	},
	check:   checkFiles,
	answers: "the name and the size of each file.",
	gives:   uploadResult{},
	examples: []example{{
		step:   `{"action":"upload","target":"label=Attachment","files":[{"name":"note.txt","content":"SGVsbG8="}]}`,
		result: `{"files":[{"name":"note.txt","size":5}]}`,
	}},
	run: (*run).upload,
}}

func checkFiles(s *Spec, at pathTo) error {
	total := 0
	for i, f := range s.Files {
		field := fmt.Sprintf("%s[%d]", at("files"), i)
		switch {
		case f.Content != "" && f.Artifact != "":
			return domain.Invalid(field, "has content and an artifactId; it takes one of them")
		case f.URL != "" && (f.Content != "" || f.Artifact != ""):
			return domain.Invalid(field, "has a url and something else that it is; it takes one of them")
		case f == File{}:
			return domain.Invalid(field, "needs a name with content, an artifactId, or a url")
		case f.Artifact == "" && f.URL == "" && f.Name == "":
			return domain.Invalid(field+".name", "is needed with content")
		case strings.ContainsAny(f.Name, "/\\\x00"):
			return domain.Invalid(field+".name", "is a path; a file's name has no slashes")
		case f.Artifact != "" && !strings.HasPrefix(f.Artifact, string(domain.PrefixArtifact)):
			return domain.Invalid(field+".artifactId", "is not the id of an artifact")
		}
		if f.URL != "" {
			u, err := weburl.Parse(f.URL)
			if err != nil {
				return domain.Invalid(field+".url", "%s", err)
			}
			if u.User != nil {
				return domain.Invalid(field+".url", "must not hold a user name or password")
			}
			s.Files[i].URL = u.String()
		}
		raw, err := base64.StdEncoding.DecodeString(f.Content)
		if err != nil {
			return domain.Invalid(field+".content", "is not base64")
		}
		if total += len(raw); total > MaxUpload {
			return domain.Invalid(at("files"), "have more than %d MiB", MaxUpload>>20)
		}
	}
	return nil
}

// Sources are where the files of a step come from.
type Sources struct {
	Artifact func(ctx context.Context, id string) (domain.Artifact, []byte, error)
	// Storage is what pages had stored, by the artifact of a session of the same project;
	// "" is the step's own.
	Storage func(ctx context.Context, session, id string) ([]byte, error)
	// Dial connects as the session's browser does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Load has the files and the state that are artifacts or addresses fetched, within the
// step's time. It is to be called before Run.
func (s *Spec) Load(ctx context.Context, from Sources) *domain.Failure {
	within, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	if s.Artifact != "" {
		return s.notLoaded(ctx, within, s.loadState(within, from), s.Artifact, "")
	}
	total := 0
	for i := range s.Files {
		f := &s.Files[i]
		if f.Artifact == "" && f.URL == "" {
			continue
		}
		var a domain.Artifact
		var content []byte
		var err error
		if f.URL != "" {
			a.ID, a.ContentType, content, err = from.download(within, f.URL, MaxUpload-int64(total))
		} else {
			a, content, err = from.Artifact(within, f.Artifact)
			a.ID += extension(a.ContentType)
		}
		if why := s.notLoaded(ctx, within, err, f.Artifact, f.URL); why != nil {
			return why
		}
		if total += len(content); total > MaxUpload {
			return &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf("The files have more than %d MiB.", MaxUpload>>20)}
		}
		f.loaded = &content
		if f.Type == "" {
			f.Type = a.ContentType
		}
		if f.Name == "" {
			f.Name = a.ID
		}
	}
	return nil
}

// notLoaded is why an artifact or an address was not fetched; nil if it was.
func (s *Spec) notLoaded(ctx, within context.Context, err error, artifact, address string) *domain.Failure {
	why, told := errors.AsType[*domain.Failure](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, domain.ErrNotFound):
		return noArtifact(artifact)
	case ctx.Err() != nil:
		return &domain.Failure{Code: CodeCanceled, Message: "The step was canceled."}
	case within.Err() != nil:
		return &domain.Failure{Code: CodeTimeout, Message: fmt.Sprintf("Timed out after %s.", s.timeout()), WaitedFor: "the file " + cmp.Or(artifact, cut(address)) + " to be read"}
	case told:
		return why
	}
	return &domain.Failure{Code: CodeUnread, Message: fmt.Sprintf("The artifact %s could not be read; it may be later.", artifact)}
}

// download is what an address holds: its name, its type and its bytes.
func (from Sources) download(ctx context.Context, address string, limit int64) (name, kind string, content []byte, err error) {
	file, err := egress.Fetch(ctx, from.Dial, address, limit)
	failed, known := errors.AsType[*egress.Error](err)
	switch {
	case errors.Is(err, egress.ErrLarge):
		return "", "", nil, &domain.Failure{Code: CodeTooLarge, Message: fmt.Sprintf("The files have more than %d MiB.", MaxUpload>>20), Seen: cut(address)}
	case known && failed.Class == egress.ClassBlocked:
		return "", "", nil, &domain.Failure{Code: CodeBlocked, Message: "The session's browser may not reach the address of the file: " + cut(failed.Message) + ".", Seen: cut(address)}
	case known:
		return "", "", nil, &domain.Failure{Code: CodeUnfetched, Message: "The file could not be fetched: " + cut(failed.Message) + ".", Seen: cut(address)}
	case err != nil:
		return "", "", nil, err
	}
	return browser.FileName(file.Name), file.ContentType, file.Content, nil
}

func noArtifact(id string) *domain.Failure {
	return &domain.Failure{Code: CodeNoArtifact, Message: fmt.Sprintf("The session has no artifact %s.", id)}
}

func extension(contentType string) string {
	known := map[string]string{"image/jpeg": ".jpg", "text/plain": ".txt", "text/html": ".html"} // of several, the usual one
	if ext, ok := known[contentType]; ok {
		return ext
	}
	if all, err := mime.ExtensionsByType(contentType); err == nil && len(all) > 0 {
		return all[0]
	}
	return ""
}

func (r *run) upload() (any, error) {
	files, told, err := r.files()
	if err != nil {
		return nil, err
	}
	for {
		v, err := r.act(needs{Enabled: true}, "files", nil)
		if err != nil {
			return nil, err
		}
		if v.Asks {
			return told, r.answer(files)
		}
		v, err = r.call(v.frame, "give", object{"files": files})
		switch {
		case err == nil && v.OK:
			return told, r.settled(func() error { return nil })
		case err == nil && v.Fatal:
			return nil, r.refused(v)
		case err != nil && (!lost(err) || r.ctx.Err() != nil):
			return nil, err
		}
	}
}

// files are the step's files as the page takes them, and as the step tells them.
func (r *run) files() (files []object, told object, err error) {
	files = []object{}
	list := []object{}
	for _, f := range r.spec.Files {
		content, size := f.Content, base64.StdEncoding.DecodedLen(len(f.Content))-strings.Count(f.Content, "=")
		if f.Artifact != "" || f.URL != "" {
			if f.loaded == nil {
				return nil, nil, noArtifact(cmp.Or(f.Artifact, cut(f.URL)))
			}
			content, size = base64.StdEncoding.EncodeToString(*f.loaded), len(*f.loaded)
		}
		kind := f.Type
		if kind == "" {
			kind, _, _ = strings.Cut(mime.TypeByExtension(path.Ext(f.Name)), ";")
		}
		if kind == "" {
			kind = "application/octet-stream"
		}
		files = append(files, object{"name": f.Name, "type": kind, "content": content})
		list = append(list, object{"name": f.Name, "size": size})
	}
	return files, object{"files": list}, nil
}

// answer clicks what makes the page ask for files, and gives them to it.
func (r *run) answer(files []object) error {
	asked, stop, err := r.page.Choosers(r.ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := r.click(1); err != nil {
		return err
	}
	r.waitedFor = "the page to ask for files"
	r.seen = verdict{Seen: "a click on the target, after which it asked for none"}
	select {
	case c := <-asked:
		return r.chooseFiles(c, files)
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

// chooseFiles gives files to the field that asks for them.
func (r *run) chooseFiles(c browser.Chooser, files []object) error {
	refused := func(why string) error {
		return &domain.Failure{Code: CodeUploadRefused, Message: "The page can't be given files.", WaitedFor: r.waitedFor, Seen: why}
	}
	world := int64(0)
	for _, f := range r.page.Frames() {
		if f.ID == c.Frame {
			world = f.Context
		}
	}
	if c.Node == 0 || world == 0 {
		return refused("a request for files that no field makes")
	}
	var field struct {
		Object struct {
			ID string `json:"objectId"`
		} `json:"object"`
	}
	if err := c.Session.Call(r.ctx, "DOM.resolveNode", object{"backendNodeId": c.Node, "executionContextId": world}, &field); err != nil {
		if lost(err) {
			return refused("a field that was gone at once")
		}
		return err
	}
	var res struct {
		Result struct {
			Value verdict `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	return r.settled(func() error {
		err := c.Session.Call(r.ctx, "Runtime.callFunctionOn", object{
			"objectId": field.Object.ID, "functionDeclaration": "function (files) { return bh.answer(this, files) }",
			"arguments": []object{{"value": files}}, "returnByValue": true, "userGesture": true,
		}, &res)
		switch v := res.Result.Value; {
		case err != nil:
			return err
		case res.Exception != nil:
			return refused("a field that could not be given any: " + res.Exception.Text)
		case !v.OK:
			return r.refused(v)
		}
		return nil
	})
}
