package step_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestNumbers: the first number of a text, as it is written where it is written.
func TestNumbers(t *testing.T) {
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: "data:text/html,<html lang=en><div id=all></div>"})
	texts := []struct{ lang, text, want string }{
		{"en", "4.5 out of 5", "4.5"}, {"en", "1.234,56 €", "1234.56"}, {"de", "1.234,56 €", "1234.56"}, {"en", "−5 °C", "-5"}, {"en", "nothing", "null"}, {"en", "", "null"},
		{"en", "$1,234.50", "1234.5"}, {"en", "1,234", "1234"}, {"de", "1,234", "1.234"}, {"en", "1.234", "1.234"}, {"de", "1.234", "1234"}, {"fr", "1 234,5 €", "1234.5"},
		{"fr", "12 345", "12345"}, {"en", "12 345", "12"}, {"en", "12\u00a0345.5", "12345.5"}, {"de-CH", "CHF 1’234.50", "1234.5"}, {"en", "1'234'567", "1234567"},
		{"en", "12,34,567.8 ₹", "1234567.8"}, {"en", "1,234,567", "1234567"}, {"en", "1.234.567", "1234567"}, {"en", "0.125", "0.125"}, {"de", "0.125", "0.125"}, {"en", "0,5", "0.5"},
		{"en", ".5", "0.5"}, {"en", "-.5", "-0.5"}, {"en", "-$5.00", "-5"}, {"en", "$-5", "-5"}, {"en", "- 5", "5"}, {"en", "− 5", "-5"}, {"en", "A-5", "5"}, {"en", "2020-05", "2020"},
		{"en", "+7", "7"}, {"en", "1e3", "1000"}, {"en", "2E-2", "0.02"}, {"en", "5e", "5"}, {"en", "3 stars", "3"}, {"en", "24.11.2026", "24.11"}, {"en", "v2.0.1", "2"},
		{"ar", "١٬٢٣٤٫٥", "1234.5"}, {"fa", "۱۲۳", "123"}, {"hi", "१२.५", "12.5"}, {"en", "１２", "12"}, {"en", "100%", "100"}, {"en", "1,5", "1.5"}, {"en", "12,345,67", "12.345"},
		{"en", "007", "7"}, {"nonsense-language-", "1.5", "1.5"}, {"en", strings.Repeat("9", 400), "null"}, {"en", "(12)", "12"}, {"pl", "1 234 567,89 zł", "1234567.89"},
	}
	var page strings.Builder
	for _, tt := range texts {
		fmt.Fprintf(&page, `<p lang=%q>%s</p>`, tt.lang, tt.text)
	}
	raw, _ := json.Marshal(page.String())
	b.value(`document.querySelector("#all").innerHTML = ` + string(raw) + `; 1`)
	var got []json.RawMessage
	if err := json.Unmarshal([]byte(b.do(step.Spec{Action: "extract", Each: "p", Type: "number"})), &got); err != nil || len(got) != len(texts) {
		t.Fatalf("%v: %d", err, len(got))
	}
	for i, tt := range texts {
		if string(got[i]) != tt.want {
			t.Errorf("%q in %s is %s, want %s", tt.text, tt.lang, got[i], tt.want)
		}
	}
	b.value(`document.querySelector("#all").innerHTML = "<p>1.234</p>"; 1`)
	if got := b.do(step.Spec{Action: "extract", Target: "p", Type: "number", Locale: "de"}); got != "1234" {
		t.Errorf("with a locale: %s", got)
	}
}

