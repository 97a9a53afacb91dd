package step_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/store/pgtest"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// odd is a page of texts that are none: emojis cut in two, U+0000, control
// characters, in the title, the address, the content and the console.
const odd = `<script>
	const half = '\ud83d', end = '\ude00', nul = '\u0000', controls = '\u0001\u001b\u007f\u0085\u2028\ufffe';
	console.log(half, nul);
	addEventListener('DOMContentLoaded', () => {
		document.title = 'A' + half + nul + controls + end;
		const p = document.body.appendChild(document.createElement('p'));
		p.textContent = end + 'text' + controls + half; p.setAttribute('data-x', nul + half);
		p.id = half; p.className = end;
		history.replaceState(0, '', '?q=' + half + '#' + nul + half);
	});
</script><body><input id=i value="x">`

// TestWhatPagesSayIsValid has odd pages say whatever they can, and each reader
// of JSON that is here take it.
func TestWhatPagesSayIsValid(t *testing.T) {
	site := pages(t, map[string]string{"/": odd})
	b := borrow(t)
	var bodies [][]byte
	say := func(s step.Spec) *domain.Failure {
		t.Helper()
		s.Timeout = cmp.Or(s.Timeout, "2s")
		raw, f := b.run(s)
		body, err := domain.EncodePayload(domain.Payload{Type: "step", Data: domain.EventData{
			EventType: domain.EventStepCompleted, Action: s.Action, Result: json.RawMessage(raw), Error: f,
		}})
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
		return f
	}
	works := func(s step.Spec, want string) {
		t.Helper()
		s.Timeout = "20s"
		if f := say(s); f != nil {
			t.Errorf("%s %s: %+v", s.Action, s.Expression, f)
		} else if got := string(bodies[len(bodies)-1]); want != "" && !strings.Contains(got, `"result":`+want+`}`) {
			t.Errorf("%s %s: %s, want %s", s.Action, s.Expression, got, want)
		}
	}
	value := func(expression, want string) {
		t.Helper()
		works(step.Spec{Action: "evaluate", Expression: expression}, want)
	}
	works(step.Spec{Action: "goto", URL: site.URL}, "")
	works(step.Spec{Action: "reload"}, "")
	works(step.Spec{Action: "extract", Fields: map[string]step.Field{
		"text": {Target: "p"}, "html": {Target: "p", Type: "html"}, "attribute": {Target: "p", Attribute: "data-x"}, "all": {Target: "p", All: true},
	}}, "")
	value(`half`, `"�"`)
	value(`'\u{1f600}'`, `"😀"`)
	value(`({[half]: 1, [end]: 2, ['a' + nul]: half + nul, b: [controls]})`, `{"�":1,"a�":"��","b":["\u0001\u001b`+"\u007f\u0085"+`\u2028`+"\ufffe"+`"]}`)
	value(`-0`, `0`)
	value(`[-0, 1e21, 5e-324, 1.7976931348623157e308, 2**53]`, "")
	value(`let deep = []; for (let i = 1; i < 60; i++) deep = [deep]; deep`, "")

	fails := func(s step.Spec, code string) {
		t.Helper()
		if f := say(s); f == nil || f.Code != code {
			t.Errorf("%s %s: %+v, want %s", s.Action, s.Expression, f, code)
		}
	}
	evaluate := func(expression string) step.Spec { return step.Spec{Action: "evaluate", Expression: expression} }
	fails(evaluate(`let deep2 = []; for (let i = 1; i < 61; i++) deep2 = {a: deep2}; deep2`), step.CodeTooLarge)
	fails(evaluate(`let deep3 = []; for (let i = 1; i < 20000; i++) deep3 = [deep3]; deep3`), step.CodeTooLarge)
	fails(evaluate(`12n`), step.CodeEvaluation)
	fails(evaluate(`throw new Error(half + nul + controls + 'x'.repeat(10000))`), step.CodeEvaluation)
	fails(evaluate(`throw half`), step.CodeEvaluation)
	fails(evaluate(`'x'.repeat(300000)`), step.CodeTooLarge)
	fails(step.Spec{Action: "assert", Target: "p", Text: ptr("other")}, step.CodeAssertion)
	fails(step.Spec{Action: "assert", Title: ptr("other")}, step.CodeAssertion)
	fails(step.Spec{Action: "waitFor", URL: "*/never"}, step.CodeTimeout)
	fails(step.Spec{Action: "waitFor", Target: "p", State: "hidden"}, step.CodeTimeout)
	fails(step.Spec{Action: "fill", Target: "p", Value: ptr("x")}, "target_not_editable")

	// A long title or address is the page's own, and no failure.
	works(step.Spec{Action: "evaluate", Expression: `document.title = '😀'.repeat(300000); history.replaceState(0, '', '#' + 'y'.repeat(300000)); 1`}, "1")
	f := say(step.Spec{Action: "waitFor", URL: "*/never"})
	if f == nil || len(f.Seen) > 3000 {
		t.Errorf("%d bytes were seen", len(f.Seen))
	}
	if f := say(step.Spec{Action: "assert", Title: ptr("other")}); f == nil || len(f.Seen) > 3000 {
		t.Errorf("%d bytes were seen", len(f.Seen))
	}
	readable(t, bodies)
}

