// Package examples holds the texts of the recipes, which the server shows with its documents.
package examples

import "embed"

// Files are what is said of all of them, and of each.
//
//go:embed README.md */README.md
var Files embed.FS
