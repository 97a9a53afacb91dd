package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// The synchronous client is the asyncio one with these words changed.
var words = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`\basync (def|for|with)\b`), "$1"},
	{regexp.MustCompile(`\bawait `), ""},
	{regexp.MustCompile(`\bAsyncGenerator\[(\w+), None\]`), "Generator[$1, None, None]"},
	{regexp.MustCompile(`\b(_?|Abstract)Async([A-Z]\w*)`), "${1}${2}"},
	{regexp.MustCompile(`\b__a(enter|exit|iter|next)__`), "__${1}__"},
	{regexp.MustCompile(`\baiter_(raw|bytes|lines|text)\b`), "iter_$1"},
	{regexp.MustCompile(`\ba(close|read)\(`), "$1("},
	{regexp.MustCompile(`\bStopAsyncIteration\b`), "StopIteration"},
	{regexp.MustCompile(`\basynccontextmanager\b`), "contextmanager"},
	{regexp.MustCompile(`\basyncio\.sleep\b`), "time.sleep"},
	{regexp.MustCompile(`(?m)^import asyncio$`), "import time"},
	{regexp.MustCompile(`\b_async\b`), "_sync"},
}

func synchronous(from, to string) error {
	names, err := filepath.Glob(filepath.Join(from, "*.py"))
	if err != nil {
		return err
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text := strings.TrimPrefix(string(raw), mark)
		for _, word := range words {
			text = word.from.ReplaceAllString(text, word.to)
		}
		if strings.Contains(text, "async") || strings.Contains(text, "Async") {
			return fmt.Errorf("%s: something of asyncio is left", name)
		}
		if err := write(filepath.Join(to, filepath.Base(name)), mark+text); err != nil {
			return err
		}
	}
	return nil
}
