package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/browserhook/browserhook/internal/apiclient"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Events is the command that reads the log.
type Events struct {
	Server
	Session string   `help:"Only this session's." placeholder:"ID"`
	Types   []string `help:"Only these types." placeholder:"TYPE"`
	After   string   `help:"Begin after the event with this id. Default: with the oldest that there is." placeholder:"EVENT"`
	Limit   int      `help:"At most so many." default:"100" placeholder:"N"`
}

type event struct {
	ID        string `json:"id"`
	Timestamp string `json:"timestamp"`
	SessionID string `json:"sessionId"`
	Sequence  int    `json:"sequence"`
	Data      struct {
		EventType string `json:"eventType"`
		Status    string `json:"status"`
		Action    string `json:"action"`
		Error     *struct {
			Code string `json:"code"`
		} `json:"error"`
		Reason string `json:"reason"`
	} `json:"data"`
}

// Run lists events, the oldest first.
func (c *Events) Run(ctx context.Context, out io.Writer) error {
	q, t, all := url.Values{}, table{head: []string{"WHEN", "SESSION", "#", "EVENT", "STATUS", "WHAT", "ID"}}, []json.RawMessage{}
	for name, v := range map[string]string{"sessionId": c.Session, "types": strings.Join(c.Types, ","), "after": c.After} {
		if v != "" {
			q.Set(name, v)
		}
	}
	for left := c.Limit; left > 0; {
		var page struct {
			Data       []json.RawMessage `json:"data"`
			NextCursor string            `json:"nextCursor"`
		}
		q.Set("limit", strconv.Itoa(min(left, 1000)))
		if _, err := c.call(ctx, http.MethodGet, "/events?"+q.Encode(), nil, nil, &page); err != nil {
			return err
		}
		if len(page.Data) == 0 {
			break
		}
		all, left = append(all, page.Data...), left-len(page.Data)
		q.Set("after", page.NextCursor)
	}
	if c.JSON {
		raw, err := json.Marshal(all)
		if err != nil {
			return err
		}
		return printJSON(out, raw)
	}
	for _, raw := range all {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		what := e.Data.Action
		if e.Data.Error != nil {
			what = strings.TrimSpace(what + " " + e.Data.Error.Code)
		}
		t.add(when(e.Timestamp), e.SessionID, strconv.Itoa(e.Sequence), e.Data.EventType, e.Data.Status, strings.TrimSpace(what+" "+e.Data.Reason), e.ID)
	}
	return t.write(out, "There are no events.")
}

// Endpoints is the commands for webhook endpoints.
type Endpoints struct {
	List   EndpointsList   `cmd:"" help:"List webhook endpoints."`
	Create EndpointsCreate `cmd:"" help:"Make a webhook endpoint; its secret is printed once."`
	Show   EndpointsShow   `cmd:"" help:"Show an endpoint."`
	Test   EndpointsTest   `cmd:"" help:"Send an endpoint a test."`
	Enable EndpointsEnable `cmd:"" help:"Enable an endpoint that was disabled."`
	Delete EndpointsDelete `cmd:"" help:"Delete endpoints."`
}

type endpoint struct {
	EndpointID   string   `json:"endpointId"`
	URL          string   `json:"url"`
	Events       []string `json:"events"`
	Status       string   `json:"status"`
	Reason       string   `json:"disabledReason"`
	FailingSince string   `json:"failingSince"`
	Description  string   `json:"description"`
	Secret       string   `json:"secret"`
	CreatedAt    string   `json:"createdAt"`
}

func (e *endpoint) write(out io.Writer) {
	facts(out, "endpoint", e.EndpointID, "url", e.URL, "events", strings.Join(e.Events, ", "), "status", e.Status, "why", e.Reason, "failing since", e.FailingSince,
		"description", e.Description, "secret", e.Secret, "created", e.CreatedAt)
}

func endpointPath(id string, more ...string) string {
	return strings.Join(append([]string{"/webhook-endpoints", url.PathEscape(id)}, more...), "/")
}

// one asks for one thing and prints it.
func one[T any](ctx context.Context, s *Server, out io.Writer, method, path string, header http.Header, in any, write func(*T)) error {
	var got T
	raw, err := s.call(ctx, method, path, header, in, &got)
	if err != nil {
		return err
	}
	if s.JSON && len(raw) > 0 {
		return printJSON(out, raw)
	}
	write(&got)
	return nil
}

// EndpointsList is the command.
type EndpointsList struct {
	Server
	Limit int `help:"At most so many." default:"20" placeholder:"N"`
}

// Run lists endpoints.
func (c *EndpointsList) Run(ctx context.Context, out io.Writer) error {
	return list(ctx, &c.Server, out, "/webhook-endpoints", url.Values{}, c.Limit, "There are no endpoints.", []string{"ENDPOINT", "STATUS", "CREATED", "EVENTS", "URL"}, func(e endpoint) []string {
		return []string{e.EndpointID, e.Status, when(e.CreatedAt), strings.Join(e.Events, ","), e.URL}
	})
}

