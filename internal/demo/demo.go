package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"charm.land/lipgloss/v2"
)

const (
	key    = "bh_demo0000000000000000000000000000"
	within = 60 * time.Second
)

// Options is how the demo runs.
type Options struct {
	Browserhook string // path of the program
	Keep        bool   // leave all of it running until ctx ends
	Output      string // folder of the screenshot
	Out         io.Writer
}

var (
	strong = lipgloss.NewStyle().Bold(true)
	soft   = lipgloss.NewStyle().Faint(true)
	good   = lipgloss.NewStyle().Foreground(lipgloss.Green)
	bad    = lipgloss.NewStyle().Foreground(lipgloss.Red)
)

type demo struct {
	Options
	server string
	shop   *Shop
	events map[int64]Received
	wrong  []string
}

func (d *demo) say(format string, args ...any) {
	lipgloss.Fprintln(d.Out, fmt.Sprintf(format, args...))
}

// Run starts a server, a shop and a receiver, sends a session through the shop
// and returns an error when anything expected did not happen.
func Run(ctx context.Context, o Options) (err error) {
	started := time.Now()
	d := &demo{Options: o, shop: &Shop{}, events: map[int64]Received{}}
	data, err := os.MkdirTemp("", "browserhook-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	stop, logs, err := d.startServer(data)
	if err != nil {
		return err
	}
	defer func() {
		if bad := stop(); err == nil {
			err = bad
		}
		if err != nil {
			d.say("\n%s\n%s", soft.Render("The server's last lines:"), logs())
		}
	}()
	shop, err := listen(d.shop)
	if err != nil {
		return err
	}
	defer shop.Close()

	// The endpoint's secret is known only after it is made, its address before.
	var mu sync.RWMutex
	var receiver *Receiver
	hooks, err := listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.RLock()
		defer mu.RUnlock()
		receiver.Take(w, r)
	}))
	if err != nil {
		return err
	}
	defer hooks.Close()
	d.say("%s %s\n%s %s\n%s %s\n", soft.Render("server   "), d.server, soft.Render("shop     "), shop.url, soft.Render("receiver "), hooks.url)

	mu.Lock()
	endpoint, err := d.post(ctx, "/v1/webhook-endpoints", map[string]any{"url": hooks.url, "events": []string{"*"}})
	if err == nil {
		receiver, err = NewReceiver(endpoint.Secret)
	}
	mu.Unlock()
	if err != nil {
		return fmt.Errorf("make the endpoint: %w", err)
	}
	session, err := d.post(ctx, "/v1/sessions", map[string]any{"metadata": map[string]string{"demo": "tea"}})
	if err != nil {
		return fmt.Errorf("create the session: %w", err)
	}
	d.say("%s  %s\n%s     %s\n", strong.Render("session"), session.SessionID, strong.Render("live"), session.StreamingURL)
	order, screenshot, err := d.buy(ctx, session.SessionID, shop.url, receiver)
	if err != nil {
		return err
	}
	if err := d.check(order); err != nil {
		return err
	}
	took := time.Since(started)
	d.say("\n%s  order %s placed, %d webhooks, each verified and in sequence, %.1f s", good.Render("✓ done"), order.Number, len(d.events), took.Seconds())
	d.say("%s  %s", soft.Render("screenshot"), screenshot)
	if !o.Keep {
		return nil
	}
	control, err := d.post(ctx, "/v1/sessions/"+session.SessionID+"/streams", map[string]any{"mode": "control"})
	if err != nil {
		return err
	}
	d.say("\nIt is left running: open the live page.\n%s     %s\n%s  %s\n%s", strong.Render("look"), session.StreamingURL,
		strong.Render("control"), control.StreamingURL, soft.Render("Ctrl-C ends it."))
	<-ctx.Done()
	return nil
}

// answer is what the demo reads of any of the API's answers.
type answer struct {
	SessionID, StreamingURL, Secret string
	Data                            []struct {
		Action, Status string
		Result         json.RawMessage
		Error          json.RawMessage
	}
}

func (d *demo) post(ctx context.Context, path string, body any) (answer, error) {
	return d.call(ctx, http.MethodPost, path, body)
}

func (d *demo) call(ctx context.Context, method, path string, body any) (answer, error) {
	var a answer
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return a, err
		}
	}
	res, err := d.request(ctx, method, path, raw)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	return a, json.NewDecoder(res.Body).Decode(&a)
}

func (d *demo) request(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Prefer", "wait=60")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return nil, fmt.Errorf("%s %s answered %d: %s", method, path, res.StatusCode, text)
	}
	return res, nil
}

type site struct {
	url string
	*http.Server
}

func listen(h http.Handler) (*site, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback answers at once
	if err != nil {
		return nil, err
	}
	s := &site{"http://" + l.Addr().String(), &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = s.Serve(l) }()
	return s, nil
}

// startServer runs browserhook and waits until it says where it listens.
func (d *demo) startServer(data string) (stop func() error, logs func() string, err error) {
	log, err := os.Create(filepath.Join(data, "server.log"))
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(d.Browserhook, "serve", "--listen=127.0.0.1:0", "--data="+filepath.Join(data, "data"), "--webhook-allow=127.0.0.0/8", "--browser-allow=127.0.0.0/8") //nolint:noctx // stop ends it
	cmd.Env = append(os.Environ(), "BROWSERHOOK_API_KEY="+key)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start browserhook: %w", err)
	}
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(io.TeeReader(out, log))
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "Listening"); ok {
				listening <- strings.TrimSpace(rest)
			}
		}
		ended <- cmd.Wait()
	}()
	stop = func() (err error) {
		defer log.Close()
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case err = <-ended:
		case <-time.After(within):
			_ = cmd.Process.Kill()
			err = <-ended
		}
		if err != nil {
			return fmt.Errorf("browserhook did not end well: %w", err)
		}
		return nil
	}
	logs = func() string { raw, _ := os.ReadFile(log.Name()); return string(raw) }
	select {
	case d.server = <-listening:
		return stop, logs, nil
	case err := <-ended:
		log.Close()
		return nil, nil, fmt.Errorf("browserhook ended at once: %w\n%s", err, logs())
	case <-time.After(within):
		_ = stop()
		return nil, nil, errors.New("browserhook does not listen:\n" + logs())
	}
}
