package oracle

const (
	roleSuite = suite + "role.spec.ts"
	roleUtils = "microsoft/playwright tests/library/role-utils.spec.ts"
)

const controls = `<button id=k1 aria-pressed=true>Bold</button><button id=k2 aria-pressed=mixed>Some</button><button id=k3 disabled>Off</button><button id=k4 aria-expanded=false>More</button>
	<input type=checkbox id=c1 checked><input type=checkbox id=c2><div role=checkbox id=c3 aria-checked=mixed></div><input type=radio id=r1 checked>
	<h1 id=h1>One</h1><h2 id=h2>Two</h2><div id=h3 role=heading aria-level=2>Deux</div><fieldset disabled><button id=k5>In</button></fieldset>
	<div role=tablist><div role=tab id=t1 aria-selected=true>A</div><div role=tab id=t2>B</div></div><select><option id=o1>x<option id=o2 selected>y</select>
	<button id=k6 aria-hidden=true>Hid</button><button id=k7 style="display:none">None</button><a id=a1 href="#">Link</a><a id=a2>No link</a>`

// As programs write it that have their own true.
const inCapitals = `<div role=checkbox id=c1 aria-checked=True>x</div><div role=checkbox id=c2 aria-checked=False>x</div><button id=k1 aria-pressed=MIXED>x</button>
	<div role=tablist><div role=tab id=t1 aria-selected=True aria-expanded=TRUE>x</div><div role=tab id=t2 aria-selected=False aria-expanded=True>x</div></div>
	<a id=a1 href="#" aria-hidden=True>x</a><a id=a2 href="#" aria-hidden=False>x</a>`

