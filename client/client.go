// Package browserhook is the client of a browserhook server: real browsers over HTTP.
//
//	client, err := browserhook.New(browserhook.Options{}) // $BROWSERHOOK_URL, $BROWSERHOOK_KEY
//	session, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{})
//	defer session.Close(ctx)
//	price := browserhook.Extract(".price")
//	_, err = session.Run(ctx, browserhook.Goto("https://shop.example"), browserhook.Click("text=Buy"), price)
//	fmt.Println(string(price.Result))
//
// What goes wrong with a request is an [*Error], with the API's own code; a step that
// fails is a [*StepFailedError]. Both are found by [errors.As].
//
// Every call may be repeated: when there is no answer, or one that says "not now" (429,
// 502, 503, 504), the client asks again, with the same Idempotency-Key, so that nothing is
// done twice. Lists are iterators over all pages, and the streams of events go on where a
// lost connection left them.
//
// Webhooks are received with package [github.com/browserhook/browserhook/client/webhook].
//
// A client may be used by many goroutines at once. The package needs nothing but the
// standard library.
package browserhook

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Options are what [New] is told. The zero value takes all from the environment.
type Options struct {
	// URL is the server's address. Default: $BROWSERHOOK_URL, or http://127.0.0.1:8080.
	URL string
	// Key is the API key. Default: $BROWSERHOOK_KEY.
	Key string
	// HTTPClient sends the requests. The default has no bound for a whole answer, which may
	// be a stream, but 90 s for its beginning, and follows no redirects. One of your own
	// must have no Timeout, which would cut streams.
	HTTPClient *http.Client
	// Retries is how often a call is made again that had no answer, or one that says "not
	// now". 0 is the default, 4: about four seconds, as long as a server takes to restart.
	// Less than 0: never.
	Retries int
}

// Client calls the API of one server with one key.
type Client struct {
	Sessions   *Sessions
	Events     *Events
	Endpoints  *Endpoints
	Deliveries *Deliveries
	Keys       *Keys
	Projects   *Projects
	Nodes      *Nodes

	base    *url.URL
	key     string
	http    *http.Client
	retries int
}

// DefaultURL is where a server listens unless it is told otherwise.
const DefaultURL = "http://127.0.0.1:8080"

const (
	defaultRetries = 4
	// begins is longer than the API waits for steps.
	begins = 90 * time.Second
)

// New makes a client. It makes no request: a wrong key is told by the first call.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(cmp.Or(o.URL, os.Getenv("BROWSERHOOK_URL"), DefaultURL), "/"))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("browserhook: the server's address must be http://host or https://host, not %q", cmp.Or(o.URL, os.Getenv("BROWSERHOOK_URL")))
	}
	key := cmp.Or(o.Key, os.Getenv("BROWSERHOOK_KEY"))
	if key == "" {
		return nil, errors.New("browserhook: there is no API key: set Options.Key or $BROWSERHOOK_KEY")
	}
	c := &Client{base: base, key: key, http: o.HTTPClient, retries: max(cmp.Or(o.Retries, defaultRetries), 0)}
	if c.http == nil {
		c.http = &http.Client{Transport: transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	c.Sessions, c.Events, c.Endpoints, c.Deliveries = &Sessions{c}, &Events{c}, &Endpoints{c}, &Deliveries{c}
	c.Keys, c.Projects, c.Nodes = &Keys{c}, &Projects{c}, &Nodes{c}
	return c, nil
}

func transport() http.RoundTripper {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := shared.Clone()
	t.ResponseHeaderTimeout = begins
	t.MaxIdleConnsPerHost = 16
	return t
}

// URL is the server's address.
func (c *Client) URL() string { return c.base.String() }

// CloseIdleConnections closes the connections that are kept for the next call.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }
