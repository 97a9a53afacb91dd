package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Protocol is what a receiver speaks.
type Protocol string

// All that receivers speak.
const (
	Plain Protocol = "HTTP/1.1"
	TLS   Protocol = "HTTP/1.1 over TLS"
	HTTP2 Protocol = "HTTP/2 over TLS"
)

// roots has the certificate of every receiver.
var roots = sync.OnceValue(func() *x509.CertPool {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
})

// Receiver takes webhooks on a free port of loopback and counts them.
type Receiver struct {
	URL string
	Got Counter

	server *httptest.Server
	each   func(r *http.Request, body []byte)
}

// NewReceiver starts one. each, if not nil, sees every request before it is
// counted; it is called from many goroutines.
func NewReceiver(p Protocol, each func(r *http.Request, body []byte)) *Receiver {
	r := &Receiver{each: each}
	r.server = httptest.NewUnstartedServer(r)
	r.server.EnableHTTP2 = p == HTTP2
	if p == Plain {
		r.server.Start()
	} else {
		r.server.StartTLS()
	}
	r.URL = r.server.URL
	return r
}

// ServeHTTP takes one webhook.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.each == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	} else {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.each(req, body)
	}
	w.WriteHeader(http.StatusNoContent)
	r.Got.Add(1)
}

// Close ends the receiver.
func (r *Receiver) Close() { r.server.Close() }

// Senders is how many connections the bare loop keeps: as many as the engine
// has requests at once to one endpoint.
const Senders = 32

// Bare posts n events to the URLs in turn, over kept connections (one with
// HTTP/2), and stores nothing.
// rate is as in [Loop].
func Bare(ctx context.Context, urls []string, n int, rate float64) error {
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: Senders, TLSClientConfig: &tls.Config{RootCAs: roots(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	return Loop(ctx, Senders, n, rate, func(i int, due time.Time) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[i%len(urls)], bytes.NewReader(Body(due)))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if res.StatusCode/100 != 2 {
			return fmt.Errorf("the receiver answered %s", res.Status)
		}
		return nil
	})
}
