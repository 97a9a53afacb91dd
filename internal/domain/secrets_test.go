package domain

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSecretsAreHidden(t *testing.T) {
	var s Secrets
	s.Add("hush & \"so\"", "hush", "12", "4711", "", "hush")
	for text, want := range map[string]string{
		"say hush & \"so\" twice: hush": "say … twice: …",
		"?q=hush+%26+%22so%22":          "?q=…",
		"/hush%20&%20%22so%22":          "/…",
		"<b>hush &amp; &#34;so&#34;":    "<b>…",
		`{"a":"hush \u0026 \"so\""}`:    `{"a":"…"}`,
		"<b>hush &amp; \"so\"</b>":      "<b>…</b>",
		"hush%20%26%20%22so%22":         "…",
		`the text is "hush & \"so\""`:   `the text is "…"`,
		"12":                            "…",
		"at 12:30":                      "at 12:30", // it would be everywhere
		"HUSH":                          "HUSH",
		"":                              "",
	} {
		if got := s.Hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for raw, want := range map[string]string{
		`{"b":[1,"hush",{"hush":4711,"n":1.50,"t":true,"z":null}],"a":[],"o":{},"<":"é"}`: `{"b":[1,"…",{"…":"…","n":1.50,"t":true,"z":null}],"a":[],"o":{},"<":"é"}`,
		`12`: `"…"`, `"x"`: `"x"`, `[`: `"…"`, ``: ``,
	} {
		if got := string(s.HideJSON(json.RawMessage(raw))); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
	var none *Secrets
	if none.Hide("hush") != "hush" || string(none.HideJSON(json.RawMessage(`"hush"`))) != `"hush"` || none.Known() != nil {
		t.Error("nobody knows a secret and hides it")
	}
}

// TestSecretsAreHiddenInAddresses, whatever of them is escaped.
func TestSecretsAreHiddenInAddresses(t *testing.T) {
	var s Secrets
	s.Add("p@ss/word1", "hunter22", "a b+c d")
	for address, want := range map[string]string{
		"https://x.test/?pw=p%40ss%2fword1&x=1": "https://x.test/?pw=…&x=1",
		"https://x.test/?pw=p%40ss/word1":       "https:…", // of which nobody knows where it ends
		"https://x.test/?pw=%68unter22#top":     "https://x.test/?pw=…#top",
		"https://x.test/%68%75nter22/a":         "https://x.test/…/a",
		"https://x.test/?q=a+b%2bc%20d":         "https://x.test/?q=…",
		"https://x.test/?q=hunter2":             "https://x.test/?q=…", // cut
		"https://x.test/?q=%zz%68unter2":        "https://x.test/?q=…",
		"https://x.test/?q=hunting&r=x%20b":     "https://x.test/?q=hunting&r=x%20b",
		"":                                      "",
	} {
		if got := s.HideURL(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
	if got := s.Hide("see https://x.test/?pw=p%40ss%2fword1 there"); got != "see https://x.test/?pw=… there" {
		t.Error(got)
	}
	var none *Secrets
	if none.HideURL("hush") != "hush" {
		t.Error("nobody knows a secret and hides it")
	}
}

// TestSecretsAreHiddenHoweverTheyAreWritten: pages fold, cut and encode them.
func TestSecretsAreHiddenHoweverTheyAreWritten(t *testing.T) {
	for secret, texts := range map[string]map[string]string{
		"first line\r\nsecond line\r\n": {
			"first line\nsecond line\n": "…", "it is first line second line.": "it is ….", "first linesecond line": "…",
		},
		"a!*~& b": {"/?q=a%21*%7E%26+b&x=1": "/?q=…&x=1"},
		`quo"te\`: {`{"p":"quo\"te\\"}`: `{"p":"…"}`, `"{\"p\":\"quo\\\"te\\\\\"}"`: `"{\"p\":\"…\"}"`},
		strings.Repeat("0123456789", 30): {
			`the value is "` + strings.Repeat("0123456789", 20) + `…"`: `the value is "…"`,
			"<p>" + strings.Repeat("0123456789", 4) + "…":              "<p>…",
			"cut at the end: 0123456":                                  "cut at the end: …",
			"at 0123 o'clock":                                          "at 0123 o'clock",
		},
	} {
		var s Secrets
		s.Add(secret)
		for text, want := range texts {
			if got := s.Hide(text); got != want {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
}

// FuzzHideJSON: what comes out is JSON without the secret.
func FuzzHideJSON(f *testing.F) {
	f.Add(`{"a":["hush",1]}`, "hush")
	f.Add(`["\u0068ush"]`, "hush")
	f.Fuzz(func(t *testing.T, raw, secret string) {
		if !json.Valid([]byte(raw)) || len(secret) < shortest || strings.ContainsAny(secret, Hidden) {
			return
		}
		var s Secrets
		s.Add(secret)
		got := s.HideJSON(json.RawMessage(raw))
		var texts any
		if err := json.Unmarshal(got, &texts); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		var look func(v any)
		look = func(v any) {
			switch v := v.(type) {
			case string:
				if strings.Contains(v, secret) {
					t.Errorf("%q is in %s", secret, got)
				}
			case []any:
				for _, one := range v {
					look(one)
				}
			case map[string]any:
				for name, one := range v {
					look(name)
					look(one)
				}
			}
		}
		look(texts)
	})
}
