package step

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestMarkdownIsBounded, over all elements together, and ends with its step
// however long it would take.
func TestMarkdownIsBounded(t *testing.T) {
	list := Field{Target: "p", All: true, Type: "markdown"}
	two, err := json.Marshal([]string{strings.Repeat("x", maxHTML/2), strings.Repeat("y", maxHTML/2+1)})
	if err != nil {
		t.Fatal(err)
	}
	same := func(html string) (string, error) { return html, nil }
	_, err = list.finish(two, &maker{t.Context(), maxHTML, same})
	if f, ok := errors.AsType[*domain.Failure](err); !ok || f.Code != CodeTooLarge {
		t.Errorf("got %v", err)
	}
	release, begun := make(chan struct{}), make(chan struct{})
	slow := func(string) (string, error) { begun <- struct{}{}; <-release; return "", nil }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range cap(converting) + 1 { // the last waits for its turn
		go func() {
			_, err := list.finish(json.RawMessage(`["<p>a"]`), &maker{ctx, maxHTML, slow})
			ended <- err
		}()
	}
	for range cap(converting) {
		<-begun
	}
	cancel()
	for range cap(converting) + 1 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	close(release)
	if v, err := list.finish(json.RawMessage(`["<p>a"]`), &maker{t.Context(), maxHTML, toMarkdown}); err != nil || string(v) != `["a"]` {
		t.Errorf("afterwards: %s, %v", v, err)
	}
}
