// Package receive is a receiver for developers: it verifies webhooks, shows
// them, and can be told to fail, to hang or to be slow.
package receive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/terminal"
)

// publicKey begins a key that verifies and can't sign.
const publicKey = "whpk_"

// maxBody is more than any event that a server sends.
const maxBody = 16 << 20

// Config says how to receive.
type Config struct {
	Secrets  []string            // none: nothing is verified
	Made     bool                // the secret was made for this run, and is to be shown
	Server   *browserhook.Client // makes an endpoint there for the time of the run; nil: nowhere
	Fail     int                 // answer with this status; 0: 500 if FailRate is set, else don't
	FailRate float64             // this part of the requests fails; 0: all, if Fail is set
	Hang     bool                // never answer
	Slow     time.Duration       // answer after this time
	Body     bool                // show the bodies
	JSON     bool                // a line of JSON for each webhook instead
	Out      io.Writer
}

// Receiver takes webhooks on every path.
type Receiver struct {
	Config
	verifier *webhook.Verifier // nil: nothing is verified
	secret   string            // that a server signs with; "": there is none
	hook     string            // where a server sends to
	random   func() float64

	mu      sync.Mutex // orders the lines too
	history *history
	count   struct{ all, refused, failed, again int }
}

// New makes a receiver.
func New(c Config) (*Receiver, error) {
	r := &Receiver{Config: c, random: rand.Float64, history: newHistory()}
	if len(c.Secrets) > 0 {
		v, err := webhook.NewVerifier(c.Secrets...)
		if err != nil {
			return nil, err
		}
		r.verifier = v
		// Only whoever made a key pair can sign with it.
		if i := slices.IndexFunc(c.Secrets, func(s string) bool { return !strings.HasPrefix(s, publicKey) }); i >= 0 {
			r.secret = c.Secrets[i]
		}
	}
	if c.Server != nil && r.secret == "" {
		return nil, errors.New("to register, it needs a secret (whsec_…), not only a public key")
	}
	if r.FailRate > 0 && r.Fail == 0 {
		r.Fail = http.StatusInternalServerError
	}
	if r.Fail > 0 && r.FailRate == 0 {
		r.FailRate = 1
	}
	return r, nil
}

// Run listens on the address, and registers if it is to, until ctx ends.
func (r *Receiver) Run(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := ""
	if r.Server != nil {
		server = r.Server.URL()
	}
	r.hook = reachable(ctx, listener.Addr(), server)
	var endpoint string
	if r.Server != nil {
		// What the server sends at once waits for the next line but one.
		endpoint, err = r.register(ctx)
		if err != nil || endpoint == "" {
			listener.Close()
			return err
		}
	}
	r.greet("http://"+listener.Addr().String(), endpoint)
	return r.serve(ctx, listener, endpoint)
}

