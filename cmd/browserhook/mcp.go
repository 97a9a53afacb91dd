package main

import (
	"context"
	"io"
	"os"

	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/commands"
	"github.com/browserhook/browserhook/internal/mcp"
)

type mcpCmd struct {
	commands.Server
}

func (c *mcpCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.Find(); err != nil {
		return err
	}
	return mcp.Stdio(ctx, c.URL, c.Key, app.Version, os.Stdin, out)
}
