package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/test/harness"
)

// programs are the paths of those that sessions can have, and the default.
var programs = sync.OnceValues(func() (*browser.Launcher, error) {
	l, err := browser.NewLauncher(context.Background(), browser.Config{Keeper: []string{"/bin/true"}, Log: slog.New(slog.DiscardHandler)})
	if err == nil && l.Path == "" {
		err = errors.New("no Chromium is installed")
	}
	return l, err
})

// pipe is both ends of a bare Chromium's protocol.
type pipe struct {
	io.Reader
	io.Writer
	close func()
}

func (p pipe) Close() error { p.close(); return nil }

// bare starts a program over the pipe with nothing around it, as an unprivileged
// user when this is root, and returns when it has answered once.
func bare(ctx context.Context, path string) (conn *cdp.Conn, end func(), err error) {
	conn, _, end, err = bareProcess(ctx, path)
	return conn, end, err
}

// bareProcess is bare, and says which process it is.
func bareProcess(ctx context.Context, path string) (conn *cdp.Conn, pid int, end func(), err error) {
	dir, err := os.MkdirTemp("", "bare-")
	if err != nil {
		return nil, 0, nil, err
	}
	uid := 0
	if os.Getuid() == 0 {
		uid = 65519
		if err := os.Chown(dir, uid, uid); err != nil {
			return nil, 0, nil, err
		}
	}
	toRead, toWrite, err := os.Pipe()
	if err != nil {
		return nil, 0, nil, err
	}
	fromRead, fromWrite, err := os.Pipe()
	if err != nil {
		return nil, 0, nil, err
	}
	cmd := exec.Command(path, "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+dir, "about:blank")
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=/usr/bin:/bin"}
	cmd.Dir = dir
	cmd.ExtraFiles = []*os.File{toRead, fromWrite}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
	if err := cmd.Start(); err != nil {
		return nil, 0, nil, err
	}
	toRead.Close()
	fromWrite.Close()
	conn = cdp.NewConn(pipe{fromRead, toWrite, func() { toWrite.Close(); fromRead.Close() }}, slog.New(slog.DiscardHandler))
	end = func() {
		_ = conn.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	if err := conn.Call(ctx, "", "Browser.getVersion", nil, nil); err != nil {
		end()
		return nil, 0, nil, err
	}
	return conn, cmd.Process.Pid, end, nil
}

const form = `<!doctype html><link rel=icon href="data:,"><title>form</title><h1>Form</h1>
<input id=a><input id=b><button onclick="document.querySelector('h1').textContent=a.value+' '+b.value">Go</button>`

// serving is a site of one page.
func serving(page string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}))
}

func measureScript(ctx context.Context) (t table, err error) {
	const rounds = 60
	t = table{
		Title:   "A script of five actions",
		About:   fmt.Sprintf("goto, fill, fill, click, extract; medians of %d, in turn. browserhook: one API call with `Prefer: wait`, every step and event on disk. Bare: the same protocol calls over the pipe, which wait for nothing: a click of ours waits for two frames in which its target rests, some 14 ms however fast the machine is.", rounds),
		Columns: []string{"", "median", "to bare", "to Playwright"},
	}
	site := serving(form)
	defer site.Close()
	data, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(data)
	server, err := harness.Launch(data)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, server.End()) }()
	c := server.Client().With("Prefer", "wait=30")
	made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{})
	if err != nil {
		return t, err
	}
	path := "/v1/sessions/" + made.String("sessionId") + "/steps"
	script := harness.Object{"steps": []harness.Object{
		{"action": "goto", "url": site.URL}, {"action": "fill", "target": "#a", "value": "one"}, {"action": "fill", "target": "#b", "value": "two"},
		{"action": "click", "target": "text=Go"}, {"action": "extract", "target": "h1"},
	}}
	has, err := programs()
	if err != nil {
		return t, err
	}
	conn, end, err := bare(ctx, has.Path)
	if err != nil {
		return t, err
	}
	defer end()
	page, err := attach(ctx, conn)
	if err != nil {
		return t, err
	}
	player, err := startPlaywright(ctx, site.URL)
	if err != nil {
		return t, err
	}
	defer player.end()
	var ours, theirs, playwright []time.Duration
	for i := range rounds + 3 {
		began := time.Now()
		got, err := c.Do(ctx, http.MethodPost, path, script)
		if err != nil {
			return t, err
		}
		a := time.Since(began)
		if steps := got.List("data"); len(steps) != 5 || steps[4]["result"] != "one two" {
			return t, fmt.Errorf("the script answered %v", got)
		}
		began = time.Now()
		if err := bareScript(ctx, page, site.URL); err != nil {
			return t, err
		}
		b := time.Since(began)
		p, err := player.once()
		if err != nil {
			return t, err
		}
		if i >= 3 { // the first three warm up
			ours, theirs, playwright = append(ours, a), append(theirs, b), append(playwright, p)
		}
	}
	t.Rows = [][]string{
		{"bare protocol calls", ms(median(theirs)), "1.00 ×", ratio(median(theirs), median(playwright))},
		{"browserhook", ms(median(ours)), ratio(median(ours), median(theirs)), ratio(median(ours), median(playwright))},
		{"playwright-core", ms(median(playwright)), ratio(median(playwright), median(theirs)), "1.00 ×"},
	}
	return t, nil
}

