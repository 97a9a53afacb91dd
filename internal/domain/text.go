package domain

import (
	"regexp"
	"strings"
)

// replacement stands for what is no text.
const replacement = "\uFFFD"

// CleanText makes of any bytes a text that every store and every reader of JSON
// takes: what isn't UTF-8, and U+0000, which PostgreSQL has no place for, become
// U+FFFD.
func CleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
}

// address is what looks like a URL inside a text.
var address = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*:[/\\]{2,}[^\s"'<>]+`)

// HideUserinfo takes user and password out of the URLs in a text.
func HideUserinfo(text string) string {
	return address.ReplaceAllStringFunc(text, func(url string) string {
		before, path := splitURL(url)
		return before + path
	})
}

// HideQueries does that too, and has an ellipsis for the query and the fragment
// of each URL: tokens are often there.
func HideQueries(text string) string {
	return address.ReplaceAllStringFunc(text, func(url string) string {
		before, path := splitURL(url)
		if i := strings.IndexAny(path, "?#"); i >= 0 {
			path = path[:i+1] + "…"
		}
		return before + path
	})
}

// splitURL is the scheme and host of a URL, without user and password, and what
// follows. It is no parser, lest there be a text that it can't hide.
func splitURL(url string) (before, path string) {
	scheme := strings.IndexByte(url, ':') + 1
	rest := strings.TrimLeft(url[scheme:], `/\`)
	before = url[:len(url)-len(rest)]
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	return before + host[strings.LastIndexByte(host, '@')+1:], rest[end:]
}
