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

// HideUserinfo takes user and password out of the URLs in a text. It is no
// parser, lest there be a text that it can't hide, and quick: pages make
// addresses of megabytes.
func HideUserinfo(text string) string {
	var b strings.Builder
	kept, at := 0, 0 // what is written, what is looked at
	for {
		i := strings.IndexByte(text[at:], ':')
		if i < 0 {
			break
		}
		colon := at + i
		rest := strings.TrimLeft(text[colon+1:], `/\`)
		slashes := len(text) - colon - 1 - len(rest)
		if slashes >= 2 && endsInScheme(text[at:colon]) {
			host := userinfo(rest)
			b.WriteString(text[kept : len(text)-len(rest)])
			kept = len(text) - len(rest) + host
			at = kept
			continue
		}
		at = colon + 1 + slashes
	}
	b.WriteString(text[kept:])
	return b.String()
}

// endsInScheme says that a text ends in what can stand before a URL's colon.
func endsInScheme(text string) bool {
	for i := len(text) - 1; i >= 0; i-- {
		switch c := text[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			return true
		case '0' <= c && c <= '9' || c == '+' || c == '.' || c == '-':
		default:
			return false
		}
	}
	return false
}

// userinfo is the length of a user and a password, with their @, in front of a
// host. Quotes and spaces end an address in a text, but not a password, which
// follows a colon: rather too much of a text is hidden than a part of one shown.
func userinfo(rest string) int {
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@') + 1
	if ends := strings.IndexAny(rest[:at], " \t\n\f\r\"'<>"); ends >= 0 && !strings.Contains(rest[:at], ":") {
		return strings.LastIndexByte(rest[:ends], '@') + 1
	}
	return at
}

// HideQueries takes user and password out of the URLs in a text, and has an ellipsis for
// the query and the fragment of each: tokens are often there.
func HideQueries(text string) string {
	return address.ReplaceAllStringFunc(HideUserinfo(text), func(url string) string {
		if i := strings.IndexAny(url, "?#"); i >= 0 {
			url = url[:i+1] + "…"
		}
		return url
	})
}
