package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// File is what an address holds.
type File struct {
	Name        string // as the server calls it, or as the address ends; a stranger's word
	ContentType string // as the server says, without parameters
	Content     []byte
}

// ErrLarge is a file that has more bytes than it may have.
var ErrLarge = errors.New("the file is too large")

// maxRedirects is how many a fetch follows, as browsers do.
const maxRedirects = 20

// Fetch gets what an http or https address holds, at most limit bytes, over connections
// of dial's, which judges each, those that redirects lead to as well. The error is an
// *[Error], or ErrLarge.
func Fetch(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), address string, limit int64) (File, error) {
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		req.Header.Del("Referer") // an address may be a secret of whoever gave it
		switch {
		case len(via) >= maxRedirects:
			return &Error{ClassRedirect, fmt.Sprintf("it was redirected more than %d times", maxRedirects)}
		case req.URL.Scheme != "http" && req.URL.Scheme != "https":
			return &Error{ClassRedirect, "it was redirected to what is no http or https address"}
		}
		return nil
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return File{}, &Error{ClassProtocol, "it is no http or https address"}
	}
	req.Header.Set("Accept-Encoding", "identity") // what is given on is what came
	res, err := client.Do(req)
	if err != nil {
		return File{}, failed(ctx, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode/100 != 2:
		return File{}, &Error{ClassStatus, fmt.Sprintf("it answered %d", res.StatusCode)}
	case res.ContentLength > limit:
		return File{}, ErrLarge
	}
	content, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return File{}, failed(ctx, err)
	case int64(len(content)) > limit:
		return File{}, ErrLarge
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	return File{Name: nameOf(res.Header.Get("Content-Disposition"), res.Request.URL), ContentType: kind, Content: content}, nil
}

// failed is why there is no answer, or not all of it.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &Error{ClassTimeout, "it was not there in time"}
	}
	e := (&Client{}).classify(err, true)
	if e.Class == ClassTimeout {
		e = &Error{ClassTimeout, "it was not there in time"}
	}
	return e
}

// nameOf is what a server calls a file or, if it doesn't, how its address ends.
func nameOf(disposition string, address *url.URL) string {
	if _, params, err := mime.ParseMediaType(disposition); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if name := path.Base(address.Path); strings.Trim(name, "./") != "" {
		return name
	}
	return ""
}
