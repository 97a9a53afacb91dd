package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// filesSite has pages that download, and says when one that has no end is read no more.
func filesSite(t *testing.T) (*httptest.Server, <-chan struct{}) {
	t.Helper()
	ended := make(chan struct{}, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page.html":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", `attachment; filename="../ä\`+"\u202e"+`page.html"`)
			_, _ = io.WriteString(w, "<script>alert(1)</script>")
		case "/empty.bin":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", "attachment")
		case "/huge.bin":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", fmt.Sprint(int64(10<<30)))
			_, _ = w.Write(bytes.Repeat([]byte("x"), 64<<10))
			<-r.Context().Done()
		case "/endless.bin":
			w.Header().Set("Content-Type", "application/octet-stream")
			for part := make([]byte, 64<<10); ; {
				if _, err := w.Write(part); err != nil {
					ended <- struct{}{}
					return
				}
			}
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<!doctype html><link rel=icon href="data:,"><title>files</title><a href=/page.html>page</a><script>
				onload = () => { const file = {"#own": "/empty.bin", "#endless": "/endless.bin"}[location.hash]; if (file) setTimeout(() => { location = file }) }</script>`)
		}
	}))
	t.Cleanup(s.Close)
	return s, ended
}

// TestEveryDownloadLands as an artifact with its event: that of a step's click, and of
// a page by itself; one that is too large is told too.
func TestEveryDownloadLands(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--max-download=1MiB")
	c := server.Client()
	site, _ := filesSite(t)
	made := must(t, c, http.MethodPost, "/v1/sessions", obj{"url": site.URL + "/#own"})
	id := made.String("sessionId")
	downloads(t, c, id, 1) // the page's own
	steps := run(t, c, id, obj{"action": "click", "target": "text=page", "download": true}, obj{"action": "download", "url": site.URL + "/huge.bin"})
	own := downloads(t, c, id, 3)
	const html = "<script>alert(1)</script>"
	sum := sha256.Sum256([]byte(html))
	result, _ := steps[0]["result"].(map[string]any)
	byName := map[string]obj{}
	for _, e := range own {
		byName[e.String("name")] = e
	}
	clicked := byName["_ä_page.html"]
	if clicked.String("sha256") != hex.EncodeToString(sum[:]) || clicked.String("stepId") != steps[0].String("stepId") || clicked.String("artifactId") != result["artifactId"] ||
		clicked["size"] != float64(len(html)) || clicked.String("contentType") != "application/octet-stream" || clicked.String("url") != site.URL+"/page.html" || clicked.String("pageUrl") != site.URL+"/#own" {
		t.Errorf("the click: %v, and its event %v", steps[0], clicked)
	}
	if e := byName["empty.bin"]; e["size"] != float64(0) || e["error"] != nil {
		t.Errorf("the page's own: %v", e)
	}
	huge, _ := byName["huge.bin"]["error"].(map[string]any)
	if failed, _ := steps[1]["error"].(map[string]any); huge["code"] != "download_too_large" || failed["code"] != "download_too_large" {
		t.Errorf("one that is too large: %v, and its event %v", steps[1], byName["huge.bin"])
	}
	list := must(t, c, http.MethodGet, "/v1/sessions/"+id+"/artifacts", nil).List("data")
	kept := slices.DeleteFunc(slices.Clone(list), func(a obj) bool { return a.String("kind") != "download" })
	if len(kept) != 2 {
		t.Errorf("there are %v", list)
	}

	get := func(method string, header ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/v1/sessions/"+id+"/artifacts/"+clicked.String("artifactId"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+harness.Key)
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	res, body := get(http.MethodGet)
	tag := res.Header.Get("ETag")
	if res.StatusCode != 200 || body != html || tag == "" || res.Header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("%d %q %v", res.StatusCode, body, res.Header)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename*=utf-8''_%C3%A4_page.html", "Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, tt := range []struct {
		method string
		header []string
		status int
		body   string
	}{
		{"HEAD", nil, 200, ""},
		{"GET", []string{"Range", "bytes=8-13"}, 206, html[8:14]},
		{"GET", []string{"Range", "bytes=-9"}, 206, "</script>"},
		{"GET", []string{"Range", "bytes=8-13", "If-Range", tag}, 206, html[8:14]},
		{"GET", []string{"Range", "bytes=8-13", "If-Range", `"other"`}, 200, html},
		{"GET", []string{"If-None-Match", tag}, 304, ""},
	} {
		if res, body := get(tt.method, tt.header...); res.StatusCode != tt.status || body != tt.body {
			t.Errorf("%s %q: %d %q", tt.method, tt.header, res.StatusCode, body)
		}
	}
	if res, body := get(http.MethodGet, "Range", "bytes=0-0"+strings.Repeat(",2-2", 8)); res.StatusCode != 200 || body != html {
		t.Errorf("more ranges than are answered at once: %d %q", res.StatusCode, body)
	}
	if res, body := get(http.MethodGet, "Range", "bytes=999-"); res.StatusCode != 416 || !strings.Contains(body, "range_not_satisfiable") || res.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", len(html)) {
		t.Errorf("a range that there isn't: %d %q %v", res.StatusCode, body, res.Header)
	}
}

// TestDownloadsOfProgramsContexts land too, though the program asked for none of it, and
// one that has no end is stopped there.
func TestDownloadsOfProgramsContexts(t *testing.T) {
	dir := harness.Isolate(t)
	c := harness.Start(t, filepath.Join(dir, "data"), "--max-download=1MiB").Client()
	site, ended := filesSite(t)
	made := must(t, c, http.MethodPost, "/v1/sessions", obj{"url": site.URL})
	id := made.String("sessionId")
	program := connect(t, made.String("connectUrl"))
	for i, says := range []string{"", "default", "allow"} {
		var context struct{ BrowserContextID string }
		if err := json.Unmarshal([]byte(program.call("Target.createBrowserContext", "")), &context); err != nil {
			t.Fatal(err)
		}
		if says != "" {
			program.call("Browser.setDownloadBehavior", fmt.Sprintf(`{"behavior":%q,"downloadPath":"/tmp","browserContextId":%q}`, says, context.BrowserContextID))
		}
		for _, page := range []string{"#own", "#endless"} {
			program.call("Target.createTarget", fmt.Sprintf(`{"url":"%s/%s","browserContextId":%q}`, site.URL, page, context.BrowserContextID))
		}
		all := downloads(t, c, id, 2*(i+1))
		whole, large := 0, 0
		for _, e := range all {
			why, _ := e["error"].(map[string]any)
			switch {
			case e.String("name") == "empty.bin" && why == nil:
				whole++
			case e.String("name") == "endless.bin" && why["code"] == "download_too_large":
				large++
			}
		}
		if whole != i+1 || large != i+1 {
			t.Errorf("of a context whose program says %q: %v", says, all)
		}
		select {
		case <-ended:
		case <-time.After(harness.Deadline):
			t.Fatalf("of a context whose program says %q: what was stopped goes on", says)
		}
	}
}

// must asks for something that is answered.
func must(t *testing.T, c *harness.Client, method, path string, body any) obj {
	t.Helper()
	got, err := c.Do(t.Context(), method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// run has a session do steps, and says what became of each.
func run(t *testing.T, c *harness.Client, id string, steps ...obj) []obj {
	t.Helper()
	got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": steps, "onError": "continue"})
	if err != nil {
		t.Fatal(err)
	}
	return got.List("data")
}

// downloads waits for n of a session's, and answers what was told of each.
func downloads(t *testing.T, c *harness.Client, id string, n int) (all []obj) {
	t.Helper()
	if err := harness.Until(t.Context(), func() (bool, error) {
		page, err := c.Do(t.Context(), http.MethodGet, "/v1/events?types=browser_download_completed&sessionId="+id, nil)
		all = nil
		for _, e := range page.List("data") {
			data, _ := e["data"].(map[string]any)
			all = append(all, data)
		}
		return len(all) >= n, err
	}); err != nil {
		t.Fatalf("%v: there are %v", err, all)
	}
	return all
}

// TestUploadsFromAddresses go by the session's own rules.
func TestUploadsFromAddresses(t *testing.T) {
	dir := harness.Isolate(t)
	c := harness.Start(t, filepath.Join(dir, "data")).Client()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/note.txt":
			_, _ = io.WriteString(w, "Hello")
		case "/leads":
			http.Redirect(w, r, elsewhere("http://"+r.Host)+"/note.txt", http.StatusFound)
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<link rel=icon href="data:,"><input type=file>`)
		}
	}))
	defer site.Close()
	id := must(t, c, http.MethodPost, "/v1/sessions", obj{"url": site.URL, "network": obj{"deny": []string{"localhost"}}}).String("sessionId")
	upload := func(url string) obj {
		return obj{"action": "upload", "target": "input", "files": []obj{{"url": url}}, "timeout": "10s"}
	}
	steps := run(t, c, id, upload(site.URL+"/note.txt"), obj{"action": "evaluate", "expression": "document.querySelector('input').files[0].text()"},
		upload(elsewhere(site.URL)+"/note.txt"), upload(site.URL+"/leads"))
	if steps[1]["result"] != "Hello" {
		t.Errorf("the page has %v; the upload: %v", steps[1], steps[0])
	}
	for _, st := range steps[2:] {
		if why, _ := st["error"].(map[string]any); why["code"] != "address_blocked" {
			t.Errorf("an address that the session may not reach: %v", st)
		}
	}
}

