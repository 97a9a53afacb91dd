package oracle

import "encoding/json"

const suite = "microsoft/playwright tests/page/selectors-"

// finds is a case of what a target matches: the ids of the elements, in their
// order. their is Playwright's locator, where that isn't the same string.
func finds(name, cites, page, target string, their ...string) Case {
	raw, err := json.Marshal(object{"action": "extract", "target": target, "attribute": "id", "all": true})
	if err != nil {
		panic(err)
	}
	quoted, _ := json.Marshal(target)
	locator := "page.locator(" + string(quoted) + ")"
	if len(their) > 0 {
		locator = their[0]
	}
	return Case{
		Name: name, Cites: cites, Page: page, Steps: string(raw), Says: ".", Read: "0",
		Their: "say(await " + locator + `.evaluateAll((all) => all.map((e) => e.getAttribute("id"))))`,
	}
}

const shop = `<ul id=u><li id=l1 class="item sale">One <b id=b1>1</b><li id=l2 class=item>Two <b id=b2 hidden>2</b><li id=l3 class=item><span id=s3>Three</span> <i id=i3>3</i></ul>
	<div id=d1 class=card><h2 id=h1>Cat</h2><button id=k1>Buy</button></div><div id=d2 class=card><h2 id=h2>Dog</h2><button id=k2>Buy</button></div>`

const shadowed = `<div id=a class=outer><div id=host></div></div><div id=other><b id=o1 class=in>light</b></div>
	<script>host.attachShadow({mode: 'open'}).innerHTML = '<section id=s><b id=x1 class=in>first</b><slot id=sl></slot><div id=deep></div></section>';
	host.innerHTML = '<b id=c1 class=in>slotted</b>';
	host.shadowRoot.getElementById('deep').attachShadow({mode: 'open'}).innerHTML = '<b id=x2 class=in>second</b>'</script>`

