package step

import (
	"embed"
	"strings"
	"sync"
)

//go:embed injected
var injected embed.FS

// Script is what every document's isolated world holds for Run: the browser
// package puts it there. It is one function, so that it leaves one name behind.
var Script = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteString("(() => {\n")
	for _, name := range []string{"own", "text", "css", "role", "name", "query", "describe", "state", "wheel", "hit", "held", "fill", "files", "listbox", "act", "judge", "number", "extract", "outline", "mark", "cover", "mask", "follow"} {
		raw, err := injected.ReadFile("injected/" + name + ".js")
		if err != nil {
			panic(err) // it is in the program
		}
		b.Write(raw)
	}
	b.WriteString("\n})()")
	return b.String()
})
