package oracle

type theme struct {
	name  string
	cases []Case
}

// themes are the cases, most harmful mistakes first.
var themes = []theme{
	{"hit target", hitTarget},
	{"frames", frames},
	{"targets", targets},
	{"text", texts},
	{"roles", roles},
	{"mouse", mouse},
	{"touch", touch},
	{"drag", dragging},
	{"enabled", enabled},
	{"visibility", visibility},
	{"scrolling", scrolling},
	{"wheel", wheel},
	{"fill", filling},
	{"select", selecting},
	{"check", checking},
	{"upload", uploading},
	{"keys", keys},
	{"keyboard", keyboard},
	{"stability", stability},
	{"assert", asserting},
	{"pictures", pictures},
	{"navigation", navigation},
	{"popups", popups},
	{"dialogs", asking},
	{"downloads", downloads},
	{"crashes", crashes},
	{"reports", reported},
}

const clicked = `window.clicked ?? null`