// EndpointsCreate is the command.
type EndpointsCreate struct {
	Server
	Target      string   `arg:"" name:"url" help:"Where events are sent."`
	Events      []string `help:"Event types, or the wildcards *, browser_*, step_*." default:"*" placeholder:"TYPE"`
	Ordered     bool     `help:"Each session's events in turn."`
	Description string   `help:"For people." placeholder:"TEXT"`
}

// Run makes an endpoint.
func (c *EndpointsCreate) Run(ctx context.Context, out io.Writer) error {
	body := map[string]any{"url": c.Target, "events": c.Events, "ordered": c.Ordered}
	if c.Description != "" {
		body["description"] = c.Description
	}
	return one(ctx, &c.Server, out, http.MethodPost, "/webhook-endpoints", once(), body, func(e *endpoint) { e.write(out) })
}

// EndpointsShow is the command.
type EndpointsShow struct {
	Server
	ID string `arg:"" name:"endpoint" help:"Its id."`
}

// Run shows an endpoint.
func (c *EndpointsShow) Run(ctx context.Context, out io.Writer) error {
	return one(ctx, &c.Server, out, http.MethodGet, endpointPath(c.ID), nil, nil, func(e *endpoint) { e.write(out) })
}

// EndpointsTest is the command.
type EndpointsTest struct {
	Server
	ID string `arg:"" name:"endpoint" help:"Its id."`
}

// Run sends a test.
func (c *EndpointsTest) Run(ctx context.Context, out io.Writer) error {
	return one(ctx, &c.Server, out, http.MethodPost, endpointPath(c.ID, "test"), once(), nil, func(d *delivery) { d.write(out) })
}

// EndpointsEnable is the command.
type EndpointsEnable struct {
	Server
	ID string `arg:"" name:"endpoint" help:"Its id."`
}

// Run enables an endpoint.
func (c *EndpointsEnable) Run(ctx context.Context, out io.Writer) error {
	return one(ctx, &c.Server, out, http.MethodPost, endpointPath(c.ID, "enable"), nil, nil, func(e *endpoint) { e.write(out) })
}

// EndpointsDelete is the command.
type EndpointsDelete struct {
	Server
	IDs []string `arg:"" name:"endpoint" help:"Their ids."`
}

// Run deletes endpoints; all that can be are.
func (c *EndpointsDelete) Run(ctx context.Context, out io.Writer) error {
	var failed []error
	for _, id := range c.IDs {
		if _, err := c.call(ctx, http.MethodDelete, endpointPath(id), nil, nil, nil); err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintln(out, id, "deleted")
	}
	return errors.Join(failed...)
}

// Deliveries is the commands for deliveries.
type Deliveries struct {
	List   DeliveriesList   `cmd:"" help:"List deliveries, newest first."`
	Show   DeliveriesShow   `cmd:"" help:"Show a delivery, and say in a sentence why it is as it is."`
	Retry  DeliveriesRetry  `cmd:"" help:"Send a delivery again."`
	Cancel DeliveriesCancel `cmd:"" help:"Cancel a delivery."`
}

type delivery struct {
	DeliveryID    string `json:"deliveryId"`
	EventID       string `json:"eventId"`
	EventType     string `json:"eventType"`
	SessionID     string `json:"sessionId"`
	EndpointID    string `json:"endpointId"`
	Status        string `json:"status"`
	Attempts      int    `json:"attempts"`
	NextAttemptAt string `json:"nextAttemptAt"`
	CreatedAt     string `json:"createdAt"`
	EndedAt       string `json:"endedAt"`
	Reason        string `json:"reason"`
}

func (d *delivery) write(out io.Writer) {
	facts(out, "delivery", d.DeliveryID, "event", d.EventType+" "+d.EventID, "session", d.SessionID, "endpoint", d.EndpointID, "status", d.Status, "why", d.Reason,
		"attempts", strconv.Itoa(d.Attempts), "next attempt", d.NextAttemptAt, "created", d.CreatedAt, "ended", d.EndedAt)
}

func deliveryPath(id string, more ...string) string {
	return strings.Join(append([]string{"/deliveries", url.PathEscape(id)}, more...), "/")
}

// DeliveriesList is the command.
type DeliveriesList struct {
	Server
	Status   string `help:"Only those in this state." enum:"PENDING,SENDING,DELIVERED,FAILED,CANCELED," default:"" placeholder:"STATE"`
	Endpoint string `help:"Only to this endpoint." placeholder:"ID"`
	Session  string `help:"Only of this session." placeholder:"ID"`
	Limit    int    `help:"At most so many." default:"20" placeholder:"N"`
}

