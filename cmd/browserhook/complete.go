package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// What each shell runs to complete a line: it asks the program, so that one script is
// right for every version.
var completions = map[string]string{
	"bash": `_browserhook() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(browserhook complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _browserhook browserhook
`,
	"zsh": `#compdef browserhook
_browserhook() {
  local -a found
  found=(${(f)"$(browserhook complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  (( $#found )) && compadd -a found || _files
}
compdef _browserhook browserhook
`,
	"fish": `complete -c browserhook -a '(browserhook complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

func (c *completionCmd) Run(out io.Writer) error {
	_, err := io.WriteString(out, completions[c.Shell])
	return err
}

// complete prints what the last of the words can be: commands, flags, or the values of a
// flag that takes some only.
func complete(model *kong.Application, words []string, out io.Writer) {
	if len(words) == 0 {
		words = []string{""}
	}
	node, before, last := model.Node, "", words[len(words)-1]
	for _, w := range words[:len(words)-1] {
		before = w
		if i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == w && n.Type == kong.CommandNode }); i >= 0 {
			node, before = node.Children[i], ""
		}
	}
	var found []string
	for n := node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if before == "--"+f.Name {
				found = values(f.Value)
				if !f.IsBool() {
					n = &kong.Node{} // nothing else comes behind it
				}
			}
		}
	}
	if len(found) == 0 && strings.HasPrefix(last, "-") {
		for n := node; n != nil; n = n.Parent {
			for _, f := range n.Flags {
				if !f.Hidden {
					found = append(found, "--"+f.Name)
				}
			}
		}
	}
	if len(found) == 0 && !strings.HasPrefix(before, "-") {
		for _, child := range node.Children {
			if !child.Hidden {
				found = append(found, child.Name)
			}
		}
		for _, p := range node.Positional {
			found = append(found, values(p)...)
		}
	}
	for _, f := range found {
		if strings.HasPrefix(f, last) {
			fmt.Fprintln(out, f)
		}
	}
}

func values(v *kong.Value) (found []string) {
	for one := range strings.SplitSeq(v.Enum, ",") {
		if one != "" {
			found = append(found, one)
		}
	}
	return found
}
