package main

import (
	"context"
	"fmt"
	"io"

	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/commands"
	"github.com/browserhook/browserhook/internal/listen"
	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
	"github.com/browserhook/browserhook/internal/webhook"
	"github.com/browserhook/browserhook/internal/weburl"
)

type listenCmd struct {
	commands.Server
	Forward string   `help:"Address that each event is sent to." required:"" placeholder:"URL"`
	Events  []string `api:"types" help:"Only these event types." placeholder:"TYPE"`
	Session string   `api:"sessionId" help:"Only this session's events." placeholder:"ID"`
	Since   string   `api:"cursor" help:"Begin after the event with this id, or at the \"beginning\" of the log. Default: with what happens from now on." placeholder:"EVENT"`
	Secret  string   `help:"Secret to sign with (whsec_…). Default: one is made and printed." placeholder:"SECRET"`
}

// Validate is called by kong.
func (c *listenCmd) Validate() error {
	if err := c.Server.Validate(); err != nil {
		return err
	}
	if err := checkURL("--forward", &c.Forward); err != nil {
		return err
	}
	if c.Secret == "" {
		return nil
	}
	return checkSecrets([]string{c.Secret})
}

// checkURL says that a flag's or argument's value is no address of a server,
// and writes it as it goes over the wire; none at all is for kong to miss.
func checkURL(name string, value *string) error {
	if *value == "" {
		return nil
	}
	u, err := weburl.Parse(*value)
	if err != nil {
		return fmt.Errorf("%s takes an http or https address, not %q", name, *value)
	}
	*value = u.String()
	return nil
}

func (c *listenCmd) Run(ctx context.Context, out io.Writer) error {
	server, err := c.Client(-1)
	if err != nil {
		return err
	}
	defer server.CloseIdleConnections()
	secret := c.Secret
	if secret == "" {
		secret = webhook.NewSecret()
		terminal.Println(out, "Signing with "+terminal.Strong.Render(secret)+", made for this run; --secret takes yours.")
	}
	s, err := sender.New(secret, app.Version, sender.Timeout)
	if err != nil {
		return err
	}
	defer s.Close()
	what := "new events"
	switch c.Since {
	case "":
	case "beginning":
		what = "all events"
	default:
		what = "events after " + terminal.Clean(c.Since)
	}
	terminal.Println(out, fmt.Sprintf("Forwarding %s from %s to %s. Ctrl-C ends.", what, c.URL, terminal.Strong.Render(c.Forward)))
	return commands.Kind(listen.Run(ctx, listen.Config{
		Server: server, Events: c.Events, Session: c.Session, Since: c.Since, Forward: c.Forward, Sender: s, Out: out,
	}))
}