// TestFilesAndLogsGoOn after the server was killed: the download that was under way lands,
// once, the one before is not told again, and the log has what came before and after, and
// nothing twice.
func TestFilesAndLogsGoOn(t *testing.T) {
	goOn := make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := strings.TrimPrefix(r.URL.Path, "/")
		if file == "" {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<link rel=icon href="data:,"><script>console.log("before"); fetch("/asked").then((r) => r.text())</script>`)
			return
		}
		if file == "asked" {
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", "attachment")
		_, _ = w.Write(bytes.Repeat([]byte("x"), 100_000))
		w.(http.Flusher).Flush()
		if file == "slow.bin" {
			<-goOn
		}
		_, _ = io.WriteString(w, "the end")
	}))
	defer site.Close()
	dir := harness.Isolate(t)
	data := filepath.Join(dir, "data")
	first := harness.Start(t, data, "--keeper-grace=60s")
	c := first.Client()
	id := must(t, c, http.MethodPost, "/v1/sessions", obj{"url": site.URL}).String("sessionId")
	run(t, c, id, obj{"action": "download", "url": site.URL + "/quick.bin"})
	run(t, c, id, obj{"action": "evaluate", "expression": "location = '/slow.bin', 1"})
	if err := harness.Until(t.Context(), func() (bool, error) {
		under := run(t, c, id, obj{"action": "download", "timeout": "1s"})[0]
		return strings.Contains(fmt.Sprint(under["error"]), "slow.bin is still being downloaded"), nil
	}); err != nil {
		t.Fatal(err)
	}
	must(t, c, http.MethodGet, "/v1/sessions/"+id+"/logs", nil) // what was said is written
	first.Kill()
	c = harness.Start(t, data, "--keeper-grace=60s").Client()
	close(goOn)
	all := downloads(t, c, id, 2)
	run(t, c, id, obj{"action": "evaluate", "expression": "console.log('after')"})
	names := map[string]int{}
	for _, e := range downloads(t, c, id, len(all)) {
		if e["size"] != float64(100_007) || e["error"] != nil {
			t.Errorf("%v", e)
		}
		names[e.String("name")]++
	}
	if len(names) != 2 || names["quick.bin"] != 1 || names["slow.bin"] != 1 {
		t.Errorf("told are %v", names)
	}
	if list := must(t, c, http.MethodGet, "/v1/sessions/"+id+"/artifacts", nil).List("data"); len(slices.DeleteFunc(list, func(a obj) bool { return a.String("kind") != "download" })) != 2 {
		t.Errorf("there are %v", list)
	}
	counts := map[string]int{}
	log, err := c.All(t.Context(), "/v1/sessions/"+id+"/logs")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range log {
		if i > 0 && e["number"].(float64) <= log[i-1]["number"].(float64) {
			t.Errorf("%v comes after %v", e, log[i-1])
		}
		counts[e.String("text")+strings.TrimPrefix(e.String("url"), site.URL)]++
	}
	for _, want := range []string{"before/", "after", "/asked", "/quick.bin", "/slow.bin"} {
		if counts[want] != 1 {
			t.Errorf("%q is there %d times: %v", want, counts[want], counts)
		}
	}
	must(t, c, http.MethodDelete, "/v1/sessions/"+id, nil)
	if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
		t.Fatal(err)
	}
}