func (r *Receiver) serve(ctx context.Context, listener net.Listener, endpoint string) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	server := &http.Server{
		Handler: r, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		// Who hangs or is slow hears of the end too.
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	var ending sync.WaitGroup
	ending.Go(func() {
		<-ctx.Done()
		if endpoint != "" {
			r.unregister(ctx, endpoint)
		}
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(within) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(listener)
	end()
	ending.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	r.farewell()
	return nil
}

// say prints a line for a person.
func (r *Receiver) say(line string) {
	if r.JSON {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	terminal.Println(r.Out, line)
}

// greet says where it receives and all that is needed to have events sent
// there.
func (r *Receiver) greet(url, endpoint string) {
	if r.JSON {
		r.write(greeting{time.Now(), url, r.hook, endpoint, r.shown()})
		return
	}
	how := terminal.Odd.Render("nothing is verified")
	if r.verifier != nil {
		how = "verifying signatures"
	}
	r.say(fmt.Sprintf("Receiving on %s, any path; %s. Ctrl-C ends.", terminal.Strong.Render(url), how))
	if r.Made {
		r.say("The secret is " + terminal.Strong.Render(r.secret) + ", made for this run; --secret takes yours.")
	}
	switch {
	case endpoint != "":
		r.say(fmt.Sprintf("%s sends every event here, by the endpoint %s, which is deleted at the end.", r.Server.URL(), endpoint))
	case r.Made:
		r.say(fmt.Sprintf("To have every event sent here, start the server with %s, and give it a key in $KEY:\n\n"+
			"  curl -s http://127.0.0.1:8080/v1/webhook-endpoints -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"url\":\"%s\",\"secret\":\"%s\"}'\n\n"+
			"or have this done by itself: --url http://127.0.0.1:8080 --key $KEY", allowFlag(r.hook), r.hook, r.secret))
	}
	var odd []string
	if r.Slow > 0 {
		odd = append(odd, fmt.Sprintf("waits %s before it answers", r.Slow))
	}
	if r.Hang {
		odd = append(odd, "never answers")
	}
	if r.Fail > 0 {
		odd = append(odd, fmt.Sprintf("fails %g%% of the requests with %d", r.FailRate*100, r.Fail))
	}
	if len(odd) > 0 {
		r.say(terminal.Odd.Render("As it was told, it " + strings.Join(odd, " and ") + "."))
	}
}

// shown is the secret, if whoever runs this can't know it otherwise.
func (r *Receiver) shown() string {
	if r.Made {
		return r.secret
	}
	return ""
}

func (r *Receiver) farewell() {
	r.mu.Lock()
	c := r.count
	r.mu.Unlock()
	r.say(fmt.Sprintf("%d received: %d refused, %d failed on purpose, %d had been here before.", c.all, c.refused, c.failed, c.again))
}

// ServeHTTP takes one webhook, shows it, and answers as it was told to.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	got := record{Time: time.Now(), Path: req.URL.Path, ID: req.Header.Get(webhook.HeaderID)}
	var body []byte
	body, got.Status, got.why = r.read(w, req)
	if got.Status == 0 {
		got.Status, got.why = r.verify(body, req.Header, &got)
	}
	got.see(body)
	if got.Status == 0 && !r.wait(req.Context(), &got) {
		r.show(&got)
		panic(http.ErrAbortHandler) // no answer at all
	}
	if got.Status == 0 {
		got.Status = http.StatusNoContent
		if r.Fail > 0 && r.random() < r.FailRate {
			got.Status, got.OnPurpose = r.Fail, true
		}
	}
	r.show(&got)
	w.WriteHeader(got.Status)
}

// read reads the body; a status says what is wrong with the request.
func (r *Receiver) read(w http.ResponseWriter, req *http.Request) (body []byte, status int, err error) {
	if req.Method != http.MethodPost {
		return nil, http.StatusMethodNotAllowed, fmt.Errorf("the method is %s", req.Method)
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err == nil {
		return body, 0, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, http.StatusRequestEntityTooLarge, err
	}
	return nil, http.StatusBadRequest, err
}

func (r *Receiver) verify(body []byte, header http.Header, got *record) (status int, err error) {
	if r.verifier == nil {
		return 0, nil
	}
	err = r.verifier.Verify(body, header)
	verified := err == nil
	got.Verified = &verified
	if err != nil {
		return http.StatusUnauthorized, err
	}
	return 0, nil
}

// wait does as --slow and --hang say; false: there will be no answer.
func (r *Receiver) wait(ctx context.Context, got *record) bool {
	if r.Hang {
		got.OnPurpose = true
		r.show(got)
		got.shown = true
		<-ctx.Done()
		return false
	}
	if r.Slow == 0 {
		return true
	}
	timer := time.NewTimer(r.Slow)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		got.why = errors.New("the sender did not wait for the answer")
		return false
	}
}

// write writes a line of JSON.
func (r *Receiver) write(line any) {
	enc := json.NewEncoder(r.Out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(line)
}

// show prints what came, once.
func (r *Receiver) show(got *record) {
	if got.shown {
		return
	}
	if got.why != nil {
		got.Error = got.why.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if got.ID != "" && (got.Verified == nil || *got.Verified) {
		r.history.place(got)
	}
	r.count.all++
	switch {
	case got.OnPurpose:
		r.count.failed++
	case got.Status/100 != 2:
		r.count.refused++
	}
	if got.Attempt > 1 {
		r.count.again++
	}
	if r.JSON {
		r.write(got)
		return
	}
	terminal.Println(r.Out, got.line())
	if got.Error != "" {
		terminal.Println(r.Out, indent+terminal.Bad.Render(terminal.Clean(got.Error)))
	}
	if r.Body {
		terminal.Println(r.Out, got.pretty())
	}
}