// Roles, names and states.
var roles = []Case{
	finds("button", roleSuite, controls, "role=button"),
	finds("in capitals", roleSuite, controls, "role=Button"),
	finds("checked", roleSuite, controls, "role=checkbox[checked]"),
	finds("not checked", roleSuite, controls, "role=checkbox[checked=false]"),
	finds("half checked", roleSuite, controls, `role=checkbox[checked="mixed"]`),
	finds("a checked radio", roleSuite, controls, "role=radio[checked=true]"),
	finds("checked, in capitals", "", inCapitals, "role=checkbox[checked]"),
	finds("half pressed, in capitals", "", inCapitals, `role=button[pressed="mixed"]`),
	finds("selected and expanded, in capitals", "", inCapitals, "role=tab[selected][expanded]"),
	finds("hidden in capitals", "", inCapitals, "role=link"),
	finds("pressed", roleSuite, controls, "role=button[pressed]"),
	finds("half pressed", roleSuite, controls, `role=button[pressed="mixed"]`),
	finds("disabled", roleSuite, controls, "role=button[disabled]"),
	finds("not disabled", roleSuite, controls, "role=button[disabled=false]"),
	finds("not expanded", roleSuite, controls, "role=button[expanded=false]"),
	finds("a level", roleSuite, controls, "role=heading[level=2]"),
	finds("a selected option", roleSuite, controls, "role=option[selected]"),
	finds("a selected tab", roleSuite, controls, "role=tab[selected]"),
	finds("include-hidden", roleSuite, controls, "role=button[include-hidden]"),
	finds("include-hidden=false", roleSuite, controls, "role=button[include-hidden=false]"),
	finds("links", roleSuite, controls, "role=link"),
	finds("a name", roleSuite, controls, `role=button[name="Bold"]`),
	finds("a name heeds the case", roleSuite, controls, `role=button[name="bold"]`),
	finds("a name in any case", roleSuite, controls, `role=button[name="bold" i]`),
	finds("a name in single quotes", roleSuite, controls, `role=button[name='Bold']`),
	finds("a name without quotes", roleSuite, controls, "role=button[name=Bold]"),
	finds("a part of a name", roleSuite, controls, `role=button[name*="o"]`),
	finds("the beginning of a name", roleSuite, controls, `role=button[name^="so" i]`),
	finds("the end of a name", roleSuite, controls, `role=button[name$="e"]`),
	finds("a name by a regular expression", roleSuite, controls, `role=button[name=/^[BM]o/]`),
	finds("a name by a regular expression with v", "microsoft/playwright#41457", controls, `role=button[name=/bold/iv]`),
	finds("several filters", roleSuite, controls, `role=heading[level=2][name="Deux"]`),
	finds("internal:role", roleSuite, controls, `internal:role=button[name="ol"i]`),
	finds("a description", "microsoft/playwright tests/page/selectors-get-by.spec.ts", `<div role=alert id=a aria-description="File uploaded">x</div><div role=alert id=b>y</div>`, `role=alert[description="File uploaded"]`),
	finds("in a chain", roleSuite, controls, "role=tablist >> role=tab >> nth=1"),
	finds("in a shadow root", roleSuite, `<div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML = '<button id=x>In</button>'</script><button id=y>Out</button>`, "role=button"),
	finds("search fields with a list", "microsoft/playwright#41899", `<input id=s1 type=search><input id=s2 type=search list=nope><input id=s3 type=search list=dv><div id=dv></div>`, "role=searchbox"),
	finds("a search field with a list is a combobox", "microsoft/playwright#41899", `<input id=s1 type=search><input id=s4 type=search list=dl><datalist id=dl></datalist>`, "role=combobox"),
	finds("a meter's label", "microsoft/playwright#41891", `<label for=m>Battery</label><meter id=m value=.5></meter><label for=n>x</label><meter id=n aria-label=Battery value=.5></meter>`, `role=meter[name="Battery"]`),
	finds("a progress bar's label", "microsoft/playwright#41891", `<label for=m>Loading</label><progress id=m value=.5></progress>`, `role=progressbar[name="Loading"]`),
	finds("an editor in a label", "microsoft/playwright#28848", `<label for=f><input type=checkbox id=f> Flash the screen <span tabindex=0 role=textbox aria-label="number of times" contenteditable>5</span> times.</label>`, `role=checkbox[name="Flash the screen 5 times."]`),
	finds("a field in a heading", "microsoft/playwright#28848", `<h1 id=a><input value="Foo bar"></h1>`, `role=heading[name="Foo bar"]`),
	finds("a drawing without a role", "microsoft/playwright#26809", `<svg id=a viewBox="0 0 9 9" role=presentation focusable=false><circle r=5></circle></svg><img id=b alt=Code>`, "role=img"),
	finds("a form with fields that are called like its members", "microsoft/playwright#30616", `<form id=a aria-label="my form"><input name=tagName><input name=localName></form>`, `role=form[name="my form"]`),
	finds("labelled by what is hidden", roleUtils, `<span id=l hidden>Hidden label</span><button id=a aria-labelledby=l></button>`, `role=button[name="Hidden label"]`),
	finds("labelled by a script, from outside its shadow root", "", `<span id=l>Label</span><div id=h></div><script>const s = h.attachShadow({mode: 'open'}); s.innerHTML = '<button id=a>x</button>'; s.firstChild.ariaLabelledByElements = [l]</script>`, `role=button[name="Label"]`),
	differs("Playwright knows no description that a script gives by elements; Chromium does", finds("described by a script", "", `<span id=l>Label</span><button id=a>x</button><script>a.ariaDescribedByElements = [l]</script>`, `role=button[description="Label"]`)),
	finds("labelled by itself", roleUtils, `<button id=a aria-label=Delete aria-labelledby="a f">x</button><b id=f>file</b>`, `role=button[name="Delete file"]`),
	finds("::before in a name", roleUtils, `<style>.s::before{content:'* '}</style><button id=a class=s>Save</button>`, `role=button[name="* Save"]`),
	finds("an image in a button", roleUtils, `<button id=a><img alt=Search></button>`, `role=button[name="Search"]`),
	finds("a line break in a button", roleUtils, `<button id=a>Log<br>out</button>`, `role=button[name="Log out"]`),
	finds("a hidden part of a button", roleUtils, `<button id=a>Save<span hidden> now</span><span aria-hidden=true> x</span></button>`, `role=button[name="Save"]`),
	finds("a title is the last", roleUtils, `<button id=a title=Close></button><button id=b title=Close>x</button>`, `role=button[name="Close"]`),
	finds("alt wins over title", roleUtils, `<img id=a alt=Cat title=Dog>`, `role=img[name="Cat"]`),
	finds("an image with an empty alt", roleUtils, `<img id=a alt=""><img id=b>`, "role=img"),
	finds("a placeholder is a name", roleUtils, `<input id=a placeholder=Search>`, `role=textbox[name="Search"]`),
	finds("a caption", roleUtils, `<table id=a><caption>Prices</caption><tr><td>1</table>`, `role=table[name="Prices"]`),
	finds("a legend", roleUtils, `<fieldset id=a><legend>Address</legend></fieldset>`, `role=group[name="Address"]`),
	finds("a header of the page", roleUtils, `<header id=a>x</header><article><header id=b>y</header></article>`, "role=banner"),
	finds("a section needs a name", roleUtils, `<section id=a>x</section><section id=b aria-label=Y>y</section>`, "role=region"),
	finds("a cell of a grid", roleUtils, `<table role=grid><tr><td id=a>1</table><table><tr><td id=b>2</table>`, "role=gridcell"),
	finds("a header of a row", roleUtils, `<table><tr><th id=a scope=row>x<td>1<tr><th id=b>y<td>2</table>`, "role=rowheader"),
	finds("a role that is none", roleUtils, `<ul role=none><li id=a>x</ul><ul><li id=b>y</ul>`, "role=listitem"),
	finds("the first role that is one", roleUtils, `<div id=a role="foo button link">x</div>`, "role=button"),
	finds("a button without a role that has the focus", roleUtils, `<button id=a role=none>x</button>`, "role=button"),
	finds("a slotted name", roleUtils, `<div id=host><b>Buy</b></div><script>host.attachShadow({mode:'open'}).innerHTML = '<button id=a><slot></slot> now</button>'</script>`, `role=button[name="Buy now"]`),
	finds("a date is a text box", roleUtils, `<input type=date id=a><input type=color id=b><input id=c>`, "role=textbox"),
	finds("a name folds white space", roleUtils, "<button id=a>  Log \n  in </button>", `role=button[name="Log in"]`),

	differs("Playwright takes names from the source; we take them as they are drawn, in capitals where CSS says so", finds("text-transform", "", `<button id=a style="text-transform:uppercase">buy</button>`, `role=button[name="BUY"]`)),
	differs("Playwright finds no form without a name; in Chromium's accessibility tree it is one", finds("a form without a name", "", `<form id=a>x</form>`, "role=form")),
	differs("Playwright takes an a without href for no link; with an onclick it is one in Chromium's accessibility tree", finds("an a with a listener", "", `<a id=a onclick="1">x</a>`, "role=link")),
	differs("Playwright finds what is inert; nobody is told of it, and it can't be clicked", finds("inert", "", `<div inert><button id=a>x</button></div><button id=b>y</button>`, "role=button")),
	differs("Playwright gives a term no name; Chromium takes it from its text", finds("a term's name", "", `<dfn id=a>Word</dfn>`, `role=term[name="Word"]`)),
	differs("Playwright names a figure by its caption; Chromium doesn't", finds("a figure's caption", "", `<figure id=a><figcaption>Cap</figcaption></figure>`, `role=figure[name="Cap"]`)),
	differs("Playwright takes a drawing with text in it for an image; Chromium for what is in it", finds("a drawing's own words", "", `<svg id=a><text>Words</text></svg>`, "role=img")),
	differs("Playwright finds an aside without a name in a section; in Chromium's accessibility tree it is a part of that section", finds("an aside in a section", "", `<section><aside id=a>x</aside></section>`, "role=complementary")),
}
