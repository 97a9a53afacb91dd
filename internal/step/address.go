package step

import (
	"net/url"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

// CheckURL says why a session may not be sent to an address, and writes the
// address as it goes over the wire. Files and the browser's own pages are not
// the web.
func CheckURL(field, raw string) (string, error) {
	scheme, _, _ := strings.Cut(raw, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		u, err := weburl.Parse(raw)
		if err != nil {
			return "", domain.Invalid(field, "%s", err)
		}
		return u.String(), nil
	case "data", "about":
		u, err := url.Parse(raw)
		if err != nil {
			return "", domain.Invalid(field, "is not a URL")
		}
		if u.Scheme == "data" || u.Opaque == "blank" {
			return raw, nil
		}
	}
	return "", domain.Invalid(field, "must start with http:// or https://, or be a data: URL or about:blank")
}
