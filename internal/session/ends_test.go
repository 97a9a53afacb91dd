package session_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

func TestMain(m *testing.M) {
	browsertest.Main()
	goleak.VerifyTestMain(m)
}

// withChromium has a node launch real browsers, and tells each.
func withChromium(t *testing.T, n *node) <-chan *browser.Browser {
	t.Helper()
	l := browsertest.Launcher(t, step.Script(), nil)
	launched := make(chan *browser.Browser, 10)
	n.Launch = func(ctx context.Context, id string, opt domain.SessionOptions) (session.Browser, error) {
		b, err := l.Launch(ctx, id, opt)
		if err != nil {
			return nil, err
		}
		launched <- b
		return b, nil
	}
	return launched
}

// open makes a session with steps, which go on after errors.
func (n *node) open(t *testing.T, project string, specs ...step.Spec) (id string, steps []string) {
	t.Helper()
	made, all, _, err := n.Create(t.Context(), project, session.CreateRequest{
		Options: domain.SessionOptions{Viewport: browser.Viewport, Timeout: time.Hour}, Steps: specs, OnError: domain.OnErrorContinue,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		steps = append(steps, st.ID)
	}
	return made.ID, steps
}

// ended waits for steps and returns them whole.
func (n *node) ended(t *testing.T, project, id string, steps ...string) (all []domain.Step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if _, err := n.WaitSteps(ctx, project, id, steps); err != nil {
		t.Fatal(err)
	}
	for _, one := range steps {
		st, err := n.store.Step(t.Context(), project, id, one)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, st)
	}
	return all
}

// blank is a site of empty pages that says when one was asked for.
func blank(t *testing.T) (site *httptest.Server, asked <-chan string) {
	t.Helper()
	ch := make(chan string, 100)
	site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ch <- r.URL.Path
		w.Header().Set("Content-Type", "text/html")
	}))
	t.Cleanup(site.Close)
	return site, ch
}

// TestTheEndsOfBrowsersAndPages: one whose renderer alone dies goes on, and one
// that is killed in the midst of a step interrupts that, and runs no other.
func TestTheEndsOfBrowsersAndPages(t *testing.T) {
	site, asked := blank(t)
	n := start(t, overSQLite(t), nil, nil)
	launched := withChromium(t, n)
	project := n.newProject(t)
	reaches := func(path string) step.Spec { // a step that has begun when the path is asked for
		return step.Spec{Action: "evaluate", Expression: `fetch('` + path + `'), new Promise(() => {})`}
	}
	begun := func(path string) {
		for got := range asked {
			if got == path {
				return
			}
		}
	}

	id, steps := n.open(t, project, step.Spec{Action: "goto", URL: site.URL}, reaches("/crashes"), step.Spec{Action: "screenshot"}, step.Spec{Action: "goto", URL: site.URL})
	b := <-launched
	begun("/crashes")
	if _, err := b.Page().Send("Page.crash", nil); err != nil {
		t.Fatal(err)
	}
	all := n.ended(t, project, id, steps...)
	for i, want := range []string{"", step.CodeCrashed, step.CodeCrashed, ""} {
		st, code := all[i], ""
		if st.Error != nil {
			code = st.Error.Code
		}
		if code != want || want == "" && st.Status != domain.StepCompleted || want != "" && st.Status != domain.StepFailed {
			t.Errorf("step %d is %s, %+v", i, st.Status, st.Error)
		}
	}

	more, err := n.AddSteps(t.Context(), project, id, []step.Spec{reaches("/killed"), {Action: "goto", URL: site.URL + "/void"}, {Action: "reload"}}, domain.OnErrorContinue, nil)
	if err != nil {
		t.Fatal(err)
	}
	begun("/killed")
	if err := syscall.Kill(b.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	all = n.ended(t, project, id, more[0].ID, more[1].ID, more[2].ID)
	if all[0].Status != domain.StepInterrupted || all[0].Error == nil || all[1].Status != domain.StepCanceled || all[2].Status != domain.StepCanceled {
		t.Errorf("steps are %s, %s and %s", all[0].Status, all[1].Status, all[2].Status)
	}
	s, err := n.store.Session(t.Context(), project, id)
	if err != nil || s.CloseReason != domain.ClosedCrashed || s.Error == nil || s.Error.Code != browser.CodeCrashed {
		t.Errorf("the session: %+v, %v", s, err)
	}
}

// TestAFailureLinksWhatThePageWasLike: an artifact of the step, which a cancel
// leaves none of.
func TestAFailureLinksWhatThePageWasLike(t *testing.T) {
	site, asked := blank(t)
	n := start(t, overSQLite(t), nil, nil)
	kept := &blobs{}
	n.Blobs = kept
	withChromium(t, n)
	project := n.newProject(t)
	id, steps := n.open(t, project, step.Spec{Action: "goto", URL: site.URL + "/begun"}, step.Spec{Action: "click", Target: "#none", Timeout: "200ms", Retries: 1},
		step.Spec{Action: "click", Target: "#none", Timeout: "1m"})
	for got := range asked {
		if got == "/begun" {
			break
		}
	}
	all := n.ended(t, project, id, steps[0], steps[1])
	if _, err := n.CancelStep(t.Context(), project, id, steps[2]); err != nil {
		t.Fatal(err)
	}
	f := all[1].Error
	if f == nil || f.ArtifactID == "" || len(all[1].Tries) != 1 || all[1].Tries[0].ArtifactID != "" {
		t.Fatalf("%+v, %+v", f, all[1].Tries)
	}
	list, err := n.store.Artifacts(t.Context(), project, id)
	if err != nil || len(list) != 1 || list[0].ID != f.ArtifactID || list[0].StepID != steps[1] || list[0].Kind != "failure" {
		t.Errorf("%+v, %v", list, err)
	}
	if got := kept.names(); len(got) != 1 || got[0] != list[0].Key() {
		t.Errorf("kept are %v", got)
	}
}

// blobs keeps artifacts' bytes in memory.
type blobs struct {
	mu   sync.Mutex
	held map[string][]byte
}

func (b *blobs) Write(_ context.Context, key string, content io.Reader, _ string) (int64, error) {
	raw, err := io.ReadAll(content)
	if err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == nil {
		b.held = map[string][]byte{}
	}
	b.held[key] = raw
	return int64(len(raw)), nil
}

func (b *blobs) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	raw, ok := b.held[key]
	if !ok {
		return nil, domain.ErrNotFound
	}
	return nopCloser{bytes.NewReader(raw)}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

func (b *blobs) Delete(ctx context.Context, key string) error {
	if _, ends := ctx.Deadline(); !ends {
		panic("a store of bytes may hang: whoever asks it for something that nobody waits for has a deadline")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.held, key)
	return nil
}

func (b *blobs) names() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.held))
}
