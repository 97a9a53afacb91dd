package browserhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	mrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
	// longestRefusal is how long a server may have the client wait.
	longestRefusal = time.Minute
	// maxAnswer bounds what is read of an answer that is decoded.
	maxAnswer = 64 << 20
)

// request is one call of the API.
type request struct {
	method string
	path   string // below the server's address, escaped
	query  url.Values
	header http.Header
	body   any  // as JSON; nil: none
	once   bool // it makes something: it has an Idempotency-Key
	gone   bool // it is done when there is nothing left
}

type keyContext struct{}

// WithIdempotencyKey has calls that make something use the key instead of a random one: a
// program that is started anew and calls again gets what it made, for 24 hours. It is for
// one call; another one with the same key is refused.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyContext{}, key)
}

func idempotencyKey(ctx context.Context) string {
	if key, ok := ctx.Value(keyContext{}).(string); ok {
		return key
	}
	return "go-" + rand.Text()
}

// do makes the call, as often as it takes, and gives the answer to take, which is to
// close it unless it fails.
func (c *Client) do(ctx context.Context, r request, take func(*http.Response) error) error {
	if strings.HasSuffix(r.path, "/") || strings.Contains(r.path, "//") {
		return errors.New("browserhook: an id is missing: " + r.path)
	}
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("browserhook: %w", err)
		}
	}
	header := r.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if r.once && header.Get("Idempotency-Key") == "" {
		header.Set("Idempotency-Key", idempotencyKey(ctx))
	}
	unsure := false // it may have been done, unheard
	for failures := 0; ; failures++ {
		err := c.once(ctx, r, header, body, take)
		refused, answered := errors.AsType[*Error](err)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case answered && r.gone && unsure && refused.Status == http.StatusNotFound:
			return nil
		case answered && !refused.Temporary(), failures >= c.retries:
			return err
		}
		unsure = unsure || !answered || refused.Status != http.StatusTooManyRequests
		if d := pauseAfter(failures, refused); tooLong(ctx, d) {
			return err
		} else if !sleep(ctx, d) {
			return context.Cause(ctx)
		}
	}
}

// once makes the call once.
func (c *Client) once(ctx context.Context, r request, header http.Header, body []byte, take func(*http.Response) error) error {
	address := c.base.String() + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header.Clone()
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("User-Agent", "browserhook-go")
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("browserhook: %w", err)
	}
	if res.StatusCode/100 != 2 {
		defer res.Body.Close()
		raw, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // its status is enough
		e := refusal(res, raw)
		if e.RetryAt.IsZero() {
			e.RetryAt = retryAfter(res.Header.Get("Retry-After"), time.Now())
		}
		return e
	}
	if err := take(res); err != nil {
		res.Body.Close()
		return err
	}
	return nil
}

// ask makes a call and decodes its answer, if there is one.
func ask[T any](ctx context.Context, c *Client, r request) (*T, error) {
	out := new(T)
	err := c.do(ctx, r, func(res *http.Response) error {
		raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return fmt.Errorf("browserhook: read the answer: %w", err)
		}
		res.Body.Close()
		if len(raw) == 0 && res.StatusCode == http.StatusNoContent {
			return nil
		}
		*out = *new(T)
		if err := json.Unmarshal(raw, out); err != nil {
			return &Error{Status: res.StatusCode, Detail: "and nothing that can be read: " + isItOurs}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// none is what calls answer that have nothing to say.
type none struct{}

// tell makes a call whose answer says nothing.
func tell(ctx context.Context, c *Client, r request) error {
	_, err := ask[none](ctx, c, r)
	return err
}

// path is one of the API's.
func path(parts ...string) string {
	var out strings.Builder
	out.WriteString("/v1")
	for _, p := range parts {
		out.WriteByte('/')
		out.WriteString(url.PathEscape(p))
	}
	return out.String()
}

// pauseAfter is how long to wait after a failure: as the server says, or longer each time.
func pauseAfter(failures int, refused *Error) time.Duration {
	d := pause(failures, mrand.Float64())
	if refused != nil && !refused.RetryAt.IsZero() {
		d = max(d, time.Until(refused.RetryAt))
	}
	return d
}

// pause doubles, and a random part keeps clients from coming back all at once.
func pause(failures int, random float64) time.Duration {
	d := firstPause << min(failures, 10)
	return time.Duration(float64(min(d, longestPause)) * (0.75 + random/2))
}

// tooLong says whether there isn't the time to wait.
func tooLong(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return d > longestRefusal || ok && time.Until(deadline) < d
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(header string, now time.Time) time.Time {
	if n, err := strconv.ParseFloat(header, 64); err == nil && n >= 0 && n < math.MaxInt32 {
		return now.Add(time.Duration(n * float64(time.Second)))
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return time.Time{}
	}
	return at
}

// keep decodes an answer, and keeps a copy of it.
func keep(raw []byte, into any, kept *json.RawMessage) error {
	*kept = bytes.Clone(raw)
	return json.Unmarshal(raw, into)
}

// Call makes a request that the client has no method for, such as one of a newer server:
// method and path, such as /v1/sessions; in, as JSON, unless it is nil; out is what the
// answer is decoded into, unless it is nil. It has an Idempotency-Key only by
// [WithIdempotencyKey]. It is repeated like any other.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	r := request{method: method, path: path, body: in, once: ctx.Value(keyContext{}) != nil}
	raw, err := ask[json.RawMessage](ctx, c, r)
	if err != nil || out == nil || len(*raw) == 0 {
		return err
	}
	return json.Unmarshal(*raw, out)
}
