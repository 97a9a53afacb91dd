package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/commands"
	"github.com/browserhook/browserhook/internal/config"
)

// describe is a flag's line of help, with its default and its variable.
func describe(value *kong.Value) string {
	var more []string
	if value.HasDefault && value.Default != "" {
		more = append(more, "default "+value.Default)
	}
	for _, env := range value.Tag.Envs {
		more = append(more, "$"+env)
	}
	if len(more) == 0 {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + strings.Join(more, ", ") + ")."
}

// plainer turns what kong says of a command line into words for who typed it.
var plainer = strings.NewReplacer(
	`expected string value but got "EOL" (<EOL>)`, "a value is missing",
	"a valid 64 bit int", "a whole number",
	"unexpected argument", "there is no command or argument",
	"(from envar ", "(from the environment variable ",
)

// misunderstood says what is wrong with a command line or a settings file, and
// where to read on.
func misunderstood(err error, args []string, file *config.File, stderr io.Writer) int {
	settings := config.Server{LogFormat: "text"}
	command := "browserhook"
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context != nil {
		command = strings.TrimSpace("browserhook " + e.Context.Command())
		command, _, _ = strings.Cut(command, " <")
		if command == "browserhook serve" {
			settings.LogFormat = formatAsked(args, file)
		}
	}
	text := plainer.Replace(err.Error())
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		text = "the settings file can't be read: " + text
	}
	if settings.LogFormat == "json" {
		settings.Logger(stderr).Error(text)
		return exitUsage
	}
	fmt.Fprintf(stderr, "browserhook: %s\nSee `%s --help`.\n", text, command)
	return exitUsage
}

// asTyped is what an error says, with the flag or argument in the place of the API's field
// that it is about. They have the same name, but for those whose tag api is the field's.
func asTyped(err error, command *kong.Node) string {
	said := err.Error()
	if _, ok := errors.AsType[*commands.Error](err); !ok {
		return said
	}
	typed := map[string]string{}
	for _, f := range command.Flags {
		typed[field(f.Value)] = "--" + f.Name
	}
	for _, p := range command.Positional {
		typed[field(p)] = "<" + p.Name + ">"
	}
	// A field is the first that is said, or comes behind what was done: "follow: cursor: …".
	parts := strings.SplitAfter(said, ": ")
	for i, part := range parts[:len(parts)-1] {
		end := strings.IndexAny(part, "[.:") // of events[1], metadata.order
		if end < 0 {
			break
		}
		if name, ok := typed[part[:end]]; ok {
			parts[i] = name + part[end:]
			break
		}
	}
	return strings.Join(parts, "")
}

// field is the API's name of what a flag or an argument says.
func field(v *kong.Value) string {
	if name := v.Tag.Get("api"); name != "" {
		return name
	}
	first, rest, _ := strings.Cut(v.Name, "-")
	for word := range strings.SplitSeq(rest, "-") {
		if word != "" {
			first += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return first
}

// formatAsked is log-format, as far as it can be told of settings that have
// not all been understood: what goes wrong with them is to be JSON too.
func formatAsked(args []string, file *config.File) string {
	const flag = "--log-format"
	if i := slices.IndexFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") }); i >= 0 {
		if _, value, ok := strings.Cut(args[i], "="); ok {
			return value
		}
		if i+1 < len(args) {
			return args[i+1]
		}
	}
	if value := os.Getenv(config.EnvPrefix + "_LOG_FORMAT"); value != "" {
		return value
	}
	return file.Text(flag[2:])
}

// failServe says why the server could not run, and what to do.
func failServe(settings config.Server, stderr io.Writer, err error) int {
	code, do := exitFailed, whatToDo(err)
	if e, ok := errors.AsType[*config.Error](err); ok {
		code, do = exitUsage, fmt.Sprintf("See `browserhook serve --help` for what --%s takes.\n", e.Setting)
	}
	switch {
	case settings.LogFormat != "json":
		fmt.Fprintf(stderr, "browserhook: %s\n%s", err, do)
	case code == exitFailed && do != "":
		settings.Logger(stderr).Error(err.Error(), "do", strings.TrimSuffix(do, "\n"))
	default:
		settings.Logger(stderr).Error(err.Error())
	}
	return code
}

// whatToDo is the line with what to do about an error, if it is known.
func whatToDo(err error) string {
	if e, ok := errors.AsType[*advice.Error](err); ok {
		return e.Do + "\n"
	}
	return ""
}
