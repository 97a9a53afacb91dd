package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// EnvPrefix begins the name of every setting's environment variable.
const EnvPrefix = "BROWSERHOOK"

// YAML is a kong.ConfigurationLoader for a file of settings: one mapping whose
// keys are the flags' names. A flag that has an environment variable of its own
// name, because another command has a flag of the same name, has that as its
// key. A key that names no setting is an error.
func YAML(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	dec := yaml.NewDecoder(r)
	if err := dec.Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the settings file is not a YAML mapping: %w", err)
	}
	return &resolver{values: values}, nil
}

type resolver struct{ values map[string]any }

// Validate refuses keys that are no setting, so that a typo can't go unseen.
func (r *resolver) Validate(app *kong.Application) error {
	var known []string
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			known = append(known, key(f))
		}
		return next(nil)
	})
	for name := range r.values {
		if !slices.Contains(known, name) || name == "help" || name == "config" {
			return &Error{Setting: name, Problem: "there is no such setting (in the settings file)"}
		}
	}
	return nil
}

// Resolve gives kong the value of a flag that neither the command line nor the
// environment set.
func (r *resolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := r.values[key(flag)]
	if !ok || slices.ContainsFunc(flag.Envs, isSet) {
		// kong would let a resolver override the environment.
		return nil, nil
	}
	switch v := value.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = fmt.Sprint(p)
		}
		return strings.Join(parts, ","), nil
	case map[string]any, nil:
		return nil, &Error{Setting: flag.Name, Problem: "must be a single value or a list (in the settings file)"}
	default:
		return fmt.Sprint(v), nil
	}
}

// key is what the flag is called in the file: its environment variable's name
// in the file's spelling.
func key(flag *kong.Flag) string {
	for _, env := range flag.Envs {
		if name, ok := strings.CutPrefix(env, EnvPrefix+"_"); ok {
			return strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		}
	}
	return flag.Name
}

func isSet(env string) bool { _, ok := os.LookupEnv(env); return ok }