type object = map[string]any

func attach(ctx context.Context, conn *cdp.Conn) (cdp.Session, error) {
	var targets struct {
		Infos []struct {
			ID   string `json:"targetId"`
			Type string `json:"type"`
		} `json:"targetInfos"`
	}
	if err := conn.Call(ctx, "", "Target.getTargets", nil, &targets); err != nil {
		return cdp.Session{}, err
	}
	for _, i := range targets.Infos {
		if i.Type != "page" {
			continue
		}
		var s struct {
			ID string `json:"sessionId"`
		}
		if err := conn.Call(ctx, "", "Target.attachToTarget", object{"targetId": i.ID, "flatten": true}, &s); err != nil {
			return cdp.Session{}, err
		}
		page := cdp.Session{Conn: conn, ID: s.ID}
		return page, page.Call(ctx, "Page.enable", nil, nil)
	}
	return cdp.Session{}, errors.New("no page")
}

// bareScript is the five actions as somebody would write them on the protocol
// itself, waiting for nothing but the page's load.
func bareScript(ctx context.Context, page cdp.Session, url string) error {
	loaded, stop := page.Subscribe("Page.loadEventFired")
	defer stop()
	if err := page.Call(ctx, "Page.navigate", object{"url": url}, nil); err != nil {
		return err
	}
	select {
	case <-loaded:
	case <-ctx.Done():
		return ctx.Err()
	}
	var res struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
	}
	evaluate := func(js string) error {
		return page.Call(ctx, "Runtime.evaluate", object{"expression": js, "returnByValue": true}, &res)
	}
	for id, text := range map[string]string{"a": "one", "b": "two"} {
		if err := evaluate(id + ".focus(); " + id + ".select()"); err != nil {
			return err
		}
		if err := page.Call(ctx, "Input.insertText", object{"text": text}, nil); err != nil {
			return err
		}
	}
	if err := evaluate("(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('button').getBoundingClientRect())"); err != nil {
		return err
	}
	var at [2]float64
	if err := json.Unmarshal(res.Result.Value, &at); err != nil {
		return err
	}
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		if err := page.Call(ctx, "Input.dispatchMouseEvent", object{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil); err != nil {
			return err
		}
	}
	if err := evaluate("document.querySelector('h1').innerText"); err != nil {
		return err
	}
	if string(res.Result.Value) != `"one two"` {
		return fmt.Errorf("the bare script read %s", res.Result.Value)
	}
	return nil
}

// player is a Playwright that runs the script once for each line it is sent.
type player struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func startPlaywright(ctx context.Context, url string) (*player, error) {
	has, err := programs()
	if err != nil {
		return nil, err
	}
	return play(ctx, "playwright.mjs", has.Path, url)
}

// play starts one of test/clients.
func play(ctx context.Context, args ...string) (*player, error) {
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = filepath.Join("test", "clients")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &player{cmd, in, json.NewDecoder(out)}, cmd.Start()
}

func (p *player) once() (time.Duration, error) { return p.find("") }

// find waits for a target, or without one runs the script.
func (p *player) find(target string) (time.Duration, error) {
	var took float64
	err := p.ask(target, &took)
	return millis(took), err
}

// ask has it answer a line.
func (p *player) ask(line string, answer any) error {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		return err
	}
	if err := p.out.Decode(answer); err != nil {
		return fmt.Errorf("playwright: %w", err)
	}
	return nil
}

func millis(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }

func (p *player) end() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}
