package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/test/harness"
)

// partsOfChecks is how many samples the checks of programs are in.
const partsOfChecks = 16

var (
	checks = flag.String("checks", fmt.Sprintf("%d/%d", browsertest.Sample().IntN(partsOfChecks), partsOfChecks),
		"which checks of test/clients/checks to run: a part of them, as 0/12, words of their names, or all")
	write = flag.Bool("write", false, "write the differences of programs into docs/connect.md")
)

// outcomes are what test/clients/connect.mjs prints.
type outcomes struct {
	Outcomes map[string]any
	Differs  map[string]string // why a check may have another outcome over connectUrl
}

// program runs checks of test/clients/checks.
func program(t *testing.T, args ...string) (o outcomes) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{"connect.mjs"}, args...)...)
	cmd.Dir = filepath.Join("..", "clients")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &o)
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out, said.String())
	}
	t.Logf("%v\n%s", args, said.String())
	return o
}

// TestPrograms has Playwright and Puppeteer do the same over connectUrl and over
// the port of the same Chromium with the same flags, with the same outcomes, but
// for what has a reason.
func TestPrograms(t *testing.T) {
	dir := harness.Isolate(t)
	site, other := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	options := obj{}
	if name := os.Getenv("BROWSERHOOK_TEST_PROGRAM"); name != "" {
		options["browser"] = name
	}
	which := *checks
	if which == "all" {
		which = ""
	}
	all := 0
	for _, client := range []string{"playwright", "puppeteer"} {
		t.Run(client, func(t *testing.T) {
			made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", options)
			if err != nil {
				t.Fatal(err)
			}
			id := made.String("sessionId")
			ready, err := server.Client().WaitSession(t.Context(), id, "READY")
			if err != nil {
				t.Fatal(err)
			}
			port, end, err := server.Twin(context.WithoutCancel(t.Context()), ready.String("browser"), filepath.Join(dir, "bare-"+client))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(end)
			want := program(t, client, port, site, other, which)
			got := program(t, client, made.String("connectUrl"), site, other, which)
			all += len(want.Outcomes)
			t.Logf("%d checks: those of -checks %s", len(want.Outcomes), *checks)
			for name, there := range want.Outcomes {
				here, ok := got.Outcomes[name]
				reason := want.Differs[name]
				same := cmp.Equal(there, here)
				switch {
				case !ok || failed(there) || failed(here):
					t.Errorf("%s: %v over the port, %v over connectUrl", name, there, here)
				case same && reason != "" && ready.String("browser") == "shell": // the whole browser may be as we are
					t.Errorf("%s: %v both times, though %s", name, here, reason)
				case !same && reason == "":
					t.Errorf("%s: %v over the port, %v over connectUrl", name, there, here)
				}
			}
		})
	}
	if all == 0 {
		t.Errorf("there is no check of %q", *checks)
	}
}

// failed says whether a check's outcome is that it couldn't be made.
func failed(outcome any) bool {
	s, ok := outcome.(string)
	return ok && strings.HasPrefix(s, "failed:")
}

// TestDifferencesOfProgramsAreInTheDocs, with their reasons.
func TestDifferencesOfProgramsAreInTheDocs(t *testing.T) {
	by := map[string][]string{}
	for _, client := range []string{"playwright", "puppeteer"} {
		for name, reason := range program(t, client).Differs {
			by[reason] = append(by[reason], fmt.Sprintf("%s: %s", client, name))
		}
	}
	for _, names := range by {
		slices.Sort(names)
	}
	harness.Differences(t, "../../docs/connect.md", by, *write, "go test ./test/e2e -run DifferencesOfPrograms -args -write")
}

// TestManyPrograms has two of each use one session, beside our own steps and one
// another.
func TestManyPrograms(t *testing.T) {
	dir := harness.Isolate(t)
	site, _ := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"url": site + "/page"})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	var all sync.WaitGroup
	for _, client := range []string{"playwright", "puppeteer", "playwright", "puppeteer"} {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), "node", "beside.mjs", client, made.String("connectUrl"), site)
			cmd.Dir = filepath.Join("..", "clients")
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != "done\n" {
				t.Errorf("%s: %v\n%s", client, err, out)
			}
		})
	}
	for i := range 20 {
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{
			{"action": "goto", "url": site + "/page"}, {"action": "fill", "target": "#name", "value": fmt.Sprint(i)}, {"action": "click", "target": "#go"},
			{"action": "assert", "target": "#out", "text": fmt.Sprintf("Hello %d", i)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got.List("data") {
			if s.String("status") != "COMPLETED" {
				t.Errorf("round %d: %v %v", i, s["status"], s["error"])
			}
		}
	}
	all.Wait()
}
