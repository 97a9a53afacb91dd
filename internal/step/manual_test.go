package step

import (
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestWhatAStepDoesNotSay is told, whatever member a secret was taken out of.
func TestWhatAStepDoesNotSay(t *testing.T) {
	var secrets domain.Secrets
	secrets.Add("hush hush", "4242", "title")
	for _, tt := range []struct {
		step    Spec
		left    string // of its files
		missing []string
	}{
		{Spec{Action: "click", Target: "frame >> <b>"}, "", nil},
		{Spec{Action: "fill", Value: new("hush hush")}, "", []string{"value It is a secret."}},
		{Spec{Action: "fill", Value: new("…"), Secret: true}, "", []string{"value It is a secret."}},
		{Spec{Action: "fill", URL: "/hush%20hush", Value: new("…"), Secret: true}, "", []string{"url It holds a secret.", "value It is a secret."}},
		{Spec{Action: "dialog", Value: new("not hush hush")}, "", []string{"value It is a secret."}},
		{Spec{Action: "click", Target: "text=hush hush"}, "", []string{"target It holds a secret."}},
		{Spec{Action: "drag", To: "text=hush hush"}, "", []string{"to It holds a secret."}},
		{Spec{Action: "select", Values: []string{"a", "hush hush"}}, "", []string{"values It holds a secret."}},
		{Spec{Action: "upload", Files: []File{{Name: "hush hush"}}}, "", []string{"files It holds a secret."}},
		{Spec{Action: "upload", Files: []File{{Name: "hush hush"}}}, "They hold a secret.", []string{"files They hold a secret."}},
		{Spec{Action: "scroll", Y: new(4242.0), Value: new("a")}, "", []string{"y It holds a secret."}},
		{Spec{Action: "assert", Title: new("a")}, "", []string{"title It holds a secret."}},
	} {
		tracker := ManualTracker{secrets: &secrets, actions: ManualActions{Steps: []Spec{tt.step}}, origins: []origin{{left: tt.left}}}
		done := tracker.snapshot()
		var missing []string
		for _, m := range done.Missing {
			missing = append(missing, m.Member+" "+m.Why)
		}
		if kept := string(done.Steps[0].Params()); !slices.Equal(missing, tt.missing) || strings.Contains(kept, "hush") || strings.Contains(kept, "4242") {
			t.Errorf("%s: %q, of %s", kept, missing, tt.step.Params())
		}
	}
}