// TestExtractShapes: lists, their members, attributes, links, tables and Markdown.
func TestExtractShapes(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<h1>Shop</h1><ul><li data-id=1 class=p><b>A</b> <a href="/a?x=1">more</a><ul class=tags><li>x<li>y</ul>
			<li data-id=2 class=p><b>B</b></ul>
			<table id=t><caption>c</caption><thead><tr><th>Name<th>Price<th>Price<th></thead><tr><td>Tea<td>4<td rowspan=2>5<td>z<tr><td colspan=2>Cups<td>q</table>
			<table id=plain><tr><td>a<td>b<tr><td>c</table>
			<div id=md><h2>Head</h2><p>Some <em>text</em> with <a href="rel">a link</a>.<script>no()</script><span style="display:none">hidden</span></p>
			<ul><li>one<li>two</ul><table><tr><th>k<th>v<tr><td>1<td>2</table><pre><code class=language-go>x := 1</code></pre><x-host id=host></x-host></div>
			<iframe name=f srcdoc="<i>in</i>"></iframe><input id=i value=typed><nav><a href="/one">One</a><a href="javascript:1">No</a><a href="mailto:a@b.test" aria-label=Mail></a></nav>
			<script>host.attachShadow({mode: 'open'}).innerHTML = '<b>shadow</b>'</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for shape, want := range map[string]string{
		`"each":".p","fields":{"id":{"attribute":"data-id"},"name":"b","link":{"target":"a","attribute":"href"},"tags":{"each":".tags li"}}`:                                           `[{"id":"1","link":"/a?x=1","name":"A","tags":["x","y"]},{"id":"2","link":null,"name":"B","tags":[]}]`,
		`"fields":{"h":"h1","sale":{"target":".sale","optional":true},"of":{"target":"#i","optional":true,"type":"value"},"box":{"target":".box","optional":true,"fields":{"a":"b"}}}`: `{"box":null,"h":"Shop","of":"typed","sale":null}`,
		`"target":"#t","type":"table"`:                                `[{"Name":"Tea","Price":"4","Price 2":"5","column 4":"z"},{"Name":"Cups","Price":"Cups","Price 2":"5","column 4":"q"}]`,
		`"target":"#plain","type":"table"`:                            `[["a","b"],["c"]]`,
		`"target":"nav","type":"links"`:                               `[{"text":"One","url":"` + site.URL + `/one"},{"text":"Mail","url":"mailto:a@b.test"}]`,
		`"target":"#i"`:                                               `"typed"`,
		`"each":"frame=f >> i"`:                                       `["in"]`,
		`"target":".none","all":true`:                                 `[]`,
		`"fields":{"md":{"target":"#md","type":"markdown"},"h":"h1"}`: `{"h":"Shop","md":"## Head\n\nSome *text* with [a link](` + site.URL + `/rel).\n\n- one\n- two\n\n| k | v |\n|---|---|\n| 1 | 2 |\n\n` + "```go\\nx := 1\\n```" + `\n\n**shadow**"}`,
		`"each":"#md li","type":"markdown"`:                           `["one","two"]`,
	} {
		var s step.Spec
		if err := json.Unmarshal([]byte(`{"action":"extract",`+shape+`}`), &s); err != nil {
			t.Fatal(err)
		}
		if got := b.do(s); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", shape, got, want)
		}
	}
	for shape, want := range map[string][2]string{
		`"target":"li"`:                               {"target_ambiguous", "6 elements match li: "},
		`"each":".p","fields":{"x":"li"}`:             {"target_ambiguous", "2 elements match li: "},
		`"fields":{"x":"h1","y":".none"}`:             {"target_not_found", "no element matches .none"},
		`"target":"h1","type":"table"`:                {"target_not_table", "is no table"},
		`"fields":{"x":{"target":"::::"}}`:            {"target_invalid", "::::"},
		`"each":".p","fields":{"x":{"type":"table"}}`: {"target_not_table", ""},
	} {
		var s step.Spec
		if err := json.Unmarshal([]byte(`{"action":"extract",`+shape+`}`), &s); err != nil {
			t.Fatal(err)
		}
		if s.Check("s") != nil {
			continue // it is refused before
		}
		if f := b.fails(s, 200*time.Millisecond); f == nil || f.Code != want[0] || !strings.Contains(f.Seen, want[1]) {
			t.Errorf("%s: %+v", shape, f)
		}
	}
}

// TestATableOfFiveHundredCells is read in one look, as rows of its own words or
// as a list with fields.
func TestATableOfFiveHundredCells(t *testing.T) {
	var page strings.Builder
	page.WriteString(`<table><tr><th>a<th>b<th>c<th>d<th>e`)
	for i := range 100 {
		fmt.Fprintf(&page, `<tr class=r><td class=a>%d<td class=b>x<td class=c>1.234,5<td class=d>y<td class=e>z`, i)
	}
	site := pages(t, map[string]string{"/": page.String()})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	var rows []map[string]any
	for name, s := range map[string]step.Spec{
		"table":  {Action: "extract", Target: "table", Type: "table"},
		"fields": {Action: "extract", Each: ".r", Fields: map[string]step.Field{"a": {Target: ".a"}, "b": {Target: ".b"}, "c": {Target: ".c"}, "d": {Target: ".d"}, "e": {Target: ".e"}}},
	} {
		began := time.Now()
		got := b.do(s)
		t.Logf("%s: %s", name, time.Since(began))
		if err := json.Unmarshal([]byte(got), &rows); err != nil || len(rows) != 100 || len(rows[99]) != 5 || rows[99]["a"] != "99" || rows[7]["c"] != "1.234,5" {
			t.Errorf("%s: %v, %d rows", name, err, len(rows))
		}
	}
}
