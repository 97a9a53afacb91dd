package step_test

import (
	"bytes"
	"encoding/json"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/step"
)

// TestConcealAndReveal: what is stored of a step is without its secrets, and the
// step is whole again with them.
func TestConcealAndReveal(t *testing.T) {
	for raw, stored := range map[string]string{
		`{"action":"fill","target":"#a","value":"hush","secret":true}`:                                                                       `{"action":"fill","target":"#a","value":"…","secret":true}`,
		`{"action":"fill","target":"#a","value":"told"}`:                                                                                     `{"action":"fill","target":"#a","value":"told"}`,
		`{"action":"storage","do":"set","storageState":{"cookies":[{"name":"a","value":"hush","domain":"a.test","path":"/"}],"origins":[]}}`: `{"action":"storage","do":"set","storageState":{"cookies":null,"origins":null}}`,
		`{"action":"setCookies","cookies":[{"name":"a","value":"told"},{"name":"b","value":"hush","secret":true}]}`:                          `{"action":"setCookies","cookies":[{"name":"a","value":"told"},{"name":"b","value":"…","secret":true}]}`,
	} {
		var given, whole step.Spec
		for _, s := range []*step.Spec{&given, &whole} {
			if err := json.Unmarshal([]byte(raw), s); err != nil {
				t.Fatal(err)
			}
		}
		kept := given
		secrets := kept.Conceal()
		if got := string(kept.Params()); got != stored || strings.Contains(got, "hush") {
			t.Errorf("%s: stored as %s", raw, got)
		}
		if diff := cmp.Diff(whole, given); diff != "" {
			t.Errorf("%s: what was given is another now: %s", raw, diff)
		}
		if (secrets != nil) != strings.Contains(raw, "hush") {
			t.Errorf("%s: %s is secret", raw, secrets)
		}
		if secrets == nil {
			continue
		}
		kept.Sealed = []byte("sealed")
		for who, show := range map[string]func(json.RawMessage) json.RawMessage{"who gave it": step.Shown, "a viewer": step.Masked} {
			if got := string(show(kept.Params())); strings.Contains(got, "hush") || strings.Contains(got, "sealed") {
				t.Errorf("%s: to %s: %s", raw, who, got)
			}
		}
		if err := kept.Reveal(secrets); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, kept); diff != "" {
			t.Errorf("%s: (-given +revealed)\n%s", raw, diff)
		}
		if err := kept.Reveal([]byte(`{"texts":["a","b","c"]}`)); err == nil {
			t.Errorf("%s: others' secrets were taken", raw)
		}
	}
}

// TestAFrameThatHangsIsInNoPicture while there are secrets that it may hold.
func TestAFrameThatHangsIsInNoPicture(t *testing.T) {
	site := pages(t, map[string]string{
		"/":      `<input id=a><script>document.write('<iframe src="http://a.localhost:' + location.port + '/hangs"></iframe>')</script>`,
		"/hangs": `<script>onmessage = () => { parent.postMessage(0, '*'); setTimeout(() => { for (;;); }, 20) }</script>`,
	})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.do(step.Spec{Action: "fill", Target: "#a", Value: ptr("hush hush"), Secret: true})
	b.do(step.Spec{Action: "screenshot"})
	b.value(`new Promise(done => { onmessage = done; frames[0].postMessage(0, '*') }).then(() => new Promise(done => setTimeout(done, 200, 1)))`)
	if got, f := b.run(step.Spec{Action: "screenshot"}); f == nil || f.Code != "secrets_not_covered" {
		t.Errorf("got %s, %+v", got, f)
	}
}

