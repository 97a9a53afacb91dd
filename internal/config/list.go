package config

import (
	"github.com/alecthomas/kong"
)

// Setting is what there is to say about one of the server's.
type Setting struct {
	Name    string // as in the file and, after "--", as a flag
	Takes   string // what kind of value, such as URL; empty: it is on or off
	Default string // empty: there is none, or Says tells it
	Says    string // sentences
}

// Settings are all of them, in the order of [Server].
func Settings() ([]Setting, error) {
	parser, err := kong.New(&Server{}, kong.NoDefaultHelp())
	if err != nil {
		return nil, err
	}
	all := make([]Setting, 0, len(parser.Model.Flags))
	for _, f := range parser.Model.Flags {
		all = append(all, Setting{Name: f.Name, Takes: f.PlaceHolder, Default: f.Default, Says: f.Help})
	}
	return all, nil
}
