package browser

import (
	"mime"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/domain"
)

// maxFileName bounds a file's name, in bytes: less than file systems do, to
// leave room for a suffix.
const maxFileName = 200

// FileName is a name that a stranger gives a file, fit to be one anywhere: one
// element of a path, not hidden, without signs that some system has a meaning
// for. Its ending stays.
func FileName(name string) string {
	name = domain.CleanText(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r) || r == utf8.RuneError:
			return '_'
		case !unicode.IsPrint(r):
			return -1 // those that turn the writing around, too
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	ending := path.Ext(name)
	if len(ending) > 20 {
		ending = ""
	}
	stem := strings.TrimSuffix(name, ending)
	for len(stem)+len(ending) > maxFileName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if stem = strings.TrimRight(stem, ". "); stem == "" {
		stem = "download"
	}
	if base, _, _ := strings.Cut(stem, "."); reserved[strings.ToUpper(base)] {
		stem = "_" + stem
	}
	return stem + ending
}

// reserved are the names that are no files on Windows.
var reserved = func() map[string]bool {
	all := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true}
	for _, n := range "123456789" {
		all["COM"+string(n)], all["LPT"+string(n)] = true, true
	}
	return all
}()

// FileType is what a file is, by its name. What a browser would run when it is
// shown it is only bytes.
func FileType(name string) string {
	kind := mime.TypeByExtension(path.Ext(name))
	plain, _, _ := strings.Cut(kind, ";")
	switch {
	case strings.HasPrefix(plain, "image/") && plain != "image/svg+xml", plain == "application/pdf", plain == "application/zip",
		plain == "application/json", plain == "text/plain", plain == "text/csv":
		return kind
	}
	return "application/octet-stream"
}
