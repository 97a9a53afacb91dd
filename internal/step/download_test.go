package step_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/step"
)

func TestDownloads(t *testing.T) {
	goOn := make(chan struct{})
	begun := strings.Repeat("x", 8<<10) // enough for the browser to look at
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := func(name, body string) {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			fmt.Fprint(w, body)
		}
		switch r.URL.Path {
		case "/report.csv":
			file("report.csv", "a,b\n")
		case "/page.html":
			file("page.html", "<script>alert(1)</script>")
		case "/odd":
			file("../../e\u202evil|name?.pdf", "%PDF-1.4\n")
		case "/large":
			w.Header().Set("Content-Length", "100000000")
			file("large.bin", begun)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/broken":
			w.Header().Set("Content-Length", "1000")
			file("broken.bin", "begun")
		case "/slow":
			file("slow.bin", begun)
			w.(http.Flusher).Flush()
			select {
			case <-goOn:
			case <-r.Context().Done():
			}
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><a href=/report.csv>csv</a> <a href=/page.html>html</a> <a href=/odd>odd</a> <a href=/large>large</a>
				<a href=/broken>broken</a> <a href=/slow>slow</a> <a id=tab target=_blank href=/report.csv>tab</a> <a id=named href="data:text/plain,hi" download="hi.txt">named</a> <p>none</p>`)
		}
	}))
	t.Cleanup(site.Close)
	var content []byte
	b := startWith(t, func(c *browser.Config) {
		c.MaxDownload = 50 << 20
		c.Keep = func(_ context.Context, _ string, d *browser.Download, file io.Reader) (err error) {
			if file == nil {
				return nil
			}
			if content, err = io.ReadAll(file); err == nil {
				h := sha256.Sum256(content)
				d.ArtifactID, d.Size, d.SHA256 = "art_1", int64(len(content)), hex.EncodeToString(h[:])
			}
			return err
		}
	})
	home := func() { t.Helper(); b.must(`{"action":"goto","url":"` + site.URL + `/"}`) }
	home()
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	for _, tt := range []struct{ step, name, kind, path, body string }{
		{`{"action":"click","target":"[href='/report.csv']:not(#tab)","download":true}`, "report.csv", "text/csv; charset=utf-8", "/report.csv", "a,b\n"},
		{`{"action":"click","target":"#tab","download":true}`, "report.csv", "text/csv; charset=utf-8", "/report.csv", "a,b\n"},
		{`{"action":"click","target":"[href='/page.html']","download":true}`, "page.html", "application/octet-stream", "/page.html", "<script>alert(1)</script>"},
		{`{"action":"click","target":"[href='/odd']","download":true}`, "_.._e_vil_name_.pdf", "application/pdf", "/odd", "%PDF-1.4\n"},
		{`{"action":"download","url":"` + site.URL + `/report.csv"}`, "report.csv", "text/csv; charset=utf-8", "/report.csv", "a,b\n"},
		{`{"action":"press","target":"[href='/report.csv']:not(#tab)","key":"Enter","download":true}`, "report.csv", "text/csv; charset=utf-8", "/report.csv", "a,b\n"},
	} {
		want := fmt.Sprintf(`{"artifactId":"art_1","contentType":%q,"name":%q,"sha256":%q,"size":%d,"url":%q}`, tt.kind, tt.name, sum(tt.body), len(tt.body), site.URL+tt.path)
		if got := b.must(tt.step); got != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.step, got, want)
		}
		if string(content) != tt.body {
			t.Errorf("%s: kept %q", tt.step, content)
		}
		b.must(`{"action":"click","target":"p"}`) // the page is as it was
	}
	if got := b.must(`{"action":"click","target":"#named","download":true}`); !strings.Contains(got, `"hi.txt"`) {
		t.Errorf("got %s", got)
	}
	// One that nobody waited for is there for the step that asks.
	b.must(`{"action":"click","target":"[href='/odd']"}`)
	b.must(`{"action":"click","target":"p"}`)
	if got := b.must(`{"action":"download"}`); !strings.Contains(got, `"_.._e_vil_name_.pdf"`) {
		t.Errorf("got %s", got)
	}
	for _, tt := range []struct{ step, code, seen string }{
		{`{"action":"click","target":"[href='/large']","download":true}`, "download_too_large", "large.bin"},
		{`{"action":"click","target":"[href='/broken']","download":true}`, "download_failed", "broken.bin"},
		{`{"action":"click","target":"p","download":true,"timeout":"2s"}`, "download_not_started", "no download began"},
		{`{"action":"download","timeout":"100ms"}`, "download_not_started", "no download began"},
		{`{"action":"click","target":"[href='/slow']","download":true,"timeout":"3s"}`, "timeout", "slow.bin is still being downloaded"},
		{`{"action":"download","timeout":"100ms"}`, "timeout", "slow.bin is still being downloaded"}, // it goes on
		{`{"action":"download","url":"` + site.URL + `/"}`, "download_not_started", "a page at"},
		{`{"action":"goto","url":"` + site.URL + `/report.csv"}`, step.CodeIsDownload, ""},
	} {
		if res, why := b.try(tt.step); why == nil || why.Code != tt.code || !strings.Contains(why.Seen, tt.seen) {
			t.Errorf("%s: got %s, %+v (saw %q)", tt.step, res, why, why)
		}
		b.must(`{"action":"click","target":"p"}`)
	}
	// What goto came upon is kept, too; the one that is slow is the first that is asked for.
	if got := b.must(`{"action":"download","url":"` + site.URL + `/report.csv"}`); !strings.Contains(got, `"report.csv"`) {
		t.Errorf("got %s", got)
	}
	close(goOn)
	for _, want := range []string{"slow.bin", "report.csv"} {
		if got := b.must(`{"action":"download"}`); !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
