package app

import (
	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/docsite"
)

// documented is every setting as the documents tell it.
func documented() ([]docsite.Setting, error) {
	settings, err := config.Settings()
	all := make([]docsite.Setting, len(settings))
	for i, s := range settings {
		all[i] = docsite.Setting{Name: s.Name, Kind: s.Takes, Default: s.Default, Says: s.Says}
	}
	return all, err
}
