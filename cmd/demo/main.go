// Command demo shows the main job from end to end; `make demo` runs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/browserhook/browserhook/internal/demo"
)

func main() {
	var cli struct {
		Browserhook string `help:"The program to show." required:"" type:"existingfile"`
		Keep        bool   `help:"Leave it running, to look at the live page."`
		Output      string `help:"Folder for the screenshot." default:"demo-output"`
	}
	kong.Parse(&cli)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := demo.Run(ctx, demo.Options{Browserhook: cli.Browserhook, Keep: cli.Keep, Output: cli.Output, Out: os.Stdout})
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
