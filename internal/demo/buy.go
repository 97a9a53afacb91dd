package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func steps(shop string) []map[string]any {
	return []map[string]any{
		{"action": "goto", "url": shop},
		{"action": "fill", "target": "placeholder=Search the shop", "value": "teapot"},
		{"action": "press", "key": "Enter", "target": "placeholder=Search the shop"},
		{"action": "click", "target": "text=Glass teapot"},
		{"action": "fill", "target": "label=Your name", "value": "Ada"},
		{"action": "fill", "target": "label=E-mail", "value": "ada@example.com"},
		{"action": "select", "target": "label=Size", "value": "Large"},
		{"action": "check", "target": "label=I agree to the terms"},
		{"action": "click", "target": `role=button[name="Place order"]`},
		{"action": "extract", "fields": map[string]any{
			"Number": ".number", "Product": ".product", "Size": ".size", "Email": ".email", "Name": "h1",
		}},
		{"action": "screenshot"},
	}
}

// buy runs the steps, shows the webhooks as they come, and, unless all of it
// is to be kept, closes the session and waits for the last.
func (d *demo) buy(ctx context.Context, session, shop string, r *Receiver) (Order, string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	type outcome struct {
		answer answer
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		a, err := d.post(ctx, "/v1/sessions/"+session+"/steps", map[string]any{"steps": steps(shop)})
		done <- outcome{a, err}
	}()
	var order Order
	var screenshot string
	last := "browser_closed"
	if d.Keep {
		last = "step_completed screenshot"
	}
	ended := false
	for finished := false; !finished || !ended; {
		select {
		case o := <-done:
			if o.err != nil {
				return order, "", fmt.Errorf("run the steps: %w", o.err)
			}
			var err error
			if order, screenshot, err = d.results(ctx, session, o.answer); err != nil {
				return order, "", err
			}
			if !d.Keep {
				if _, err := d.call(ctx, http.MethodDelete, "/v1/sessions/"+session, nil); err != nil {
					return order, "", fmt.Errorf("close the session: %w", err)
				}
			}
			done, finished = nil, true
		case got := <-r.C:
			d.show(got)
			ended = ended || strings.TrimSpace(got.Type+" "+got.Action) == last
		case <-ctx.Done():
			return order, "", fmt.Errorf("not all webhooks arrived within %s", within)
		}
	}
	return order, screenshot, d.rest(r)
}

// rest takes what is still on its way: deliveries of one session may overtake
// each other.
func (d *demo) rest(r *Receiver) error {
	for {
		var highest int64
		for n := range d.events {
			highest = max(highest, n)
		}
		if int64(len(d.events)) == highest {
			return nil
		}
		select {
		case got := <-r.C:
			d.show(got)
		case <-time.After(10 * time.Second):
			return fmt.Errorf("%d of %d webhooks arrived", len(d.events), highest)
		}
	}
}

func (d *demo) show(got Received) {
	mark := good.Render("✓ verified")
	if !got.Verified {
		mark = bad.Render("✕ bad signature")
		d.wrong = append(d.wrong, fmt.Sprintf("webhook %d did not verify", got.Sequence))
	}
	if !got.Duplicate {
		d.events[got.Sequence] = got
	}
	if got.Type == "step_failed" || got.Type == "browser_failed" || got.Type == "browser_crashed" {
		d.wrong = append(d.wrong, fmt.Sprintf("webhook %d is %s %s", got.Sequence, got.Type, got.Action))
	}
	d.say("%s  %-15s %-11s %s", soft.Render(fmt.Sprintf("%3d", got.Sequence)), got.Type, got.Action, mark)
}

// results reads the order and fetches the screenshot.
func (d *demo) results(ctx context.Context, session string, a answer) (order Order, screenshot string, err error) {
	for _, st := range a.Data {
		if st.Status != "COMPLETED" {
			return order, "", fmt.Errorf("step %s is %s: %s", st.Action, st.Status, st.Error)
		}
		switch st.Action {
		case "extract":
			if err := json.Unmarshal(st.Result, &order); err != nil {
				return order, "", fmt.Errorf("read the order: %w", err)
			}
			order.Name = strings.TrimPrefix(order.Name, "Thank you, ")
		case "screenshot":
			var made struct{ ArtifactID string }
			if err := json.Unmarshal(st.Result, &made); err != nil {
				return order, "", fmt.Errorf("read the screenshot's id: %w", err)
			}
			if screenshot, err = d.fetch(ctx, "/v1/sessions/"+session+"/artifacts/"+made.ArtifactID); err != nil {
				return order, "", fmt.Errorf("fetch the screenshot: %w", err)
			}
		}
	}
	return order, screenshot, nil
}

func (d *demo) fetch(ctx context.Context, path string) (file string, err error) {
	res, err := d.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(d.Output, 0o755); err != nil {
		return "", err
	}
	file = filepath.Join(d.Output, "order.png")
	return file, os.WriteFile(file, raw, 0o644)
}

// check holds what arrived against what was to arrive.
func (d *demo) check(order Order) error {
	wrong := d.wrong
	for n := int64(1); n <= int64(len(d.events)); n++ {
		if _, ok := d.events[n]; !ok {
			wrong = append(wrong, fmt.Sprintf("webhook %d is missing", n))
		}
	}
	completed := 0
	for _, e := range d.events {
		if e.Type == "step_completed" {
			completed++
		}
	}
	if want := len(steps("")); completed != want {
		wrong = append(wrong, fmt.Sprintf("%d of %d steps were reported completed", completed, want))
	}
	orders := d.shop.Orders()
	if len(orders) != 1 || orders[0] != order {
		wrong = append(wrong, fmt.Sprintf("the shop has the orders %+v, the session read %+v", orders, order))
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}
