package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/browserhook/browserhook/client/webhook"
)

func TestEventIsOneHarmlessLine(t *testing.T) {
	for name, c := range map[string]struct {
		body, want string
	}{
		"a step":     {`{"sessionId":"browser_1","data":{"eventType":"step_failed","status":"FAILED","stepId":"step_1","index":2,"action":"click","error":{"code":"target_disabled","message":"Timed out."}},"sequence":7}`, "  #7  step_failed       FAILED     browser_1  step 2 click  target_disabled: Timed out."},
		"an ending":  {`{"sessionId":"browser_1","data":{"eventType":"browser_closed","status":"CLOSED","reason":"idle"},"sequence":12}`, " #12  browser_closed    CLOSED     browser_1  idle"},
		"a webhook":  {`{"sessionId":"","data":{"eventType":"endpoint_failing","status":"ENABLED","endpointId":"we_1","reason":"failing"},"sequence":1}`, "      endpoint_failing  ENABLED    we_1  failing"},
		"an attack":  {`{"sessionId":"\u001b]0;title\u0007","data":{"eventType":"a\nb","status":"\u202eX"}}`, `  #0  a\u000ab          \u202eX    \u001b]0;title\u0007`},
		"a long one": {`{"data":{"eventType":"` + strings.Repeat("x", 300) + `"}}`, "      " + strings.Repeat("x", 200) + "…"},
	} {
		e, err := webhook.Parse([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		Println(&out, Event(e))
		if got := out.String(); got != c.want+"\n" {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want+"\n")
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 ms", 999 * time.Millisecond: "999 ms", 1500 * time.Millisecond: "1.5 s", 15 * time.Second: "15.0 s"} {
		if got := Took(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}

// FuzzClean lets nothing through that isn't printed as itself.
func FuzzClean(f *testing.F) {
	f.Add("browser_ready")
	f.Add("\x1b[2J\x1b]52;c;bm8=\x07")
	f.Add("a\u009bb\u2028c\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Clean(s) + strings.ReplaceAll(CleanLines(s), "\n", "") {
			if !unicode.IsPrint(r) {
				t.Errorf("%q lets %U through", s, r)
			}
		}
	})
}
