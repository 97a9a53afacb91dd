package step

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// What a page was like when a step failed on it is kept beside the failure, in
// one file: a picture with the element or the place marked, the accessibility
// tree, and what the console and the network said during the step.

// KindFailure is the kind of the artifact that is this file.
const KindFailure = "failure"

const (
	// gatherWithin bounds how much later a step fails because of it.
	gatherWithin = 2 * time.Second
	// maxPart bounds each text in it, in bytes.
	maxPart = 512 << 10
)

// Option changes how a step is run.
type Option func(*run)

// WithBundle has a step that fails keep what the page was like.
func WithBundle(r *run) { r.journal = &journal{} }

// bundle is the file while it is gathered.
type bundle struct {
	mu      sync.Mutex
	parts   map[string][]byte
	missing map[string]string // parts that could not be had, and why
}

func (b *bundle) put(name string, content []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.missing[name] = err.Error()
		return
	}
	b.parts[name] = content
}

// unkept are failures of which the page can say nothing.
var unkept = []string{CodeCanceled, CodeBrowserGone, codeUnreadable, codeInvalid, CodeTooLarge}

// keep gathers the bundle of a failure and names it there. When whole, the
// context that the step was given, ends, so does this.
func (r *run) keep(whole context.Context, f *domain.Failure) {
	if r.journal == nil || r.save == nil || whole.Err() != nil || slices.Contains(unkept, f.Code) || r.spec.Retries > 0 && Retryable(f) {
		return
	}
	ctx, cancel := context.WithTimeout(whole, gatherWithin)
	defer cancel()
	at := &run{ctx: ctx, page: r.page, spec: r.spec, target: r.target, seen: r.seen}
	b := &bundle{parts: map[string][]byte{}, missing: map[string]string{}}
	secrets := &domain.Secrets{}
	secrets.Add(append(r.page.Secrets.Known(), r.spec.secrets()...)...)
	var wg sync.WaitGroup
	if f.Code != CodeCrashed {
		wg.Go(func() {
			picture, err := at.marked()
			b.put("page.jpg", picture, err)
		})
		wg.Go(func() {
			tree, err := at.tree()
			b.put("tree.txt", hide(tree, secrets), err)
		})
	}
	console, network := r.journal.read()
	b.put("console.json", hide(console, secrets), nil)
	b.put("network.json", hide(network, secrets), nil)
	wg.Wait()
	main := r.page.Main()
	b.put("failure.json", hide(indented(object{
		"action": r.spec.Action, "target": r.spec.Target, "code": f.Code, "message": f.Message, "waitedFor": f.WaitedFor, "seen": f.Seen,
		"url": domain.HideUserinfo(main.Document.URL), "at": domain.FormatTime(time.Now()), "missing": b.missing,
	}), secrets), nil)
	content, err := b.zip()
	if err != nil || whole.Err() != nil {
		return
	}
	saving, cancel := context.WithTimeout(whole, gatherWithin)
	defer cancel()
	if a, err := r.save(saving, KindFailure, "application/zip", content); err == nil {
		f.ArtifactID = a.ID
	}
}

func (b *bundle) zip() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range []string{"failure.json", "page.jpg", "tree.txt", "console.json", "network.json"} {
		content, ok := b.parts[name]
		if !ok {
			continue
		}
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()}
		if name == "page.jpg" {
			header.Method = zip.Store // it is as small as it gets
		}
		w, err := z.CreateHeader(header)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func indented(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(v) != nil { // texts and numbers: nothing fails
		return []byte("null")
	}
	return b.Bytes()
}

// hide puts an ellipsis in the place of secrets, and bounds a text.
func hide(text []byte, secrets *domain.Secrets) []byte {
	s := secrets.Hide(string(text))
	if len(s) > maxPart {
		s = strings.ToValidUTF8(s[:maxPart], "") + "\n…\n"
	}
	return []byte(s)
}

// shortest is the length from which on a secret is looked for: of shorter ones
// every text would be full.
const shortest = 4

// secrets are the texts in the step that whoever may only look isn't shown.
func (s *Spec) secrets() []string {
	var given, shown any
	if json.Unmarshal(s.Params(), &given) != nil || json.Unmarshal(Masked(s.Params()), &shown) != nil {
		return nil
	}
	var found []string
	var compare func(given, shown any)
	compare = func(given, shown any) {
		switch g := given.(type) {
		case string:
			if shown != g && len(g) >= shortest {
				found = append(found, g)
			}
		case []any:
			for i, one := range g {
				if s, ok := shown.([]any); ok && i < len(s) {
					compare(one, s[i])
				}
			}
		case object:
			if s, ok := shown.(object); ok {
				for name, one := range g {
					compare(one, s[name])
				}
			}
		}
	}
	compare(given, shown)
	return found
}

// eachFrame asks a function of the injected engine in every frame that answers,
// all at once.
func (r *run) eachFrame(fn string, args object) []verdict {
	frames := r.page.Frames()
	frames = slices.DeleteFunc(frames, func(f browser.Frame) bool { return f.Context == 0 || f.Document.Missing != "" })
	frames = frames[:min(len(frames), 20)]
	answers := make([]verdict, len(frames))
	var wg sync.WaitGroup
	for i, f := range frames {
		wg.Go(func() {
			if v, err := r.call(f, fn, args); err == nil {
				answers[i] = v
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(answers, func(v verdict) bool { return !v.OK })
}
