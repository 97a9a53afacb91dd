package codec

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestAttempt(t *testing.T) {
	for _, want := range []domain.Attempt{
		{ID: "att_1", StartedAt: time.UnixMicro(1_700_000_000_000_001).UTC(), Duration: 12 * time.Millisecond, StatusCode: 204, Response: []byte{}, RemoteAddr: "203.0.113.7:443"},
		{ID: "att_2", Response: []byte("no\x00\xff"), ErrorClass: "status", Error: "it answered 500"},
	} {
		var got domain.Attempt
		if err := (Attempt{A: &got}).Scan(PackAttempt(&want)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	for _, broken := range []any{nil, "text", []byte{}, []byte{1}, PackAttempt(&domain.Attempt{ID: "att_1"})[:5]} {
		if err := (Attempt{A: &domain.Attempt{}}).Scan(broken); err == nil {
			t.Errorf("%v is taken for an attempt", broken)
		}
	}
}

// FuzzDecodeCursor: whatever a stranger sends is refused or is an id that this
// list could have given out.
func FuzzDecodeCursor(f *testing.F) {
	f.Add(EncodeCursor(domain.NewID(domain.PrefixSession)))
	f.Add(EncodeCursor(domain.NewID(domain.PrefixEndpoint)))
	f.Add("")
	f.Add("YnJvd3Nlcl8")
	f.Add("\xff\x00=")
	f.Add("YnJvd3Nlcl80Cm00\nZ200Y210Y200Cm10Z200CjA0Y210Yw") // an id with line breaks in it
	f.Fuzz(func(t *testing.T, cursor string) {
		id, err := DecodeCursor(domain.PrefixSession, cursor)
		if err != nil {
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeInvalid || e.Field != "cursor" {
				t.Errorf("got %v", err)
			}
			return
		}
		if cursor != "" && (!domain.ValidID(domain.PrefixSession, id) || EncodeCursor(id) != cursor) {
			t.Errorf("%q gave %q", cursor, id)
		}
	})
}

// TestFailures: those of a step and of its earlier tries, whether it failed or
// worked in the end, and as they were stored before there were tries.
func TestFailures(t *testing.T) {
	why := &domain.Failure{Code: "timeout", Message: "Timed out.", Seen: "nothing"}
	for _, s := range []domain.Step{{}, {Error: why}, {Tries: []domain.Failure{*why, {Code: "other"}}}, {Error: why, Tries: []domain.Failure{*why}}} {
		var got domain.Step
		if err := (Failures{Step: &got}).Scan(FailuresText(&s)); err != nil || !cmp.Equal(got, s) {
			t.Errorf("%+v became %+v, %v", s, got, err)
		}
	}
	var old domain.Step
	if err := (Failures{Step: &old}).Scan(FailureText(why)); err != nil || !cmp.Equal(old.Error, why) || old.Tries != nil {
		t.Errorf("as it was stored: %+v, %v", old, err)
	}
}
