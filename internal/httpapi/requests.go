package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// requestHeader names the request in every answer, as requestId does in a
// problem and in the log.
const requestHeader = "X-Request-Id"

// answer remembers the status that a request was answered with.
type answer struct {
	http.ResponseWriter
	status int
	base   string // what users reach the server at
}

func (a *answer) WriteHeader(status int) {
	if a.status < http.StatusOK && a.status != http.StatusSwitchingProtocols {
		a.status = status // what comes before it is on the way only
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status < http.StatusOK && a.status != http.StatusSwitchingProtocols {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] and whoever takes over the connection
// reach it.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// logRequest writes a line about a request that is over. It has the route's
// pattern, not the path: live links are secrets.
func (s *server) logRequest(r *http.Request, route string, a *answer, started time.Time) {
	status := a.status
	if status == 0 {
		status = http.StatusOK // nothing was written, which net/http answers so
	}
	s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("request", requestID(r.Context())), slog.String("method", r.Method), slog.String("route", route),
		slog.Int("status", status), slog.Duration("duration", time.Since(started)))
}
