package main

import (
	"os"
	"strings"
	"testing"
)

// TestOurDockerfile: all of its last stage is understood.
func TestOurDockerfile(t *testing.T) {
	text, err := os.ReadFile("../../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if s.from != "debian:bookworm-slim" || len(s.runs) != 2 || len(s.copies) != 1 || s.copies[0][1] != "/usr/bin/browserhook" || s.user != "10001:10001" ||
		strings.Join(append(s.entrypoint, s.cmd...), " ") != "/usr/bin/tini -- /usr/bin/browserhook serve" || len(s.env) != 2 {
		t.Errorf("%+v", s)
	}
}

// TestParseRefuses what it would have to pass over.
func TestParseRefuses(t *testing.T) {
	const end = "\nENTRYPOINT [\"/x\"]\n"
	for text, why := range map[string]string{
		"FROM a\nHEALTHCHECK CMD x" + end:       "not understood",
		"FROM a\nCOPY . ." + end + "RUN x":      "comes last",
		"FROM a\nCOPY a b c" + end:              "not one file",
		"FROM a\nCMD x" + end:                   "invalid character",
		"FROM a AS build" + end:                 "no FROM",
		"FROM a":                                "no ENTRYPOINT",
		"FROM a\nRUN x \\\n  && y\nADD x" + end: "ADD x",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
