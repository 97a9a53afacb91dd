package step

import _ "embed"

//go:embed injected/query.js
var queryJS string

//go:embed injected/state.js
var stateJS string

//go:embed injected/hit.js
var hitJS string

//go:embed injected/fill.js
var fillJS string

//go:embed injected/act.js
var actJS string

//go:embed injected/read.js
var readJS string

// Script is what every document's isolated world holds for Run: the browser
// package puts it there. It is one function, so that it leaves one name behind.
var Script = "(() => {\n" + queryJS + stateJS + hitJS + fillJS + actJS + readJS + "\n})()"
