package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/test/harness"
)

const subresources = 200

// picture is one of a pixel, with what nobody draws after it.
var picture = append([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;"), make([]byte, 5000)...)

// manyParts is a page with subresources of 5 KB, none of which a browser keeps.
func manyParts(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path != "/" {
		w.Header().Set("Content-Type", "image/gif")
		_, _ = w.Write(picture)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,">`)
	for i := range subresources {
		fmt.Fprintf(w, `<img src="/%d.gif">`, i)
	}
}

// measureEgress is what it costs that browsers are closed in.
func measureEgress(ctx context.Context) (t table, err error) {
	rounds := max(less(20), 3)
	t = table{
		Title: "Closed in", Columns: []string{"", "without", "with", "paired"},
		About: fmt.Sprintf("A page with %d pictures of 5 KB on this machine, from its navigation to `load` as it tells itself, in a session, whose browser is in a network namespace behind its keeper's proxy, and in the same Chromium with the same flags but without a proxy, in turn; medians of %d. READY: a browser is started with and without a namespace, in turn, behind the proxy each time; medians of %d. The keeper's private memory is that after the pages.", subresources, rounds, rounds),
	}
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	server, p, end, err := bothPaths(ctx, data, 0, harness.Object{"ignoreCertificateErrors": true})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, end()) }()
	plain := httptest.NewServer(http.HandlerFunc(manyParts))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(manyParts))
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	for _, site := range []struct{ name, url string }{{"a page, http", plain.URL}, {"a page, https (HTTP/2)", secure.URL}} {
		took, err := p.inTurn("page "+site.url+"/", rounds)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, []string{site.name, ms(median(took[0])), ms(median(took[1])), fmt.Sprintf("%.2f × the time", paired(took[1], took[0]))})
	}
	private, err := keeperMemory(server.PID())
	if err != nil {
		return t, err
	}
	without, with, err := readyInTurn(ctx, data, rounds)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows,
		[]string{"READY", ms(median(without)), ms(median(with)), ms(median(with)-median(without)) + " more"},
		[]string{"private memory of a keeper", "", fmt.Sprintf("%.1f MB", float64(private)/1e6), ""},
	)
	return t, nil
}

// readyInTurn starts browsers without and with a namespace.
func readyInTurn(ctx context.Context, data string, rounds int) (without, with []time.Duration, err error) {
	bin, err := harness.Binary()
	if err != nil {
		return nil, nil, err
	}
	run := filepath.Join(data, "run")
	if err := errors.Join(os.Mkdir(run, 0o711), os.Chmod(data, 0o711)); err != nil {
		return nil, nil, err
	}
	for i := range 2 * (rounds + 1) {
		no := i%2 == 0
		l, err := browser.NewLauncher(ctx, browser.Config{
			RunDir: run, Keeper: []string{bin, "keeper"}, Script: step.Script(), NoNamespace: no,
			Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return nil, nil, err
		}
		began := time.Now()
		b, err := l.Launch(ctx, domain.NewID(domain.PrefixSession), domain.SessionOptions{Viewport: browser.Viewport})
		took := time.Since(began)
		if err != nil {
			return nil, nil, err
		}
		if err := b.Close(ctx); err != nil {
			return nil, nil, err
		}
		switch {
		case i < 2: // they warm up
		case no:
			without = append(without, took)
		default:
			with = append(with, took)
		}
	}
	return without, with, nil
}

// keeperMemory is the private memory of a keeper of the server's, in bytes.
func keeperMemory(server int) (int64, error) {
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, proc := range procs {
		args, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		status, _ := os.ReadFile(filepath.Join(proc, "status"))
		if !strings.Contains(string(args), "\x00keeper\x00") || !strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", server)) {
			continue
		}
		maps, err := os.ReadFile(filepath.Join(proc, "smaps_rollup"))
		if err != nil {
			return 0, err
		}
		var all int64
		for line := range strings.Lines(string(maps)) {
			if name, rest, _ := strings.Cut(line, ":"); name == "Private_Dirty" || name == "Private_Clean" {
				kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				if err != nil {
					return 0, err
				}
				all += kb << 10
			}
		}
		return all, nil
	}
	return 0, errors.New("the server has no keeper")
}
