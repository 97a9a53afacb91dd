// Package sender sends signed webhooks from a developer's machine, as a server
// does: the same headers, no redirects followed, 15 seconds for an answer.
package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/browserhook/browserhook/client/webhook"
)

// Timeout is how long a server waits for an answer.
const Timeout = 15 * time.Second

// maxAnswer is how much of an answer's body is read.
const maxAnswer = 16 << 10

// ErrNoAnswer says that the receiver took too long.
var ErrNoAnswer = errors.New("no answer")

// Sender signs with one secret.
type Sender struct {
	hook    *standardwebhooks.Webhook
	client  *http.Client
	agent   string
	timeout time.Duration
}

// New makes a sender of a secret ("whsec_…").
func New(secret, version string, timeout time.Duration) (*Sender, error) {
	// The verifier knows what a good secret is.
	if _, err := webhook.NewVerifier(secret); err != nil {
		return nil, err
	}
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	return &Sender{
		hook: hook, agent: "browserhook/" + version, timeout: timeout,
		client: &http.Client{
			Transport:     &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Header is what a webhook with the id and body has when it is sent then.
func (s *Sender) Header(id string, at time.Time, body []byte) (http.Header, error) {
	signature, err := s.hook.Sign(id, at, body)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {s.agent},
		webhook.HeaderID: {id}, webhook.HeaderTimestamp: {strconv.FormatInt(at.Unix(), 10)}, webhook.HeaderSignature: {signature},
	}, nil
}

// Answer is what a receiver said.
type Answer struct {
	Status int
	Body   []byte // its beginning
	Took   time.Duration
}

// Post sends a body. The error says in a few words why there is no answer.
func (s *Sender) Post(ctx context.Context, target string, header http.Header, body []byte) (Answer, error) {
	start := time.Now()
	within, cancel := context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("%w within %s", ErrNoAnswer, s.timeout))
	defer cancel()
	req, err := http.NewRequestWithContext(within, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = header
	res, err := s.client.Do(req)
	if err != nil {
		return Answer{Took: time.Since(start)}, plain(within, err)
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode}
	a.Body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	a.Took = time.Since(start)
	if err != nil {
		return a, plain(within, err)
	}
	return a, nil
}

// Close ends the connections that are kept for the next webhook.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// plain is the error without what the caller knows already.
func plain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return Plain(err)
}

// Plain takes the method, the URL and the system call off an error of
// net/http, which whoever reads it knows already.
func Plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("it closed the connection without an answer")
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("%s: no such host", e.Name)
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err
	}
	return err
}
