package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// YAML reads a file of settings: one mapping whose keys are the flags' names. A
// flag that has an environment variable of its own name, because another
// command has a flag of the same name, has that as its key. A key that names no
// setting is an error.
func YAML(r io.Reader) (*File, error) {
	values := map[string]any{}
	dec := yaml.NewDecoder(r)
	if err := dec.Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the settings file is not a YAML mapping: %w", err)
	}
	return &File{values: values}, nil
}

// File is the settings of a file, a kong.Resolver.
type File struct{ values map[string]any }

// Text is a setting as the file has it; "" when it doesn't, or is no text.
func (r *File) Text(name string) string {
	if r == nil {
		return ""
	}
	s, _ := r.values[name].(string)
	return s
}

// notInFile are the flags that are no settings.
var notInFile = []string{"help", "version", "config"}

// Validate refuses keys that are no setting, so that a typo can't go unseen.
func (r *File) Validate(app *kong.Application) error {
	var known []string
	visitFlags(app, func(f *kong.Flag) {
		if !slices.Contains(notInFile, f.Name) {
			known = append(known, key(f))
		}
	})
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		if !slices.Contains(known, name) {
			return &Error{Setting: name, Problem: "there is no such setting (in the settings file)" + meant(name, known)}
		}
	}
	return nil
}

// Resolve gives kong the value of a flag that neither the command line nor the
// environment set.
func (r *File) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
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