// Chains, what chooses among elements, CSS with Playwright's functions.
var targets = []Case{
	finds("a tag", "", shop, "li"),
	finds("a list of selectors", suite+"css.spec.ts", shop, "b, h2, #u"),
	finds("a child", "", shop, "li > b"),
	finds("siblings", "", shop, ".item ~ .item > b, .sale + li"),
	finds("a chain", suite+"misc.spec.ts", shop, ".card >> button"),
	finds("a chain of three", "", shop, "#d2 >> h2 >> xpath=.."),
	finds("a chain finds each once", "", shop, "div >> .. >> button"),
	finds("a relative selector", suite+"css.spec.ts", shop, "div >> > h2"),
	finds("nth", suite+"misc.spec.ts", shop, "li >> nth=1"),
	finds("nth from the end", suite+"misc.spec.ts", shop, "li >> nth=-1"),
	finds("nth from the end but one", "", shop, "li >> nth=-2"),
	finds("nth past the end", "", shop, "li >> nth=7"),
	finds("nth in the midst of a chain", "", shop, ".card >> nth=1 >> button"),
	finds("visible", suite+"misc.spec.ts", shop, "b >> visible=true"),
	finds("not visible", suite+"misc.spec.ts", shop, "b >> visible=false"),
	finds(":visible", suite+"css.spec.ts", shop, "li b:visible"),
	finds(":not(:visible)", "", shop, "b:not(:visible)"),
	finds(":has", suite+"css.spec.ts", shop, "li:has(b)"),
	finds(":has of a child", suite+"css.spec.ts", shop, "div:has(> button)"),
	finds(":has of a sibling", "", shop, "h2:has(+ button), li:has(~ li)"),
	finds(":has of text", "", shop, `.card:has(:text("Dog"))`),
	finds(":has in :has", "", shop, "body:has(ul:has(b)) > ul"),
	finds(":not with a list", suite+"css.spec.ts", shop, "li:not(.sale, :has(i))"),
	finds(":is over levels", "", shop, ":is(ul b, div button)"),
	finds(":nth-match", suite+"misc.spec.ts", shop, ":nth-match(button, 2)"),
	finds(":nth-match of a list", "", shop, ":nth-match(h2, b, 3)"),
	finds(":nth-match in a chain", "", shop, "div >> :nth-match(button, 1)"),
	finds(":scope", "microsoft/playwright#17824", shop, ".item >> :scope.sale"),
	finds(":scope and a child", suite+"css.spec.ts", shop, ".card >> :scope > h2"),
	finds(":nth-child of", "", shop, "li:nth-child(2 of .item)"),
	finds("an attribute with quotes", "", shop, `[class='item sale']`),
	finds("an attribute in any case", suite+"css.spec.ts", shop, `[class="CARD" i]`),
	finds("an escaped name", suite+"css.spec.ts", `<b id="1:a">x</b><b id=b>y</b>`, `#\31\:a`),
	finds("a name that isn't ASCII", "", `<b id="é☕" class="ü">x</b>`, "#é☕.ü"),
	finds("css= with what looks like another kind", "", `<text id=a>x</text>`, "css=text"),
	finds(">> in quotes", suite+"misc.spec.ts", `<b id=a title="x >> y">z</b>`, `[title="x >> y"] >> visible=true`),
	finds("an apostrophe in text before >>", "microsoft/playwright#12719", `<div>lo'w<span id=a>nay</span></div>`, `text=lo'w >> span`),
	finds("a quote in text before >>", "microsoft/playwright#12719", `<div>hello"world<span id=a>yay</span></div>`, `  text=  lo" >> span`),
	finds("*css=", suite+"misc.spec.ts", shop, `*css=div >> text=Dog`),
	finds("*css= in the midst", suite+"misc.spec.ts", shop, `body >> *css=li >> i`),
	finds("xpath=", suite+"misc.spec.ts", shop, "xpath=//li[2]"),
	finds("// alone", "microsoft/playwright#817", shop, "//h2"),
	finds("(// alone", "microsoft/playwright#817", shop, "(//button)[2]"),
	finds(".. alone", suite+"misc.spec.ts", shop, "#i3 >> .."),
	finds("// in a chain", "", shop, "#u >> //b"),
	finds("an xpath with quotes and =", "", shop, `xpath=//*[@id="l2" or text()='Cat']`),
	finds("id=", suite+"misc.spec.ts", shop, "id=k2"),
	finds("data-testid=", "", `<b id=a data-testid=x>1</b><b id=b data-testid=xy>2</b>`, "data-testid=x"),
	finds("testid=", suite+"get-by.spec.ts", `<b id=a data-testid=x>1</b><b id=b data-testid=xy>2</b>`, "testid=x", `page.getByTestId("x")`),
	finds("testid= with quotes in it", suite+"get-by.spec.ts", `<b id=a data-testid='He"llo'>1</b>`, `testid='He"llo'`, `page.getByTestId('He"llo')`),
	finds("testid= by a regular expression", suite+"get-by.spec.ts", `<b id=a data-testid=x1>1</b><b id=b data-testid=y>2</b>`, `testid=/^x\d/`, `page.getByTestId(/^x\d/)`),
	finds("has=", suite+"misc.spec.ts", shop, `.card >> has="text=Dog"`, `page.locator(".card", { has: page.locator("text=Dog") })`),
	finds("has-not=", suite+"misc.spec.ts", shop, `li >> has-not=b`, `page.locator("li", { hasNot: page.locator("b") })`),
	finds("internal:has=", suite+"misc.spec.ts", shop, `li >> internal:has="b >> visible=true"`),
	finds("internal:and= and internal:or=", suite+"misc.spec.ts", shop, `li >> internal:and=".sale" >> internal:or="h2"`),
	finds("placeholder=", suite+"get-by.spec.ts", `<input id=a placeholder="Hello there"><input id=b placeholder=hello>`, "placeholder=hello", `page.getByPlaceholder("hello")`),
	finds("placeholder= exactly", suite+"get-by.spec.ts", `<input id=a placeholder="hello there"><input id=b placeholder=hello>`, `placeholder="hello"`, `page.getByPlaceholder("hello", { exact: true })`),
	finds("alt=", suite+"get-by.spec.ts", `<img id=a alt="A Cat"><input type=image id=b alt=cat>`, "alt=cat", `page.getByAltText("cat")`),
	finds("title= by a regular expression", suite+"get-by.spec.ts", `<b id=a title="A Cat">x</b><b id=b title=dog>x</b>`, "title=/cat$/i", `page.getByTitle(/cat$/i)`),
	finds("css through a shadow root", suite+"css.spec.ts", shadowed, "b.in"),
	finds("a combinator through a shadow root", suite+"css.spec.ts", shadowed, ".outer b"),
	finds("a child through a shadow root", suite+"css.spec.ts", shadowed, "#host > section > b, #deep > b"),
	finds("slotted content is the host's child", "microsoft/playwright#37768", shadowed, "#host > b"),
	finds(":has through a shadow root", "", shadowed, "div:has(section b)"),
	finds("an inner shadow root in a chain", "", shadowed, "#host >> #deep >> b"),
	finds(":right-of and :left-of", suite+"css.spec.ts", `<div style="display:flex"><b id=a>one</b><b id=b>two</b><b id=c>three</b></div>`, "b:right-of(#a):left-of(#c)"),
	finds(":near, the nearest first", "", `<style>b{position:absolute;width:20px;height:20px}</style><b id=a style="left:0;top:100px"></b><b id=b style="left:60px;top:100px"></b><b id=c style="left:30px;top:100px"></b><b id=d style="left:0;top:400px"></b>`, "b:near(#a)"),
	finds(":below and :above", "", `<div id=a>x</div><p id=p>y</p><div id=b>z</div>`, "div:below(p), div:above(p)"),
}

