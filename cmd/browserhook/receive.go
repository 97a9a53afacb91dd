package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/receive"
)

type receiveCmd struct {
	// The server has a flag of this name, and this is another address.
	Listen   string        `help:"Address and port to listen on; port 0 takes a free one." default:"127.0.0.1:9000" placeholder:"ADDR" env:"BROWSERHOOK_RECEIVE_LISTEN"`
	Secret   []string      `help:"The endpoint's secret (whsec_…) or public key (whpk_…); several while they are rotated. Without one nothing is verified." placeholder:"SECRET"`
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
	case c.Fail != 0 && (c.Fail < 300 || c.Fail > 599):
		return errors.New("--fail takes a status from 300 to 599")
	case c.FailRate < 0 || c.FailRate > 1:
		return errors.New("--fail-rate takes a number from 0 to 1")
	case c.Slow < 0:
		return errors.New("--slow takes a time such as 3s")
	}
	return checkSecrets(c.Secret)
}

// checkSecrets says what is wrong with the secrets, if there are any.
func checkSecrets(secrets []string) error {
	if len(secrets) == 0 {
		return nil
	}
	_, err := webhook.NewVerifier(secrets...)
	return err
}

func (c *receiveCmd) Run(ctx context.Context, out io.Writer) error {
	r, err := receive.New(receive.Config{
		Secrets: c.Secret, Fail: c.Fail, FailRate: c.FailRate, Hang: c.Hang, Slow: c.Slow, Body: c.Body, JSON: c.JSON, Out: out,
	})
	if err != nil {
		return err
	}
	return r.Run(ctx, c.Listen)
}
