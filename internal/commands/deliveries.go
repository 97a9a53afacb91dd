package commands

import (
	"context"
	"encoding/json"
	"io"
	"strconv"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Deliveries is the commands for deliveries.
type Deliveries struct {
	List   DeliveriesList   `cmd:"" help:"List deliveries, newest first."`
	Show   DeliveriesShow   `cmd:"" help:"Show a delivery, and say in a sentence why it is as it is."`
	Retry  DeliveriesRetry  `cmd:"" help:"Send a delivery again."`
	Cancel DeliveriesCancel `cmd:"" help:"Cancel a delivery."`
}

func rawDelivery(d *browserhook.Delivery) json.RawMessage { return d.Raw }

func writeDelivery(out io.Writer, d *browserhook.Delivery) {
	facts(out, "delivery", d.DeliveryID, "event", d.EventType+" "+d.EventID, "session", d.SessionID, "endpoint", d.EndpointID, "status", string(d.Status), "why", string(d.Reason),
		"attempts", strconv.Itoa(d.Attempts), "next attempt", stamp(d.NextAttemptAt), "created", stamp(d.CreatedAt), "ended", stamp(d.EndedAt))
}

// DeliveriesList is the command.
type DeliveriesList struct {
	Command
	Status   string `help:"Only those in this state." enum:"PENDING,SENDING,DELIVERED,FAILED,CANCELED," default:"" placeholder:"STATE"`
	Endpoint string `api:"endpointId" help:"Only to this endpoint." placeholder:"ID"`
	Session  string `api:"sessionId" help:"Only of this session." placeholder:"ID"`
	Limit    int    `help:"At most so many; 0 is all." default:"20" placeholder:"N"`
}

// Help is what kong prints behind the rest.
func (*DeliveriesList) Help() string {
	return examples(`browserhook deliveries list --status FAILED`, `browserhook deliveries list --status FAILED --limit 0 | cut -f1 | xargs -n1 browserhook deliveries retry`)
}

// Run lists deliveries.
func (c *DeliveriesList) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	of := client.Deliveries.List(ctx, browserhook.ListDeliveriesParams{
		Status: browserhook.DeliveryStatus(c.Status), EndpointID: c.Endpoint, SessionID: c.Session, Limit: min(c.Limit, 100),
	})
	t := &table{head: []string{"DELIVERY", "STATUS", "EVENT", "ATTEMPTS", "CREATED", "NEXT", "ENDPOINT"}}
	return list(&c.Command, out, of, c.Limit, t, "There are no deliveries.", func(d browserhook.Delivery) json.RawMessage { return d.Raw }, func(d browserhook.Delivery) []string {
		return []string{d.DeliveryID, string(d.Status), d.EventType, strconv.Itoa(d.Attempts), when(d.CreatedAt), when(d.NextAttemptAt), d.EndpointID}
	})
}

// DeliveriesShow is the command.
type DeliveriesShow struct {
	Command
	ID string `arg:"" name:"delivery" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*DeliveriesShow) Help() string {
	return examples(`browserhook deliveries show dlv_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run shows a delivery.
func (c *DeliveriesShow) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	why := &browserhook.Explanation{}
	if !c.JSON {
		if why, err = client.Deliveries.Explain(ctx, c.ID); err != nil {
			return Kind(err)
		}
	}
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Delivery, error) {
		return client.Deliveries.Get(ctx, c.ID)
	}, rawDelivery,
		func(out io.Writer, d *browserhook.Delivery) {
			writeDelivery(out, d)
			if why.Explanation != "" {
				terminal.Println(out, terminal.CleanLines(why.Explanation))
			}
		})
}

// DeliveriesRetry is the command.
type DeliveriesRetry struct {
	Command
	ID string `arg:"" name:"delivery" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*DeliveriesRetry) Help() string {
	return examples(`browserhook deliveries retry dlv_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run sends a delivery again.
func (c *DeliveriesRetry) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Delivery, error) {
		return client.Deliveries.Retry(ctx, c.ID)
	}, rawDelivery, writeDelivery)
}

// DeliveriesCancel is the command.
type DeliveriesCancel struct {
	Command
	ID string `arg:"" name:"delivery" help:"Its id."`
}

// Help is what kong prints behind the rest.
func (*DeliveriesCancel) Help() string {
	return examples(`browserhook deliveries cancel dlv_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run cancels a delivery.
func (c *DeliveriesCancel) Run(ctx context.Context, out io.Writer) error {
	return one(&c.Command, out, func(client *browserhook.Client) (*browserhook.Delivery, error) {
		return client.Deliveries.Cancel(ctx, c.ID)
	}, rawDelivery, writeDelivery)
}
