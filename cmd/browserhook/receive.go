package main

import (
	"context"
	"errors"
	"io"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/commands"
	"github.com/browserhook/browserhook/internal/receive"
	"github.com/browserhook/browserhook/internal/webhook"
)

type receiveCmd struct {
	// The server has a flag of this name, and this is another address.
	Listen   string        `help:"Address and port to listen on; port 0 takes a free one." default:"127.0.0.1:9000" placeholder:"ADDR" env:"BROWSERHOOK_RECEIVE_LISTEN"`
	URL      string        `help:"Address of a server: it is told to send every event here, until this ends." placeholder:"URL"`
	Key      string        `help:"API key for it. Default: that of browserhook login." placeholder:"KEY"`
	Secret   []string      `help:"The endpoint's secret (whsec_…) or public key (whpk_…); several while they are rotated. Default: one is made and printed." placeholder:"SECRET"`
	NoVerify bool          `help:"Take everything, whoever sent it."`
	Fail     int           `help:"Answer with this status instead." placeholder:"STATUS"`
	FailRate float64       `help:"Fail only this part of the requests, from 0 to 1; with 500, if there is no --fail." placeholder:"RATE"`
	Hang     bool          `help:"Never answer."`
	Slow     time.Duration `help:"Answer only after this time." placeholder:"TIME"`
	Body     bool          `help:"Show the bodies too."`
	JSON     bool          `name:"json" help:"Write a line of JSON for each webhook."`
}

// Validate is called by kong.
func (c *receiveCmd) Validate() error {
	switch {
	case c.NoVerify && (len(c.Secret) > 0 || c.URL != ""):
		return errors.New("--no-verify can't be used with --secret or --url")
	case c.Fail != 0 && (c.Fail < 300 || c.Fail > 599):
		return errors.New("--fail takes a status from 300 to 599")
	case c.FailRate < 0 || c.FailRate > 1:
		return errors.New("--fail-rate takes a number from 0 to 1")
	case c.Slow < 0:
		return errors.New("--slow takes a time such as 3s")
	}
	if err := checkURL("--url", &c.URL); err != nil {
		return err
	}
	return checkSecrets(c.Secret)
}

func (c *receiveCmd) Run(ctx context.Context, out io.Writer) error {
	config := receive.Config{
		Secrets: c.Secret, Fail: c.Fail, FailRate: c.FailRate, Hang: c.Hang, Slow: c.Slow, Body: c.Body, JSON: c.JSON, Out: out,
	}
	if len(c.Secret) == 0 && !c.NoVerify {
		config.Secrets, config.Made = []string{webhook.NewSecret()}, true
	}
	if c.URL != "" {
		var err error
		if config.Server, err = (&commands.Server{URL: c.URL, Key: c.Key}).Client(-1); err != nil {
			return err
		}
		defer config.Server.CloseIdleConnections()
	}
	r, err := receive.New(config)
	if err != nil {
		return err
	}
	err = r.Run(ctx, c.Listen)
	if refused, ok := errors.AsType[*browserhook.Error](err); ok {
		return commands.Kind(refused)
	}
	return err
}
