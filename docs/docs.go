// Package docs holds the documents, which the server shows at /docs.
package docs

import "embed"

// Files are the documents and their pictures, as they lie in this folder.
//
//go:embed *.md img/*.png img/*.svg
var Files embed.FS