// readable fails the test for each body that a reader of JSON refuses.
func readable(t *testing.T, bodies [][]byte) {
	t.Helper()
	for _, body := range bodies {
		if !utf8.Valid(body) {
			t.Errorf("%q isn't UTF-8", body)
		}
		if again, err := strictjson.Mend(body, step.MaxDepth+2); err != nil || !bytes.Equal(again, body) {
			t.Errorf("%s would be mended to %s (%v)", body, again, err)
		}
	}
	server, err := pgtest.Start("fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for _, body := range bodies {
		if _, err := conn.Exec(t.Context(), "SELECT $1::text::jsonb", string(body)); err != nil {
			t.Errorf("PostgreSQL refuses %s: %v", body, err)
		}
	}
	// Readers that a machine may have beside, each started once: a body is a line.
	lines := append(bytes.Join(bodies, []byte("\n")), '\n')
	if n := bytes.Count(lines, []byte("\n")); n != len(bodies) {
		t.Fatalf("%d bodies are %d lines", len(bodies), n)
	}
	for _, reader := range [][]string{
		{"jq", "-es", "all(.[]; .data)"},
		{"python3", "-c", "import json,sys\nfor line in sys.stdin.buffer.read().decode('utf-8','strict').split('\\n')[:-1]: json.dumps(json.loads(line),ensure_ascii=False).encode('utf-8','strict')"},
		{"node", "-e", "for (const t of require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1)) { JSON.parse(t); if (!t.isWellFormed()) throw t }"},
	} {
		if _, err := exec.LookPath(reader[0]); err != nil {
			continue
		}
		cmd := exec.CommandContext(t.Context(), reader[0], reader[1:]...)
		cmd.Stdin = bytes.NewReader(lines)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s refuses what pages say: %v\n%.2000s", reader[0], err, out[max(0, len(out)-2000):])
		}
	}
}

// TestPasswordsOfAddressesAreNotTold: neither in results nor in failures.
func TestPasswordsOfAddressesAreNotTold(t *testing.T) {
	site := pages(t, map[string]string{"/": "<h1>in</h1>"})
	b := start(t)
	for _, s := range []step.Spec{
		{Action: "goto", URL: strings.Replace(site.URL, "//", "//user:pass@", 1)},
		{Action: "waitFor", URL: "*/never"},
		{Action: "assert", URL: "http://user:pass@127.0.0.1/never"},
		{Action: "reload"},
		{Action: "goto", URL: "http://user:pass@127.0.0.1:1/"},
		{Action: "extract", Target: "h1"},
	} {
		s.Timeout = "1s"
		raw, f := b.run(s)
		if f == nil {
			f = &domain.Failure{}
		}
		if told := raw + f.Message + f.Seen + f.WaitedFor + b.page.Main().Document.URL; strings.Contains(told, "pass") {
			t.Errorf("%s told %s", s.Action, told)
		}
	}
}
