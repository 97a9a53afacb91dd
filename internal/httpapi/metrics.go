package httpapi

import (
	"cmp"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
)

// metricsPattern is the route.
const metricsPattern = "GET /metrics"

// metricsRoute is what Prometheus reads, with an operator's key: it is about all
// projects.
func (s *server) metricsRoute() {
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "read-metrics", Method: http.MethodGet, Path: "/metrics", Summary: "Read the server's metrics", Tags: []string{"nodes"},
		Metadata:    map[string]any{ownAnswer: true},
		Description: operationDocs["read-metrics"].does + "\n\nRole: " + string(domain.RoleOperator) + ".",
		Responses: map[string]*huma.Response{"200": {
			Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{"text/plain": {
				Schema:  &huma.Schema{Type: huma.TypeString},
				Example: "# HELP browserhook_sessions Sessions of this server that have a browser or get one.\n# TYPE browserhook_sessions gauge\nbrowserhook_sessions{state=\"ready\"} 2\n",
			}},
		}},
	})
	s.mux.HandleFunc(metricsPattern, func(w http.ResponseWriter, r *http.Request) {
		if p := cmp.Or(checkQuery(r, nil), checkIdempotencyKey(r, false)); p != nil {
			p.write(w)
			return
		}
		if s.Metrics == nil {
			newProblem(domain.CodeNotFound, "This server has no metrics.").write(w)
			return
		}
		s.Metrics.ServeHTTP(w, r)
	})
}
