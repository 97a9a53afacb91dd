package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/browserhook/browserhook/internal/step"
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
// flag or an argument that are known.
func complete(model *kong.Application, words []string, out io.Writer) {
	if len(words) == 0 {
		words = []string{""}
	}
	node, arguments, last := model.Node, 0, words[len(words)-1]
	var flag *kong.Flag // whose value comes next
	for _, w := range words[:len(words)-1] {
		child := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == w && n.Type == kong.CommandNode })
		switch {
		case w == "=": // bash has cut it off
		case flag != nil:
			flag = nil
		case strings.HasPrefix(w, "-"):
			flag = takes(node, w)
		case child >= 0:
			node, arguments = node.Children[child], 0
		default:
			arguments++
		}
	}
	var found []string
	switch {
	case flag != nil:
		found = values(flag.Value)
	case strings.HasPrefix(last, "-"):
		for _, f := range flags(node) {
			if !f.Hidden {
				found = append(found, "--"+f.Name)
			}
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				found = append(found, child.Name)
			}
		}
		if arguments < len(node.Positional) {
			found = append(found, values(node.Positional[arguments])...)
		}
	}
	for _, f := range found {
		if strings.HasPrefix(f, last) {
			fmt.Fprintln(out, f)
		}
	}
}

// flags are those of a command and of what it belongs to.
func flags(node *kong.Node) (all []*kong.Flag) {
	for ; node != nil; node = node.Parent {
		all = append(all, node.Flags...)
	}
	return all
}

// takes is the flag that a word is, if its value comes with the next.
func takes(node *kong.Node, word string) *kong.Flag {
	for _, f := range flags(node) {
		if !f.IsBool() && (word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short)) {
			return f
		}
	}
	return nil
}

// known are values of arguments that take others too: a server may know more.
var known = map[string]func() []string{"action": step.Actions}

func values(v *kong.Value) (found []string) {
	if all, ok := known[v.Name]; ok {
		return all()
	}
	for one := range strings.SplitSeq(v.Enum, ",") {
		if one != "" {
			found = append(found, one)
		}
	}
	return found
}
