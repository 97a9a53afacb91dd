// Command browserhook is the server, the keeper process of each browser, and
// the few commands that an operator needs beside them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/commands"
	"github.com/browserhook/browserhook/internal/config"
)

func main() {
	// A keeper is on the way to every session's first frame: it must not wait
	// for a command line parser.
	if len(os.Args) > 1 && os.Args[1] == "keeper" {
		os.Exit(keeper.Main(os.Args[2:]))
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// The codes that the process ends with.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitForced = 130 // a second signal
)

type cli struct {
	Config  kong.ConfigFlag  `help:"YAML file of settings; its keys are the names of these flags." placeholder:"FILE"`
	Version kong.VersionFlag `help:"Print the version and end." env:"-"`

	Serve       config.Server  `cmd:"" help:"Run the server."`
	Doctor      doctorCmd      `cmd:"" help:"Look whether a server can run here, and say what is wrong and what mends it."`
	Keys        keysCmd        `cmd:"" help:"Make, list and revoke API keys."`
	Receive     receiveCmd     `cmd:"" help:"Receive webhooks: verify and show them, or fail, hang or be slow."`
	Listen      listenCmd      `cmd:"" help:"Follow a server's events and forward each to an address of this machine."`
	MCP         mcpCmd         `cmd:"" name:"mcp" help:"Serve the Model Context Protocol on standard input and output: a language model's browsers on a running server."`
	WebhookTest webhookTestCmd `cmd:"" help:"Test a receiver of webhooks and say what it does wrong."`
	Openapi     openapiCmd     `cmd:"" help:"Print the API description (OpenAPI 3.1, YAML)."`

	Login      commands.Login      `cmd:"" help:"Keep a server's address and an API key for the other commands."`
	Session    commands.Session    `cmd:"" help:"Start, list, show, open and end sessions."`
	Step       commands.Step       `cmd:"" help:"Run steps in a session and show what came of them."`
	Events     commands.Events     `cmd:"" help:"List events, the oldest first."`
	Endpoints  commands.Endpoints  `cmd:"" help:"List, make, show, test and delete webhook endpoints."`
	Deliveries commands.Deliveries `cmd:"" help:"List and show deliveries, send them again, or cancel them."`
	Artifacts  commands.Artifacts  `cmd:"" help:"List and fetch what sessions' steps made and pages downloaded."`
	Settings   configCmd           `cmd:"" name:"config" help:"Write a file of settings."`
	Completion completionCmd       `cmd:"" help:"Print what has a shell complete command lines: source <(browserhook completion bash)."`
}

// run is the whole program, given its arguments and outputs, so that tests can
// run it too. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	var file *config.File
	exit := -1
	config.ForgetEmptyEnv()
	parser, err := kong.New(&c,
		kong.Name("browserhook"),
		kong.Description("Real browsers over HTTP: sessions, steps, a live view, and webhooks that arrive."),
		kong.Configuration(func(r io.Reader) (kong.Resolver, error) {
			var err error
			file, err = config.YAML(r)
			return file, err
		}),
		kong.DefaultEnvars(config.EnvPrefix),
		kong.Vars{"version": "browserhook " + app.Version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ValueFormatter(describe),
	)
	if err != nil {
		fmt.Fprintln(stderr, "browserhook:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "complete" {
		complete(parser.Model, args[1:], stdout)
		return exitOK
	}
	cmd, err := parser.Parse(args)
	if exit >= 0 { // --help or --version has been answered
		return exit
	}
	if err != nil {
		return misunderstood(err, args, file, stderr)
	}
	unknown := config.UnknownEnv(parser.Model, cmd.Selected(), os.Environ())
	if cmd.Command() == "serve" {
		log := c.Serve.Logger(stderr)
		for _, u := range unknown {
			log.Warn(u)
		}
		if err := serve(ctx, c.Serve, stdout, log); err != nil {
			return failServe(c.Serve, stderr, err)
		}
		return exitOK
	}
	for _, u := range unknown {
		fmt.Fprintln(stderr, "browserhook:", u)
	}
	// The first signal ends what runs in order, the second at once.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	cmd.BindTo(ctx, (*context.Context)(nil))
	cmd.BindTo(stdout, (*io.Writer)(nil))
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(stderr, "browserhook: %s\n%s", asTyped(err, cmd.Selected()), whatToDo(err))
		if e, ok := errors.AsType[*commands.Error](err); ok {
			return e.ExitCode()
		}
		return exitFailed
	}
	return exitOK
}

// serve runs the server until the first signal, then lets it end in order; a
// second signal ends it at once. Browsers end by themselves then, when no server has
// come back within their grace period: their keepers see the server go. SIGUSR1
// drains it: it ends with its last session.
func serve(ctx context.Context, settings config.Server, stdout io.Writer, log *slog.Logger) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				cancel(app.ErrTerminated)
			} else {
				cancel(nil)
			}
		case <-ctx.Done():
		}
		second(signals)
		log.Error("ended at once by a second signal")
		os.Exit(exitForced)
	}()
	drain := make(chan os.Signal, 1)
	signal.Notify(drain, syscall.SIGUSR1)
	defer signal.Stop(drain)
	return app.Serve(ctx, settings, drain, stdout, log)
}

// echo is how soon after a signal another one is the same: `timeout` and what
// starts servers send it to the process and to its group.
const echo = 200 * time.Millisecond

// second waits for another signal after the first.
func second(signals <-chan os.Signal) {
	for first := time.Now(); ; {
		<-signals
		if time.Since(first) >= echo {
			return
		}
	}
}