// Run lists deliveries.
func (c *DeliveriesList) Run(ctx context.Context, out io.Writer) error {
	q := url.Values{}
	for name, v := range map[string]string{"status": c.Status, "endpointId": c.Endpoint, "sessionId": c.Session} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return list(ctx, &c.Server, out, "/deliveries", q, c.Limit, "There are no deliveries.", []string{"DELIVERY", "STATUS", "EVENT", "ATTEMPTS", "CREATED", "NEXT", "ENDPOINT"}, func(d delivery) []string {
		return []string{d.DeliveryID, d.Status, d.EventType, strconv.Itoa(d.Attempts), when(d.CreatedAt), when(d.NextAttemptAt), d.EndpointID}
	})
}

// DeliveriesShow is the command.
type DeliveriesShow struct {
	Server
	ID string `arg:"" name:"delivery" help:"Its id."`
}

// Run shows a delivery.
func (c *DeliveriesShow) Run(ctx context.Context, out io.Writer) error {
	var why struct {
		Explanation string `json:"explanation"`
	}
	if !c.JSON {
		if _, err := c.call(ctx, http.MethodGet, deliveryPath(c.ID, "explain"), nil, nil, &why); err != nil {
			return err
		}
	}
	return one(ctx, &c.Server, out, http.MethodGet, deliveryPath(c.ID), nil, nil, func(d *delivery) {
		d.write(out)
		if why.Explanation != "" {
			terminal.Println(out, terminal.CleanLines(why.Explanation))
		}
	})
}

// DeliveriesRetry is the command.
type DeliveriesRetry struct {
	Server
	ID string `arg:"" name:"delivery" help:"Its id."`
}

// Run sends a delivery again.
func (c *DeliveriesRetry) Run(ctx context.Context, out io.Writer) error {
	return one(ctx, &c.Server, out, http.MethodPost, deliveryPath(c.ID, "retry"), once(), nil, func(d *delivery) { d.write(out) })
}

// DeliveriesCancel is the command.
type DeliveriesCancel struct {
	Server
	ID string `arg:"" name:"delivery" help:"Its id."`
}

// Run cancels a delivery.
func (c *DeliveriesCancel) Run(ctx context.Context, out io.Writer) error {
	return one(ctx, &c.Server, out, http.MethodPost, deliveryPath(c.ID, "cancel"), nil, nil, func(d *delivery) { d.write(out) })
}

// Artifacts is the commands for files.
type Artifacts struct {
	List ArtifactsList `cmd:"" help:"List what a session's steps made and its pages downloaded."`
	Get  ArtifactsGet  `cmd:"" help:"Fetch a file."`
}

type artifact struct {
	ArtifactID  string `json:"artifactId"`
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	Size        int64  `json:"size"`
	CreatedAt   string `json:"createdAt"`
}

// ArtifactsList is the command.
type ArtifactsList struct {
	Server
	Session string `arg:"" help:"The session's id."`
	Limit   int    `help:"At most so many." default:"100" placeholder:"N"`
}

// Run lists artifacts.
func (c *ArtifactsList) Run(ctx context.Context, out io.Writer) error {
	return list(ctx, &c.Server, out, sessionPath(c.Session, "artifacts"), url.Values{}, c.Limit, "There are no artifacts.", []string{"ARTIFACT", "KIND", "TYPE", "BYTES", "CREATED", "NAME"}, func(a artifact) []string {
		return []string{a.ArtifactID, a.Kind, a.ContentType, strconv.FormatInt(a.Size, 10), when(a.CreatedAt), a.Name}
	})
}

// ArtifactsGet is the command.
type ArtifactsGet struct {
	Server
	Session  string `arg:"" help:"The session's id."`
	Artifact string `arg:"" help:"Its id."`
	Output   string `short:"o" help:"File to write; - is the standard output. Default: the artifact's id, with an ending." placeholder:"FILE"`
}

// endings are those of files by what they hold.
var endings = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "application/pdf": ".pdf", "application/zip": ".zip", "application/json": ".json"}

// Run writes a file, whole or not at all.
func (c *ArtifactsGet) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer client.Close()
	res, err := client.Get(ctx, sessionPath(c.Session, "artifacts", c.Artifact), http.Header{})
	if err != nil {
		return kind(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return kind(apiclient.Refusal(res))
	}
	if c.Output == "-" {
		_, err := io.Copy(out, res.Body)
		return err
	}
	name := c.Output
	if name == "" { // never what a page has called it
		media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
		name = filepath.Base(c.Artifact) + endings[media]
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".browserhook-*")
	if err != nil {
		return err
	}
	n, err := io.Copy(file, res.Body)
	if err == nil && res.ContentLength >= 0 && n != res.ContentLength {
		err = errors.New("the file broke off")
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		os.Remove(file.Name())
		return err
	}
	fmt.Fprintf(out, "%s (%d bytes)\n", name, n)
	return nil
}
