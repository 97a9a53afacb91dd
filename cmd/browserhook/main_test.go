package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/browserhook/browserhook/internal/browser/keeper"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"browserhook": func() {
			if len(os.Args) > 1 && os.Args[1] == "keeper" {
				os.Exit(keeper.Main(os.Args[2:]))
			}
			os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Deadline: time.Now().Add(5 * time.Minute), Setup: setup, Cmds: commands, Condition: condition})
}
