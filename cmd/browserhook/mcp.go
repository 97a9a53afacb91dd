package main

import (
	"context"
	"io"
	"os"

	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/mcp"
)

type mcpCmd struct {
	URL string `help:"Address of the server." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Key string `help:"API key." required:"" placeholder:"KEY"`
}

// Validate is called by kong.
func (c *mcpCmd) Validate() error { return checkURL("--url", &c.URL) }

func (c *mcpCmd) Run(ctx context.Context, out io.Writer) error {
	return mcp.Stdio(ctx, c.URL, c.Key, app.Version, os.Stdin, out)
}
