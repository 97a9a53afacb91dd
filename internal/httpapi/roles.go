package httpapi

import (
	"context"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
)

// routeRoles is the table of routes and of the role that a key must have for
// each, at least. A route that isn't in it is nobody's.
var routeRoles = map[string]domain.Role{
	"POST /v1/sessions":                                   domain.RoleProject,
	"GET /v1/sessions":                                    domain.RoleViewer,
	"GET /v1/sessions/{sessionId}":                        domain.RoleViewer,
	"DELETE /v1/sessions/{sessionId}":                     domain.RoleProject,
	"DELETE /v1/sessions/{sessionId}/data":                domain.RoleProject,
	"POST /v1/sessions/{sessionId}/steps":                 domain.RoleProject,
	"GET /v1/sessions/{sessionId}/steps":                  domain.RoleViewer,
	"GET /v1/sessions/{sessionId}/steps/{stepId}":         domain.RoleViewer,
	"POST /v1/sessions/{sessionId}/steps/{stepId}/cancel": domain.RoleProject,
	"POST /v1/sessions/{sessionId}/rotate-connect-url":    domain.RoleProject,
	"POST /v1/sessions/{sessionId}/streams":               domain.RoleProject,
	"GET /v1/sessions/{sessionId}/streams/{streamId}":     domain.RoleProject, // it opens the page
	"DELETE /v1/sessions/{sessionId}/streams/{streamId}":  domain.RoleProject,
	"GET /v1/sessions/{sessionId}/viewers":                domain.RoleViewer,
	"GET /v1/sessions/{sessionId}/artifacts":              domain.RoleViewer,
	"GET /v1/sessions/{sessionId}/artifacts/{artifactId}": domain.RoleViewer,
	"GET /v1/sessions/{sessionId}/logs":                   domain.RoleProject,
	"GET /v1/sessions/{sessionId}/recording":              domain.RoleViewer,
	"GET /v1/sessions/{sessionId}/recording/video":        domain.RoleViewer,

	"GET /v1/events":                   domain.RoleViewer,
	"GET /v1/events/{eventId}":         domain.RoleViewer,
	"GET /v1/events/{eventId}/explain": domain.RoleViewer,
	"GET /v1/event-types":              domain.RoleViewer,

	"POST /v1/webhook-endpoints":                            domain.RoleProject,
	"GET /v1/webhook-endpoints":                             domain.RoleViewer,
	"GET /v1/webhook-endpoints/{endpointId}":                domain.RoleViewer,
	"PATCH /v1/webhook-endpoints/{endpointId}":              domain.RoleProject,
	"DELETE /v1/webhook-endpoints/{endpointId}":             domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/rotate-secret": domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/enable":        domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/disable":       domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/pause":         domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/resume":        domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/recover":       domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/test":          domain.RoleProject,
	"POST /v1/webhook-endpoints/{endpointId}/send-example":  domain.RoleProject,
	"GET /v1/webhook-endpoints/{endpointId}/stats":          domain.RoleViewer,

	"GET /v1/deliveries":                       domain.RoleViewer,
	"POST /v1/deliveries/retry":                domain.RoleProject,
	"POST /v1/deliveries/cancel":               domain.RoleProject,
	"GET /v1/deliveries/{deliveryId}":          domain.RoleViewer,
	"GET /v1/deliveries/{deliveryId}/attempts": domain.RoleViewer,
	"GET /v1/deliveries/{deliveryId}/explain":  domain.RoleViewer,
	"POST /v1/deliveries/{deliveryId}/retry":   domain.RoleProject,
	"POST /v1/deliveries/{deliveryId}/cancel":  domain.RoleProject,

	"POST /v1/keys":           domain.RoleOperator,
	"GET /v1/keys":            domain.RoleOperator,
	"GET /v1/keys/{keyId}":    domain.RoleOperator,
	"DELETE /v1/keys/{keyId}": domain.RoleOperator,
	"POST /v1/projects":       domain.RoleOperator,
	"GET /v1/projects":        domain.RoleOperator,

	"GET /v1/projects/{projectId}":   domain.RoleOperator,
	"PATCH /v1/projects/{projectId}": domain.RoleOperator,

	"GET /v1/nodes":                 domain.RoleOperator,
	"POST /v1/nodes/{nodeId}/drain": domain.RoleOperator,

	metricsPattern: domain.RoleOperator,
}

// permit says whether the key may use the route.
func permit(key domain.APIKey, route string) error {
	needed, ok := routeRoles[route]
	if ok && key.Role.May(needed) {
		return nil
	}
	return newProblem(domain.CodeForbidden, fmt.Sprintf("This needs a key of the role %s; this one's is %s.", needed, key.Role))
}

// seesSecrets says whether the caller may see what steps type and where they log
// in: whoever may only read may not.
func seesSecrets(ctx context.Context) bool { return caller(ctx).Role.May(domain.RoleProject) }
