package main

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
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
	testscript.Run(t, testscript.Params{Dir: "testdata", Deadline: time.Now().Add(5 * time.Minute), Setup: setup, Cmds: scriptCommands, Condition: condition})
}

// TestASignalThatComesTwiceIsOne: what comes at once again was one request to
// end; what comes later is a second.
func TestASignalThatComesTwiceIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, began := make(chan os.Signal, 2), time.Now()
		time.AfterFunc(time.Millisecond, func() { signals <- os.Interrupt })
		time.AfterFunc(time.Second, func() { signals <- os.Interrupt })
		if second(signals); time.Since(began) != time.Second {
			t.Errorf("it ended after %s", time.Since(began))
		}
	})
}
