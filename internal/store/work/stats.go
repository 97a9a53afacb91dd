package work

import (
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// StatsSlot is the row of an endpoint's statistics for a span that begins then. After
// [domain.StatsKept] the rows are used again, so there are never more, and nothing has to
// be deleted.
func StatsSlot(from time.Time) int64 {
	return from.Unix() / int64(domain.StatsSpan/time.Second) % int64(domain.StatsKept/domain.StatsSpan)
}

// AddStats is what a row that held was, or nil, is to hold once a span is added to it.
// changed: it is another, which it isn't when the row holds a later span.
func AddStats(was, span *domain.EndpointStats) (sum domain.EndpointStats, changed bool) {
	sum = *span
	switch {
	case was == nil || was.From.Before(span.From):
		return sum, true
	case was.From.After(span.From):
		return *was, false
	}
	sum.Add(was)
	return sum, true
}

// SortStats puts spans in order: rows that are used again are not.
func SortStats(all []domain.EndpointSpan) []domain.EndpointSpan {
	slices.SortFunc(all, func(a, b domain.EndpointSpan) int { return a.From.Compare(b.From) })
	return all
}