const sentences = `<div id=d1>hello<span id=s1>wo  rld  </span>  Hi again  </div><p id=p1> Add
	widget </p><input type=submit id=in1 value=Send><input id=in2 value=Send><button id=k1>Send it</button><div id=d2>yo<!-- x --> there</div>
	<script>"hello"</script><style>/* hello */</style><div id=soft>soft&shy;hy<b>ph</b>en</div><select id=sel><option id=o1>Green</select><textarea id=t1>Some text</textarea>`

// What text= and its relatives match.
var texts = []Case{
	finds("the smallest element", suite+"text.spec.ts", sentences, "text=wo rld"),
	finds("in any case", suite+"text.spec.ts", sentences, "text=HELLO"),
	finds("over elements", suite+"text.spec.ts", sentences, "text=hellowo rld"),
	finds("white space is folded", "microsoft/playwright#10997", sentences, "text= Add widget "),
	finds("exactly the text of its own", suite+"text.spec.ts", sentences, `text="hello"`),
	finds("exactly, after an element", suite+"text.spec.ts", sentences, `text="Hi again"`),
	finds("exactly, folded", suite+"text.spec.ts", sentences, `text="wo rld"`),
	finds("exactly heeds the case", suite+"text.spec.ts", sentences, `text="Hello"`),
	finds("in single quotes", suite+"text.spec.ts", sentences, `text='Hi again'`),
	finds("quotes alone", suite+"text.spec.ts", sentences, `"Hi again"`),
	finds("single quotes alone", suite+"text.spec.ts", sentences, `'Send it'`),
	finds("a comment in the text", "microsoft/playwright#33976", sentences, `text="yo there"`),
	finds("a button by its value", suite+"text.spec.ts", sentences, "text=send"),
	finds("a button by its value exactly", suite+"text.spec.ts", sentences, `text="Send"`),
	finds("an option", "", sentences, "text=green"),
	finds("a text area", "", sentences, "text=some text"),
	finds("a regular expression", suite+"text.spec.ts", sentences, "text=/^hel/"),
	finds("a regular expression with flags", suite+"text.spec.ts", sentences, `text=/SEND\s/i`),
	finds("a regular expression with a slash", suite+"text.spec.ts", `<b id=a>a/b</b><b id=b>ab</b>`, `text=/a\/b/`),
	finds("a regular expression with v", "microsoft/playwright#41457", sentences, "text=/Send it/v"),
	finds("no script, no style", suite+"text.spec.ts", `<script id=a>"hello"</script><style id=b>.hello{}</style><b id=c>hello</b>`, "text=hello"),
	finds("not the title", suite+"text.spec.ts", `<title>Hello</title><b id=c>hello</b>`, "text=hello"),
	finds("soft hyphens", "", sentences, "text=softhyphen"),
	finds("a quote in it", "microsoft/playwright#16858", `<div id=a>pattern "^-?\d+$"</div>`, `div >> text=pattern "^-?\d+$`),
	finds("an escaped quote", suite+"text.spec.ts", `<div id=a>a"b</div>`, `text="a\"b"`),
	finds("in a chain, itself", suite+"text.spec.ts", `<div id=a>x</div>`, "div >> text=x"),
	finds("in a shadow root", suite+"text.spec.ts", shadowed, "text=second"),
	finds("slotted", "", shadowed, "text=slotted"),
	finds("hidden text too", "", `<b id=a hidden>x</b><b id=b>x</b>`, "text=x"),
	finds("display: contents", "microsoft/playwright#11202", `<div><p id=a style="display:contents">DISPLAY CONTENTS</p></div>`, `"DISPLAY CONTENTS"`),
	finds(":has-text", suite+"text.spec.ts", sentences, `div:has-text("HI  again")`),
	finds(":has-text in quotes of the other kind", suite+"text.spec.ts", sentences, `div:has-text('hello')`),
	finds(":has-text with nothing", "", `<b id=a>x</b><b id=b></b>`, `b:has-text("")`),
	finds(":text", suite+"text.spec.ts", sentences, `:text("hello")`),
	finds(":text-is", suite+"text.spec.ts", sentences, `:text-is("hello")`),
	finds(":text-is around comments", "microsoft/playwright#33976", "<div id=me>hel<!-- comment -->lo\n<!-- comment -->\nworld</div>", `:text-is("hello world")`),
	finds(":text-matches", suite+"text.spec.ts", sentences, `:text-matches("^SEND", "i")`),
	finds("internal:text", suite+"text.spec.ts", sentences, `internal:text="yo there"s`),
	finds("internal:has-text", suite+"text.spec.ts", sentences, `div >> internal:has-text="hello"i`),
	finds("has-text=", suite+"misc.spec.ts", sentences, `div >> has-text=/^hello/`, `page.locator("div", { hasText: /^hello/ })`),
	finds("has-not-text=", suite+"misc.spec.ts", sentences, `div >> has-not-text=hello`, `page.locator("div", { hasNotText: "hello" })`),
	finds("label=", suite+"get-by.spec.ts", `<label>Name <input id=a></label><label for=b>Nickname</label><input id=b>`, "label=name", `page.getByLabel("name")`),
	finds("label= exactly", suite+"get-by.spec.ts", `<label for=a>Name</label><input id=a><label for=b>Nickname</label><input id=b>`, `label="Name"`, `page.getByLabel("Name", { exact: true })`),
	finds("label= by aria-label and aria-labelledby", suite+"get-by.spec.ts", `<b id=x>Name</b><input id=a aria-labelledby=x><button id=b aria-label="My name">z</button>`, "label=name", `page.getByLabel("name")`),
	finds("label= with nested elements", suite+"get-by.spec.ts", `<label for=a>Last <span>Name</span></label><input id=a>`, "label=last name", `page.getByLabel("last name")`),
	finds("label= by a regular expression", suite+"get-by.spec.ts", `<label for=a>Name</label><input id=a>`, "label=/^na/i", `page.getByLabel(/^na/i)`),
}