// TestSecretsAreNotTold by a result or a failure, however the page turns them,
// nor by a picture.
func TestSecretsAreNotTold(t *testing.T) {
	const hush = `hush & "so"`
	site := pages(t, map[string]string{"/": `<style>* { margin: 0 } input, div { display: block; width: 100px; height: 20px; border: 0 } iframe { border: 0 }</style>
		<input id=plain value="no secret"><form action=/got><input id=a name=a></form><div contenteditable id=rich><b>x</b></div>
		<iframe src=/frame width=100 height=20></iframe>`,
		"/frame": `<style>* { margin: 0; border: 0 }</style><input id=framed style="width:100px;height:20px">`, "/got": "got",
	})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, target := range []string{"#a", "#rich", "#framed"} {
		b.do(step.Spec{Action: "fill", Target: target, Value: ptr(hush), Secret: true})
	}
	if got := b.value("a.value.length"); got != "11" {
		t.Fatalf("the field holds %s characters", got)
	}
	b.do(step.Spec{Action: "setCookies", Cookies: []step.Cookie{{Name: "c", Value: "hush-cookie", Secret: true}}})
	for _, expression := range []string{
		"a.value", "[{x: [a.value, 1.50]}, {[a.value]: 1}]", "encodeURIComponent(a.value)", "String(new URLSearchParams({a: a.value}))",
		"JSON.stringify(a.value)", "rich.innerHTML", "document.cookie",
	} {
		if got := b.value(expression); strings.Contains(got, "hush") || !strings.Contains(got, step.Mask) {
			t.Errorf("%s: %s", expression, got)
		}
	}
	for _, s := range []step.Spec{
		{Action: "evaluate", Expression: "throw new Error('it is ' + a.value)"},
		{Action: "assert", Target: "#a", Value: ptr("other")},
		{Action: "assert", Target: "#rich", Text: ptr("other")},
		{Action: "click", Target: "css=#nothing-" + "hush-cookie"},
	} {
		s.Timeout = "300ms"
		got, f := b.run(s)
		if f == nil {
			t.Fatalf("%s: %s", s.Action, got)
		}
		if said, _ := json.Marshal(f); strings.Contains(string(said), "hush") {
			t.Errorf("%s: %s", s.Action, said)
		}
	}
	parts, _ := b.failing(t.Context(), step.Spec{Action: "click", Target: "#nothing", Timeout: "300ms"})
	for name, part := range parts {
		if strings.Contains(part, "hush") {
			t.Errorf("what is kept of a later failure has the secret in %s: %s", name, part)
		}
	}
	kept, err := jpeg.Decode(strings.NewReader(parts["page.jpg"]))
	if err != nil {
		t.Fatalf("the picture of a failure: %v, %s", err, parts["failure.json"])
	}
	if r, g, bl, _ := kept.At(40, 30).RGBA(); r>>8 < 200 || g>>8 > 60 || bl>>8 < 200 {
		t.Errorf("the picture of a failure shows %d, %d, %d", r>>8, g>>8, bl>>8)
	}
	b.do(step.Spec{Action: "screenshot"})
	picture, err := png.Decode(bytes.NewReader(b.saved))
	if err != nil {
		t.Fatal(err)
	}
	magenta := color.RGBA{255, 0, 255, 255}
	for y, covered := range map[int]bool{10: false, 30: true, 50: true, 70: true} {
		for x := 5; x < 90; x++ { // between what shows that it has the focus
			if got := color.RGBAModel.Convert(picture.At(x, y)); covered && got != magenta {
				t.Errorf("at %d, %d there is %v", x, y, got)
				break
			} else if !covered && got == magenta {
				t.Errorf("what is no secret is covered at %d, %d", x, y)
				break
			}
		}
	}
	if got := b.value("[a, rich, ...document.querySelectorAll('b')].map(e => e.getAttribute('style')).join()"); strings.Trim(got, `",`) != "" {
		t.Errorf("what is left of the covers: %s", got)
	}
	if got := b.do(step.Spec{Action: "press", Target: "#a", Key: "Enter"}) + b.do(step.Spec{Action: "reload"}); strings.Contains(got, "hush") || !strings.Contains(got, "/got?a=") {
		t.Errorf("the address: %s", got)
	}
}

// TestSecretsThatPagesWriteInTheirOwnWay are those of the session all the same.
func TestSecretsThatPagesWriteInTheirOwnWay(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input id=card oninput="value = value.replace(/\D/g, '').replace(/(.{4})(?=.)/g, '$1 ')"><input id=short maxlength=8><textarea id=key></textarea>
		<input id=cut><input id=plain value="4711">`})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for target, value := range map[string]string{"#card": "4929123412341234", "#short": "correcthorse", "#key": "--begin--\r\nMIIEpA\r\n--end--\r\n"} {
		b.do(step.Spec{Action: "fill", Target: target, Value: ptr(value), Secret: true})
	}
	b.value(`cut.oninput = () => { if (cut.value.length > 5) cut.disabled = true }`)
	_, _ = b.run(step.Spec{Action: "type", Target: "#cut", Value: ptr("battery-staple"), Secret: true, Timeout: "2s"})
	for _, expression := range []string{"card.value", "short.value", "key.value", "key.value.trim().replace(/\\s+/g, ' ')", "cut.value"} {
		if got := b.value(expression); got != `"…"` {
			t.Errorf("%s: %s", expression, got)
		}
	}
	if got := b.value("plain.value"); got != `"4711"` {
		t.Errorf("another field: %s", got)
	}
}
