package step_test

import (
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// lists is a page with lists of options as pages make them.
const lists = `
<div id=size role=combobox tabindex=0 aria-controls=sizes aria-expanded=false>Choose…</div>
<ul id=sizes role=listbox hidden><li role=option data-value=s aria-selected=false>Small<li role=option data-value=l aria-selected=false>Large<li role=option data-value=x aria-disabled=true>Huge</ul>
<button id=colour aria-haspopup=listbox>Colour</button><div id=place></div>
<ul id=extras role=listbox aria-multiselectable=true><li role=option aria-selected=true>Milk<li role=option aria-selected=false>Sugar<li role=option aria-selected=false>Lemon</ul>
<ul id=deaf role=listbox><li role=option>Nothing</ul>
<script>
  const $ = (id) => document.getElementById(id);
  $('size').onclick = () => { $('sizes').hidden = !$('sizes').hidden; $('size').ariaExpanded = String(!$('sizes').hidden) };
  for (const o of $('sizes').children) o.onclick = () => { for (const p of $('sizes').children) p.ariaSelected = String(p === o);
    setTimeout(() => { $('size').textContent = o.textContent; $('sizes').hidden = true; $('size').ariaExpanded = 'false' }, 50) };
  $('colour').onclick = () => setTimeout(() => { $('deaf').hidden = $('extras').hidden = true;
    $('place').innerHTML = '<ul role=listbox style="height:40px;overflow:auto">' + ['Red', 'Green', 'Blue'].map(c => '<li role=option>' + c).join('') + '</ul>';
    for (const o of $('place').querySelectorAll('li')) o.onclick = () => { $('colour').textContent = o.textContent; $('place').innerHTML = ''; $('deaf').hidden = $('extras').hidden = false } }, 50);
  for (const o of $('extras').children) o.onclick = () => o.ariaSelected = String(o.ariaSelected !== 'true');
</script>`

// TestListsOfThePagesOwn are chosen in by clicks, and what is chosen says so.
func TestListsOfThePagesOwn(t *testing.T) {
	site := pages(t, map[string]string{"/": lists})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, c := range []struct {
		name   string
		spec   step.Spec
		result string // or, if it fails:
		code   string
		then   string
	}{
		{name: "by label", spec: step.Spec{Target: "#size", Value: ptr("Large")}, result: `{"values":["Large"]}`, then: `$('size').textContent === 'Large' && $('sizes').hidden`},
		{name: "by value", spec: step.Spec{Target: "#size", Value: ptr("s")}, result: `{"values":["Small"]}`, then: `$('size').textContent === 'Small'`},
		{name: "by label alone", spec: step.Spec{Target: "#size", Label: ptr("Large")}, result: `{"values":["Large"]}`, then: `$('size').textContent === 'Large'`},
		{name: "what is chosen already", spec: step.Spec{Target: "#size", Value: ptr("Large")}, result: `{"values":["Large"]}`, then: `$('size').textContent === 'Large'`},
		{name: "by index", spec: step.Spec{Target: "#size", Index: ptr(0)}, result: `{"values":["Small"]}`, then: `$('size').textContent === 'Small'`},
		{name: "a disabled option", spec: step.Spec{Target: "#size", Value: ptr("Huge")}, code: "target_disabled", then: `true`},
		{name: "an option that isn't there", spec: step.Spec{Target: "#size", Value: ptr("Tiny")}, code: "option_not_found", then: `$('size').click() || true`},
		{name: "a button whose list names nothing", spec: step.Spec{Target: "#colour", Value: ptr("Blue")}, result: `{"values":["Blue"]}`, then: `$('colour').textContent === 'Blue'`},
		{name: "several", spec: step.Spec{Target: "#extras", Values: []string{"Sugar", "Lemon"}}, result: `{"values":["Sugar","Lemon"]}`, then: `[...$('extras').children].map(o => o.ariaSelected).join() === 'false,true,true'`},
		{name: "none of several", spec: step.Spec{Target: "#extras", Values: []string{}}, result: `{"values":[]}`, then: `[...$('extras').children].every(o => o.ariaSelected === 'false')`},
		{name: "several of one", spec: step.Spec{Target: "#deaf", Values: []string{"a", "b"}}, code: "target_not_editable", then: `true`},
		{name: "a list that says nothing", spec: step.Spec{Target: "#deaf", Value: ptr("Nothing")}, code: "option_not_chosen", then: `true`},
	} {
		c.spec.Action = "select"
		var got string
		var f *domain.Failure
		if c.code == "" {
			got, f = b.run(c.spec)
		} else {
			f = b.fails(c.spec, 2*time.Second)
		}
		if c.code == "" && (f != nil || got != c.result) || c.code != "" && (f == nil || f.Code != c.code) {
			t.Errorf("%s: %s, %+v", c.name, got, f)
		}
		if then := b.value(c.then); then != "true" {
			t.Errorf("%s: then %s is %s", c.name, c.then, then)
		}
	}
}
