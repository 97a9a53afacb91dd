package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/hooktest"
	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
)

type webhookTestCmd struct {
	Receiver string        `arg:"" name:"url" help:"Address of the receiver. It gets events of sessions that never were."`
	Secret   string        `help:"The secret that it verifies with (whsec_…)." required:"" placeholder:"SECRET"`
	Timeout  time.Duration `help:"How long to wait for an answer." default:"15s" placeholder:"TIME"`
	JSON     bool          `name:"json" help:"Write the results as JSON."`
}

// Validate is called by kong.
func (c *webhookTestCmd) Validate() error {
	if c.Timeout <= 0 {
		return errors.New("--timeout takes a time such as 15s")
	}
	if err := checkURL("<url>", &c.Receiver); err != nil {
		return err
	}
	if c.Secret == "" {
		return nil // for kong to miss
	}
	return checkSecrets([]string{c.Secret})
}

// checkSecrets says what is wrong with the secrets, if there are any.
func checkSecrets(secrets []string) error {
	if len(secrets) == 0 {
		return nil
	}
	_, err := webhook.NewVerifier(secrets...)
	return err
}

func (c *webhookTestCmd) Run(ctx context.Context, out io.Writer) error {
	s, err := sender.New(c.Secret, app.Version, c.Timeout)
	if err != nil {
		return err
	}
	defer s.Close()
	show := func(r hooktest.Result) { hooktest.Show(out, r) }
	if c.JSON {
		show = func(hooktest.Result) {}
	} else {
		terminal.Println(out, fmt.Sprintf("Testing %s\n", terminal.Strong.Render(terminal.Clean(c.Receiver))))
	}
	report, err := hooktest.Run(ctx, s, c.Receiver, show)
	if err != nil {
		return err
	}
	if c.JSON {
		err = hooktest.Write(out, report)
	} else {
		hooktest.ShowEnd(out, report)
	}
	if err == nil && !report.Passed() {
		err = errors.New("the receiver does not do what it must")
	}
	return err
}
