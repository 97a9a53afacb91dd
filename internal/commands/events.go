package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Events is the command that reads the log.
type Events struct {
	Command
	Session string   `api:"sessionId" help:"Only this session's." placeholder:"ID"`
	Types   []string `help:"Only these types." placeholder:"TYPE"`
	After   string   `api:"cursor" help:"Begin after the event with this id. Default: with the oldest that there is, with --follow now." placeholder:"EVENT"`
	Limit   *int     `help:"At most so many; 0 is any number. Default: 100, with --follow any." placeholder:"N"`
	Follow  bool     `short:"f" help:"Go on with what happens, until it is interrupted; that of one session from its first event on, until it ends. With --json each event is a line."`
}

// Help is what kong prints behind the rest.
func (*Events) Help() string {
	return examples(`browserhook events --session browser_iwnx132n1`, `browserhook events --types step_failed,browser_crashed --limit 20`,
		`browserhook events --follow --json | jq -r .data.eventType`, `browserhook events --follow --after evt_06h0vrn6b12g35g6ph5tvdtch0`)
}

// Run lists events, the oldest first, and follows them.
func (c *Events) Run(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if c.Follow {
		return c.follow(ctx, client, out)
	}
	limit, size := 100, 1000
	if c.Limit != nil {
		limit = *c.Limit
	}
	if limit != 0 {
		size = min(limit, size)
	}
	of := client.Events.List(ctx, browserhook.ListEventsParams{Cursor: c.After, SessionID: c.Session, Types: c.Types, Limit: size})
	t := &table{head: []string{"WHEN", "SESSION", "#", "EVENT", "STATUS", "WHAT", "ID"}}
	return list(&c.Command, out, of, limit, t, "There are no events.", func(e browserhook.Event) json.RawMessage { return e.Raw }, func(e browserhook.Event) []string {
		return []string{when(e.Timestamp), e.SessionID, strconv.FormatInt(e.Sequence, 10), e.Data.EventType, e.Data.Status, what(&e), e.ID}
	})
}

// what is what an event is about, and why.
func what(e *webhook.Event) string {
	code := ""
	if e.Data.Error != nil {
		code = e.Data.Error.Code
	}
	return strings.Join(strings.Fields(e.Data.Action+" "+code+" "+e.Data.Reason), " ")
}

// follow prints each event as it happens: a line.
func (c *Events) follow(ctx context.Context, client *browserhook.Client, out io.Writer) error {
	of := client.Events.Follow(ctx, browserhook.FollowParams{After: c.After, SessionID: c.Session, Types: c.Types})
	if c.Session != "" && c.After == "" && len(c.Types) == 0 {
		of = client.Session(c.Session).Events(ctx)
	}
	left := 0
	if c.Limit != nil {
		left = *c.Limit
	}
	for e, err := range of {
		switch {
		case ctx.Err() != nil: // that is how it ends
			return nil
		case err != nil:
			return Kind(err)
		case c.JSON:
			fmt.Fprintf(out, "%s\n", e.Raw)
		case forPeople(out):
			terminal.Println(out, terminal.Event(e)+"  "+terminal.Soft.Render(terminal.Clean(e.ID)))
		default:
			row := []string{stamp(e.Timestamp), e.SessionID, strconv.FormatInt(e.Sequence, 10), e.Data.EventType, e.Data.Status, what(&e), e.ID}
			for i := range row {
				row[i] = terminal.Clean(row[i])
			}
			fmt.Fprintln(out, strings.Join(row, "\t"))
		}
		if left--; left == 0 {
			return nil
		}
	}
	return nil
}
