package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

type configCmd struct {
	Init configInitCmd `cmd:"" help:"Write a file of settings with each of them in it, as a comment that says what it is for."`
}

type configInitCmd struct {
	File string `arg:"" optional:"" default:"browserhook.yaml" help:"File to write; - is the standard output." type:"path"`
}

func (c *configInitCmd) Run(k *kong.Context, out io.Writer) error {
	text := commented(k.Model)
	if c.File == "-" {
		_, err := io.WriteString(out, text)
		return err
	}
	// It may come to hold keys, and one that is there already has somebody's settings.
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already", c.File)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		fmt.Fprintf(out, "Wrote %s; browserhook --config %s serve reads it.\n", c.File, c.File)
	}
	return err
}

// commented is every setting of the server, as a comment.
func commented(model *kong.Application) string {
	var b strings.Builder
	b.WriteString("# Settings of browserhook serve. Remove the # in front of those that are to be others; what stands there is the\n# default, or what kind of thing it takes.\n# A flag (--listen) and a variable ($BROWSERHOOK_LISTEN) of the same name go before the file.\n")
	for _, node := range model.Children {
		if node.Name != "serve" {
			continue
		}
		for _, f := range node.Flags {
			fmt.Fprintf(&b, "\n# %s\n", f.Help)
			value := cmp.Or(f.Default, f.PlaceHolder)
			switch {
			case f.IsBool():
				value = "true"
			case f.IsSlice():
				value = "[" + value + "]"
			case strings.ContainsAny(value, ":#{}[]"):
				value = strconv.Quote(value)
			}
			fmt.Fprintf(&b, "#%s: %s\n", f.Name, value)
		}
	}
	return b.String()
}
