package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// TestFilesThatCantBeUploaded are refused when the step is sent.
func TestFilesThatCantBeUploaded(t *testing.T) {
	for files, want := range map[string]string{
		`[{"name":"a.txt","content":"SGVsbG8="}]`: "",
		`[{"name":"empty"}]`:                      "",
		`[{"artifactId":"art_01"}]`:               "",
		`[]`:                                      "",
		`[{}]`:                                    "s.files[0]: needs a name",
		`[{"content":"SGVsbG8="}]`:                "s.files[0].name: is needed",
		`[{"name":"a"},{"name":"../b","content":""}]`:                          "s.files[1].name: is a path",
		`[{"name":"a","content":"SGVsbG8"}]`:                                   "s.files[0].content: is not base64",
		`[{"name":"a","content":"SGVsbG8=","artifactId":"art_01"}]`:            "s.files[0]: has content",
		`[{"artifactId":"step_01"}]`:                                           "s.files[0].artifactId: is not the id",
		`[{"name":"` + strings.Repeat("n", 300) + `","content":""}]`:           "s.files[0].name: ",
		`[{"name":"a","content":"` + strings.Repeat("AAAA", 1<<18) + `AAAA"}]`: "s.files[0].content: ",
	} {
		var s Spec
		err := json.Unmarshal([]byte(`{"action":"upload","target":"#f","files":`+files+`}`), &s)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		if err := s.Check("s"); err != nil {
			e, _ := errors.AsType[*domain.Error](err)
			said = e.Field + ": " + e.Message
		}
		if want == "" && said != "" || !strings.HasPrefix(said, want) {
			t.Errorf("%.80s: %s, want %s", files, said, want)
		}
	}
}

// TestArtifactsAreLoaded, with a name and a type, and no more of them than fit.
func TestArtifactsAreLoaded(t *testing.T) {
	fetch := func(ctx context.Context, id string) (domain.Artifact, []byte, error) {
		switch id {
		case "art_none":
			return domain.Artifact{}, nil, domain.ErrNotFound
		case "art_away":
			return domain.Artifact{}, nil, errors.New("the store is away")
		case "art_slow":
			<-ctx.Done()
			return domain.Artifact{}, nil, ctx.Err()
		case "art_huge":
			return domain.Artifact{ID: id, Size: MaxUpload + 1}, make([]byte, MaxUpload+1), nil
		}
		return domain.Artifact{ID: id, ContentType: "image/png", Size: 5}, []byte("Hello"), nil
	}
	for id, code := range map[string]string{"art_1": "", "art_none": CodeNoArtifact, "art_huge": CodeTooLarge, "art_away": CodeUnread, "art_slow": CodeTimeout} {
		s := Spec{Action: "upload", Target: "#f", Timeout: "100ms", Files: []File{{Name: "own.txt"}, {Artifact: id}}}
		why := s.Load(t.Context(), Sources{Artifact: fetch})
		if code != "" {
			if why == nil || why.Code != code || Retryable(why) == (code == CodeNoArtifact) {
				t.Errorf("%s: %+v", id, why)
			}
			continue
		}
		r := run{spec: &s}
		files, told, err := r.files()
		if why != nil || err != nil {
			t.Fatalf("%s: %+v, %v", id, why, err)
		}
		if got := files[1]; got["name"] != "art_1.png" || got["type"] != "image/png" || got["content"] != "SGVsbG8=" {
			t.Errorf("the page is given %v", got)
		}
		if raw, _ := json.Marshal(told); string(raw) != `{"files":[{"name":"own.txt","size":0},{"name":"art_1.png","size":5}]}` {
			t.Errorf("the step tells %s", raw)
		}
		if stored := string(s.Params()); strings.Contains(stored, "Hello") || strings.Contains(stored, "SGVsbG8") {
			t.Errorf("what was loaded is stored: %s", stored)
		}
	}
	s := Spec{Action: "upload", Files: []File{{Artifact: "art_slow"}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if why := s.Load(ctx, Sources{Artifact: fetch}); why == nil || why.Code != CodeCanceled {
		t.Errorf("canceled: %+v", why)
	}
	s = Spec{Action: "storage", Do: "set", Artifact: "art_1"}
	cut := func(context.Context, string, string) ([]byte, error) { return []byte(`{"cookies":[`), nil }
	if why := s.Load(t.Context(), Sources{Storage: cut}); why == nil || why.Code != CodeUnread || !strings.Contains(why.Message, "art_1 is damaged") {
		t.Errorf("a state that was cut: %+v", why)
	}
	// One that was not loaded is none.
	r := run{spec: &Spec{Files: []File{{Artifact: "art_1"}}}}
	if _, _, err := r.files(); err == nil {
		t.Error("an artifact that nobody loaded was uploaded")
	}
}

// TestFilesFromAddresses are fetched as the session's browser connects: redirects too,
// and not from files, nor without end.
func TestFilesFromAddresses(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cv":
			w.Header().Set("Content-Type", "application/pdf; charset=x")
			w.Header().Set("Content-Disposition", `attachment; filename="../my cv.pdf"`)
			_, _ = io.WriteString(w, "Hello")
		case "/plain.txt":
			_, _ = io.WriteString(w, "Hello")
		case "/there":
			http.Redirect(w, r, "/plain.txt", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/closed":
			http.Redirect(w, r, "http://closed.test/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/large":
			for piece := make([]byte, 1<<20); ; {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		case "/told":
			w.Header().Set("Content-Length", fmt.Sprint(MaxUpload+1))
		case "/broken":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "Hello")
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(site.Close)
	from := Sources{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "closed.test:") {
			return nil, &egress.Error{Class: egress.ClassBlocked, Message: "the target is in private address space"}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	for path, want := range map[string]string{
		"/cv": "my cv.pdf application/pdf SGVsbG8=", "/plain.txt": "plain.txt text/plain SGVsbG8=", "/there": "plain.txt text/plain SGVsbG8=",
		"/file": CodeUnfetched, "/closed": CodeBlocked, "/round": CodeUnfetched, "/large": CodeTooLarge, "/told": CodeTooLarge, "/broken": CodeUnfetched, "/slow": CodeTimeout, "/none": CodeUnfetched,
	} {
		s := Spec{Action: "upload", Target: "#f", Timeout: "1m", Files: []File{{URL: site.URL + path}}}
		if path == "/slow" {
			s.Timeout = "100ms"
		}
		why := s.Load(t.Context(), from)
		if why != nil {
			if why.Code != want || strings.Contains(why.Message, "127.0.0.1") {
				t.Errorf("%s: %+v", path, why)
			}
			continue
		}
		files, _, err := (&run{spec: &s}).files()
		if err != nil || fmt.Sprint(files[0]["name"], " ", files[0]["type"], " ", files[0]["content"]) != want {
			t.Errorf("%s: the page is given %v, %v", path, files, err)
		}
	}
	for url, wrong := range map[string]bool{"file:///etc/passwd": true, "ftp://x.test/": true, "http://me:secret@x.test/": true, "x": true, "https://x.test/a b": false} {
		s := Spec{Action: "upload", Target: "#f", Files: []File{{URL: url}}}
		if err := s.Check("steps[0]"); (err != nil) != wrong {
			t.Errorf("%s: %v", url, err)
		}
	}
}
