package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
)

// Endpoints is the commands for webhook endpoints.
type Endpoints struct {
	List   EndpointsList   `cmd:"" help:"List webhook endpoints."`
	Create EndpointsCreate `cmd:"" help:"Make a webhook endpoint; its secret is printed once."`
	Show   EndpointsShow   `cmd:"" help:"Show an endpoint."`
	Test   EndpointsTest   `cmd:"" help:"Send an endpoint a test."`
	Enable EndpointsEnable `cmd:"" help:"Enable an endpoint that was disabled."`
	Delete EndpointsDelete `cmd:"" help:"Delete endpoints."`
}

func rawEndpoint(e *browserhook.Endpoint) json.RawMessage { return e.Raw }

func writeEndpoint(out io.Writer, e *browserhook.Endpoint) {
	facts(out, "endpoint", e.EndpointID, "url", e.URL, "events", strings.Join(e.Events, ", "), "status", string(e.Status), "why", e.DisabledReason, "failing since", stamp(e.FailingSince),
		"description", e.Description, "secret", e.Secret, "created", stamp(e.CreatedAt))
}

// EndpointsList is the command.
type EndpointsList struct {
	Command
	Limit int `help:"At most so many; 0 is all." default:"20" placeholder:"N"`
}

// Help is what kong prints behind the rest.
func (*EndpointsList) Help() string {
	return examples(`browserhook endpoints list`, `browserhook endpoints list --json | jq -r '.[] | select(.status == "DISABLED").endpointId'`)
}

// Run lists endpoints.
func (c *EndpointsList) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	t := &table{head: []string{"ENDPOINT", "STATUS", "CREATED", "EVENTS", "URL"}}
	of := client.Endpoints.List(ctx, browserhook.ListEndpointsParams{Limit: min(c.Limit, 100)})
	return list(&c.Command, out, of, c.Limit, t, "There are no endpoints.", func(e browserhook.Endpoint) json.RawMessage { return e.Raw }, func(e browserhook.Endpoint) []string {
		return []string{e.EndpointID, string(e.Status), when(e.CreatedAt), strings.Join(e.Events, ","), e.URL}
	})
}

// EndpointsCreate is the command.
type EndpointsCreate struct {
	Command
	Target      string   `arg:"" name:"url" help:"Where events are sent."`
	Events      []string `help:"Event types, or the wildcards *, browser_*, step_*." default:"*" placeholder:"TYPE"`
	Ordered     bool     `help:"Each session's events in turn."`
	Description string   `help:"For people." placeholder:"TEXT"`
}

// Help is what kong prints behind the rest.
func (*EndpointsCreate) Help() string {
	return examples(`browserhook endpoints create https://example.com/hook --events 'step_*,browser_closed'`, `browserhook endpoints create https://example.com/hook --json | jq -r .secret`)
}

// Run makes an endpoint.
func (c *EndpointsCreate) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Endpoint, error) {
		return client.Endpoints.Create(ctx, browserhook.CreateEndpointRequest{URL: c.Target, Events: c.Events, Ordered: c.Ordered, Description: c.Description})
	}, rawEndpoint, writeEndpoint)
}

// EndpointsShow is the command.
type EndpointsShow struct {
	Command
	ID string `arg:"" name:"endpoint" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*EndpointsShow) Help() string {
	return examples(`browserhook endpoints show we_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run shows an endpoint.
func (c *EndpointsShow) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Endpoint, error) {
		return client.Endpoints.Get(ctx, c.ID)
	}, rawEndpoint, writeEndpoint)
}

// EndpointsTest is the command.
type EndpointsTest struct {
	Command
	ID string `arg:"" name:"endpoint" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*EndpointsTest) Help() string {
	return examples(`browserhook endpoints test we_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run sends a test.
func (c *EndpointsTest) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Delivery, error) {
		return client.Endpoints.Test(ctx, c.ID)
	}, rawDelivery, writeDelivery)
}

// EndpointsEnable is the command.
type EndpointsEnable struct {
	Command
	ID string `arg:"" name:"endpoint" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*EndpointsEnable) Help() string {
	return examples(`browserhook endpoints enable we_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run enables an endpoint.
func (c *EndpointsEnable) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Endpoint, error) {
		return client.Endpoints.Enable(ctx, c.ID)
	}, rawEndpoint, writeEndpoint)
}

// EndpointsDelete is the command.
type EndpointsDelete struct {
	Command
	IDs []string `arg:"" name:"endpoint" help:"Their ids."`
}

// Help is what kong prints behind the rest.
func (*EndpointsDelete) Help() string {
	return examples(`browserhook endpoints delete we_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run deletes endpoints; all that can be are.
func (c *EndpointsDelete) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	return each(c.IDs, func(id string) error {
		if err := client.Endpoints.Delete(ctx, id); err != nil {
			return Kind(err)
		}
		_, err := fmt.Fprintln(out, id, "deleted")
		return err
	})
}
