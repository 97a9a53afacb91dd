package httpapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// retrySchedule is a list of durations, or null for the default.
type retrySchedule struct {
	given bool
	waits []string // nil: the default
}

// UnmarshalJSON tells null from what isn't there.
func (r *retrySchedule) UnmarshalJSON(raw []byte) error {
	r.given = true
	return strictjson.Unmarshal(raw, &r.waits)
}

// Schema is for huma.
func (retrySchedule) Schema(huma.Registry) *huma.Schema {
	most := 20
	return &huma.Schema{
		Type: huma.TypeArray, Nullable: true, MaxItems: &most, Items: &huma.Schema{Type: huma.TypeString},
		Description: "How long after each failed try the next one comes, each 1s to 168h; an empty list: there is one try. " +
			"null: the default, 5s, 30s, 2m, 10m, 1h, 3h, 8h, 24h, 39h.",
		Examples: []any{[]string{"5s", "1m", "1h"}},
	}
}

// durations are the waits; nil for the default.
func (r *retrySchedule) durations() ([]time.Duration, error) {
	if r.waits == nil {
		return nil, nil
	}
	all := make([]time.Duration, len(r.waits))
	for i, text := range r.waits {
		var err error
		if all[i], err = time.ParseDuration(text); err != nil {
			return nil, domain.Invalid(fmt.Sprintf("retrySchedule[%d]", i), "%q is not a duration such as 30s, 10m or 1h30m", text)
		}
	}
	return all, nil
}

// viewSchedule is nil for the default.
func viewSchedule(waits []time.Duration) *[]string {
	if waits == nil {
		return nil
	}
	all := make([]string, len(waits))
	for i, d := range waits {
		all[i] = shortest(d)
	}
	return &all
}

// shortest spells a duration without the zeros at its end: 1h rather than 1h0m0s.
func shortest(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}
