package oracle

type theme struct {
	name  string
	cases []Case
}

// themes are the cases, most harmful mistakes first.
var themes = []theme{
	{"hit target", hitTarget},
	{"frames", frames},
	{"enabled", enabled},
	{"visibility", visibility},
	{"scrolling", scrolling},
	{"fill", filling},
	{"select", selecting},
	{"check", checking},
	{"keys", keys},
	{"keyboard", keyboard},
	{"stability", stability},
}

const clicked = `window.clicked ?? null`
