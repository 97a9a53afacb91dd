package step_test

import (
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestWhatShowsASecret is no field alone: all that a page writes of it is found by who
// records, and covered in pictures; what nobody sees, or is too short to be told from other
// words, is neither.
func TestWhatShowsASecret(t *testing.T) {
	const style = `<style>body { margin: 0 } #a { display: block; font: 20px sans-serif; color: red; background: red; border: 0; width: 200px; height: 40px }</style>`
	b := borrow(t)
	b.page.Secrets.Add("hush hush", "1234")
	for name, tt := range map[string]struct {
		body  string
		shows bool
	}{
		"a field":                 {`<input id=a value="hush hush">`, true},
		"a button":                {`<input id=a type=submit value="hush hush">`, true},
		"a text":                  {`<p id=a>Your key is hush hush.</p>`, true},
		"a text of several parts": {"<p id=a>Your key is hu<b>sh</b>\n <i>hush</i></p>", true},
		"a text of the page":      {`Your key is hush hush`, true},
		"a list":                  {`<select id=a><option>one<option selected>hush hush</select>`, true},
		"a hint":                  {`<input id=a placeholder="such as hush hush">`, true},
		"a shadow root":           {`<div id=host></div><script>host.attachShadow({ mode: 'open' }).innerHTML = '<p style="color:red;background:red">hush hush</p>'</script>`, true},
		"a frame":                 {`<iframe srcdoc="<p>hush hush"></iframe>`, true},
		"two places":              {`<p id=a>Your key is hush hush <code>hush hush</code></p>`, true},
		"the page and a part":     {`<body id=a>Your key is hush hush <p>hush hush</p>`, true},
		"a script":                {`<p id=a>told</p><script>key = 'hush hush'</script>`, false},
		"a text that isn't drawn": {`<p id=a>told</p><p hidden>hush hush</p>`, false},
		"a short one in a text":   {`<p id=a>Call 12345</p>`, false},
		"a short one in a field":  {`<input id=a value=1234>`, true},
		"nothing":                 {`<p id=a>told</p>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			site := pages(t, map[string]string{"/": `<!doctype html>` + style + tt.body})
			b.do(step.Spec{Action: "goto", URL: site.URL})
			if got := step.ShowsSecrets(t.Context(), b.page); got != tt.shows {
				t.Errorf("it shows one: %t", got)
			}
			if name == "a frame" {
				return // its picture is that of fields in frames
			}
			b.do(step.Spec{Action: "screenshot"})
			if n := red(t, b.saved); tt.shows && name != "a text of the page" && n > 0 || !tt.shows && n == 0 {
				t.Errorf("%d pixels are shown", n)
			}
		})
	}
}
