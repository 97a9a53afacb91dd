package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
)

// EnvPrefix begins the name of every setting's environment variable.
const EnvPrefix = "BROWSERHOOK"

// ofKubernetes are the variables that Kubernetes gives to every container
// beside a Service that is called browserhook: nobody misspelled them.
var ofKubernetes = regexp.MustCompile(`^` + EnvPrefix + `_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// ForgetEmptyEnv has a variable of ours that is empty count as one that isn't
// there: that is what a compose file or a shell makes of a value that is
// missing.
func ForgetEmptyEnv() {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, EnvPrefix+"_") {
			_ = os.Unsetenv(name) // fails for names only that can't be set
		}
	}
}

// UnknownEnv says of each variable BROWSERHOOK_… that no flag reads which one of
// the chosen command's it might have been meant to be. The values are not
// looked at: they may be secret.
func UnknownEnv(app *kong.Application, chosen *kong.Node, environ []string) []string {
	var known, near []string
	visitFlags(app, func(f *kong.Flag) { known = append(known, f.Envs...) })
	for _, f := range chosen.Flags {
		near = append(near, f.Envs...)
	}
	var said []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, EnvPrefix+"_") || slices.Contains(known, name) || ofKubernetes.MatchString(name) {
			continue
		}
		said = append(said, fmt.Sprintf("the environment variable %s is no setting and has no effect%s", name, meant(name, near)))
	}
	slices.Sort(said)
	return said
}

// meant is a question after the known name that is nearest to the one that was
// given, or nothing when none is near.
func meant(given string, known []string) string {
	// One letter in three may be wrong.
	nearest, least := "", len(strings.TrimPrefix(given, EnvPrefix+"_"))/3+1
	for _, name := range known {
		if d := levenshtein.ComputeDistance(given, name); d < least {
			nearest, least = name, d
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", nearest)
}

func visitFlags(app *kong.Application, visit func(*kong.Flag)) {
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			visit(f)
		}
		return next(nil)
	})
}
