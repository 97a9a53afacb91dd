package httpapi

import (
	"maps"

	"github.com/browserhook/browserhook/internal/domain"
)

// Roles is the table of routes.
func Roles() map[string]domain.Role { return maps.Clone(routeRoles) }

// PreferWait reads a Prefer header.
var PreferWait = preferWait
