package docsite

import (
	"embed"
	"html"
	"io"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
)

//go:generate go run lexers/main.go

//go:embed lexers/*.xml
var grammars embed.FS

// languages are the grammars by what a fence says, each read when it is first needed.
var languages = sync.OnceValue(func() map[string]func() (chroma.Lexer, error) {
	all := map[string]func() (chroma.Lexer, error){}
	for file, names := range map[string][]string{
		"bash": {"sh", "bash"}, "json": {"json"}, "python": {"python"}, "typescript": {"ts", "js"}, "yaml": {"yaml"},
	} {
		read := sync.OnceValues(func() (chroma.Lexer, error) {
			lexer, err := chroma.NewXMLLexer(grammars, "lexers/"+file+".xml")
			if err != nil {
				return nil, err
			}
			return chroma.Coalesce(lexer), nil
		})
		for _, name := range names {
			all[name] = read
		}
	}
	all["go"] = sync.OnceValues(goLexer)
	return all
})

// goLexer is Go's: chroma's own isn't a file.
func goLexer() (chroma.Lexer, error) {
	lexer, err := chroma.NewLexer(&chroma.Config{Name: "Go"}, func() chroma.Rules {
		return chroma.Rules{"root": {
			{Pattern: `//[^\n]*|/\*[\s\S]*?\*/`, Type: chroma.Comment},
			{Pattern: "`[^`]*`|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\])+'", Type: chroma.LiteralString},
			{Pattern: chroma.Words(`\b`, `\b`, "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
				"goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var"), Type: chroma.Keyword},
			{Pattern: chroma.Words(`\b`, `\b`, "nil", "true", "false", "iota"), Type: chroma.KeywordConstant},
			{Pattern: `[A-Za-z_]\w*(?=\()`, Type: chroma.NameFunction},
			{Pattern: `[A-Za-z_]\w*`, Type: chroma.Name},
			{Pattern: `\d[\w.]*`, Type: chroma.LiteralNumber},
			{Pattern: `[\s\S]`, Type: chroma.Text},
		}}
	})
	if err != nil {
		return nil, err
	}
	return chroma.Coalesce(lexer), nil
}

// classOf is the class of a token in the style sheet; empty: it looks like any text.
func classOf(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment):
		return "c"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber), t == chroma.KeywordConstant:
		return "n"
	case t == chroma.NameTag, t == chroma.NameVariable:
		return "t"
	case t.InCategory(chroma.Keyword):
		return "k"
	case t == chroma.NameFunction, t == chroma.NameBuiltin:
		return "f"
	}
	return ""
}

// highlight writes code as HTML, with classes for what it is made of. A language that
// it doesn't know is written as it is.
func highlight(w io.Writer, language, code string) error {
	read, ok := languages()[language]
	if !ok {
		_, err := io.WriteString(w, html.EscapeString(code))
		return err
	}
	lexer, err := read()
	if err != nil {
		return err
	}
	tokens, err := lexer.Tokenise(nil, code)
	if err != nil {
		return err
	}
	var b strings.Builder
	for token := tokens(); token != chroma.EOF; token = tokens() {
		text := html.EscapeString(token.Value)
		if class := classOf(token.Type); class != "" && strings.TrimSpace(text) != "" {
			text = `<span class="` + class + `">` + text + `</span>`
		}
		b.WriteString(text)
	}
	_, err = io.WriteString(w, b.String())
	return err
}
