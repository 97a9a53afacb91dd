package browser_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestAProgramThatComesAtOnce may navigate as soon as it is connected, also while the
// page's process is starting.
func TestAProgramThatComesAtOnce(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(site.Close)
	l := browsertest.Launcher(t, "", nil)
	for _, program := range l.Browsers() {
		for range 5 {
			b := browsertest.Launch(t, l, domain.SessionOptions{Browser: program})
			nc, err := b.Connect(t.Context(), "", func() {})
			if err != nil {
				t.Fatal(err)
			}
			conn := cdp.NewConn(nc, slog.New(slog.DiscardHandler))
			var targets struct {
				Infos []struct {
					ID   string `json:"targetId"`
					Type string `json:"type"`
				} `json:"targetInfos"`
			}
			if err := conn.Call(t.Context(), "", "Target.getTargets", map[string]any{"filter": []map[string]any{{"type": "page"}}}, &targets); err != nil || len(targets.Infos) != 1 {
				t.Fatal(targets, err)
			}
			page := cdp.Session{Conn: conn}
			var attached struct {
				ID string `json:"sessionId"`
			}
			if err := conn.Call(t.Context(), "", "Target.attachToTarget", map[string]any{"targetId": targets.Infos[0].ID, "flatten": true}, &attached); err != nil {
				t.Fatal(err)
			}
			page.ID = attached.ID
			if err := page.Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, nil); err != nil {
				t.Fatal(err)
			}
			wait(t, b.Page().Prepared())
			_ = conn.Close()
			conn.Wait()
		}
	}
}

// TestAWindowIsClosedBeforeItBegins: the page that opened it, and a frame of another
// site, load what they are to.
func TestAWindowIsClosedBeforeItBegins(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<p>here</p>`))
		if r.URL.Path == "/" {
			_, _ = w.Write([]byte(`<iframe src="http://` + strings.Replace(r.Host, "127.0.0.1", "localhost", 1) + `/frame"></iframe>`))
		}
	}))
	t.Cleanup(site.Close)
	b := browsertest.Launch(t, browsertest.Launcher(t, "", nil), domain.SessionOptions{})
	p := b.Page()
	wait(t, p.Prepared())
	call := func(s cdp.Session, method string, params map[string]any, result any) {
		t.Helper()
		if err := s.Call(t.Context(), method, params, result); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(path string) (frames []browser.Frame) {
		t.Helper()
		var to struct {
			Loader string `json:"loaderId"`
		}
		call(p.Session, "Page.navigate", map[string]any{"url": site.URL + path}, &to)
		return until(t, p, func(frames []browser.Frame) bool {
			return frames[0].Document.Loader == to.Loader && frames[0].Document.Reached["load"]
		})
	}
	far := shows("/")[1].Session
	if far.ID == p.ID {
		t.Fatal("the frame has no process of its own")
	}
	// It waits for a program too, which closes it instead of letting it go on.
	nc, err := b.Connect(t.Context(), "", func() {})
	if err != nil {
		t.Fatal(err)
	}
	program := cdp.Session{Conn: cdp.NewConn(nc, slog.New(slog.DiscardHandler))}
	defer program.Conn.Wait()
	defer program.Conn.Close()
	opened := make(chan string, 10)
	program.Conn.Listen("", func(e cdp.Event) {
		var of struct {
			Info struct {
				ID     string `json:"targetId"`
				Opener string `json:"openerId"`
			} `json:"targetInfo"`
		}
		if json.Unmarshal(e.Params, &of) == nil && of.Info.Opener != "" {
			opened <- of.Info.ID
		}
	}, "Target.attachedToTarget")
	call(program, "Target.setAutoAttach", map[string]any{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true}, nil)
	for _, opener := range []cdp.Session{far, p.Session} {
		call(opener, "Runtime.evaluate", map[string]any{"expression": "setTimeout(() => open('/window')); 0", "userGesture": true}, nil)
		call(program, "Target.closeTarget", map[string]any{"targetId": <-opened}, nil)
		call(opener, "Runtime.evaluate", map[string]any{"awaitPromise": true, "expression": `new Promise((loaded) => {
			const frame = document.createElement("iframe");
			frame.onload = loaded;
			frame.src = "/inner";
			document.body.append(frame);
		})`}, nil)
	}
	shows("/after")
}
