package webhook

import (
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/egress"
)

func TestJudge(t *testing.T) {
	failed := func(class egress.Class) error { return &egress.Error{Class: class} }
	for _, c := range []struct {
		name   string
		status int
		err    error
		took   time.Duration
		want   response
	}{
		{"taken", 204, nil, fast - 1, responseFast},
		{"taken late", 204, nil, fast, responseSlow},
		{"not wanted", 400, failed(egress.ClassStatus), 0, responseSlow},
		{"broken", 500, failed(egress.ClassStatus), 0, responseSlow},
		{"gone", 410, failed(egress.ClassStatus), 0, responseSlow},
		{"elsewhere", 302, failed(egress.ClassRedirect), 0, responseSlow},
		{"too many", 429, failed(egress.ClassStatus), 0, responseMissing},
		{"nobody behind the gateway", 502, failed(egress.ClassStatus), 0, responseMissing},
		{"unavailable", 503, failed(egress.ClassStatus), 0, responseMissing},
		{"nobody in time behind the gateway", 504, failed(egress.ClassStatus), 0, responseMissing},
		{"no answer", 0, failed(egress.ClassTimeout), 0, responseMissing},
		{"no connection", 0, failed(egress.ClassConnect), 0, responseMissing},
		{"an answer that is none", 200, failed(egress.ClassProtocol), 0, responseMissing},
		{"not even tried", 0, errors.New("no secret"), 0, responseMissing},
	} {
		if got := judge(egress.Answer{StatusCode: c.status}, c.err, c.took); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
