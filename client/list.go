package browserhook

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Page is a part of a list.
type Page[T any] struct {
	Data []T `json:"data"`
	// NextCursor leads to what comes after; empty: the list has ended. The log of events
	// goes on, and always has one.
	NextCursor string `json:"nextCursor"`
}

// ListParams say which part of a list is read; both may be left out.
type ListParams struct {
	// Cursor is a [Page.NextCursor]: the list goes on behind that page.
	Cursor string
	// Limit is how many there are in an answer, at most; the list goes on behind them.
	Limit int
}

func (p ListParams) query() url.Values {
	q := url.Values{}
	set(q, "cursor", p.Cursor)
	set(q, "limit", p.Limit)
	return q
}

// set gives a query a value, unless it is the empty one.
func set(q url.Values, name string, value any) {
	switch v := value.(type) {
	case string:
		if v != "" {
			q.Set(name, v)
		}
	case SessionStatus:
		set(q, name, string(v))
	case DeliveryStatus:
		set(q, name, string(v))
	case bool:
		if v {
			q.Set(name, "true")
		}
	case []string:
		set(q, name, strings.Join(v, ","))
	case int:
		if v != 0 {
			q.Set(name, strconv.Itoa(v))
		}
	case time.Time:
		if !v.IsZero() {
			q.Set(name, v.Format(time.RFC3339Nano))
		}
	}
}

// page reads a part of a list.
func page[T any](ctx context.Context, c *Client, path string, q url.Values) (*Page[T], error) {
	return ask[Page[T]](ctx, c, request{method: http.MethodGet, path: path, query: q})
}

// list reads all of one from a place on, part by part as they are used. After an error it
// ends.
func list[T any](ctx context.Context, c *Client, path string, q url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := maps.Clone(q)
		for {
			p, err := page[T](ctx, c, path, q)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, one := range p.Data {
				if !yield(one, nil) {
					return
				}
			}
			if p.NextCursor == "" || p.NextCursor == q.Get("cursor") {
				return
			}
			q.Set("cursor", p.NextCursor)
		}
	}
}

// Collect reads a list into a slice.
func Collect[T any](list iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for one, err := range list {
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}
