//go:build ignore

// It writes chroma's grammars of the languages that the documents have. With all
// that chroma knows, every process of the program would begin 10 ms later.
package main

import (
	"log"
	"os"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

func main() {
	for _, language := range []string{"bash", "json", "python", "typescript", "yaml"} {
		grammar, ok := lexers.Get(language).(*chroma.RegexLexer)
		if !ok {
			log.Fatalf("%s has no grammar of its own", language)
		}
		raw, err := chroma.Marshal(grammar)
		if err != nil {
			log.Fatalf("%s: %v", language, err)
		}
		if err := os.WriteFile("lexers/"+language+".xml", append(raw, '\n'), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
