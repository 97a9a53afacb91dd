package mux

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Verdict is what becomes of a command.
type Verdict struct {
	Refuse string         // the answer is this error
	Result any            // else, if it isn't nil, this is the answer, and the browser never hears of it
	Params jsontext.Value // else it is passed on with these
	// Then is what the browser is told of what it answers, before who has asked hears
	// that; nil: nothing.
	Then func(result Params) (method string, params any)
}

// Rule judges the commands of one method.
type Rule struct {
	Why   string                      // for the documents
	Judge func(params Params) Verdict // nil: they are refused
}

// Rules are what a client of a session may not do with its browser, or not in
// this way, by method. What there is no rule for is passed on.
type Rules map[string]Rule

// Params are a command's parameters. One that could be read in two ways is none.
type Params map[string]jsontext.Value

// judge says what becomes of a command.
func (r Rules) judge(c command) Verdict {
	rule, ok := r[c.method]
	if !ok {
		domain, _, _ := strings.Cut(c.method, ".")
		rule, ok = r[domain+".*"]
	}
	if !ok {
		return Verdict{Params: c.params}
	}
	if rule.Judge == nil {
		return Verdict{Refuse: fmt.Sprintf("%s is not for a client of a session: %s", c.method, rule.Why)}
	}
	params := Params{}
	if c.params != nil && c.params.Kind() == '{' {
		if err := json.Unmarshal(c.params, &params); err != nil {
			return Verdict{Refuse: "the parameters can't be read: " + err.Error()}
		}
	}
	v := rule.Judge(params)
	if v.Refuse == "" && v.Result == nil && v.Params == nil {
		v.Params = c.params
	}
	return v
}

// text is a parameter that is a string; empty when it is none.
func (p Params) text(name string) (s string) {
	_ = json.Unmarshal(p[name], &s)
	return s
}

func (p Params) yes(name string) (b bool) {
	_ = json.Unmarshal(p[name], &b)
	return b
}

// with are the parameters with one of them changed.
func (p Params) with(name string, value any) Verdict {
	changed, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string
	}
	p[name] = changed
	raw, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return Verdict{Refuse: "the parameters can't be read: " + err.Error()}
	}
	return Verdict{Params: raw}
}

// Folders is where a session's browser may read and write files.
type Folders struct {
	Downloads string // the folder that downloads go to
	Files     string // the folder that files to upload are in
}

// ForClients are the rules for programs that use a session's browser over its
// connectUrl: what reaches outside the session is answered here. end is called
// when one closes the browser.
func ForClients(p Folders, end func()) Rules {
	return Rules{
		"Browser.close": {"ends the session, with its events", func(Params) Verdict {
			end()
			return Verdict{Result: struct{}{}}
		}},
		"Browser.setDownloadBehavior":        {"downloads go to the session's own folder", p.downloads},
		"Page.setDownloadBehavior":           {"downloads go to the session's own folder", p.downloads},
		"DOM.setFileInputFiles":              {"files are read from the session's own folder alone; a program sends their contents instead", p.uploads},
		"Page.handleFileChooser":             {"files are read from the session's own folder alone; a program sends their contents instead", p.uploads},
		"Page.navigate":                      {"pages are of the web: not files, nor the browser's own", navigation},
		"Target.createTarget":                {"pages are of the web: not files, nor the browser's own", navigation},
		"Target.createBrowserContext":        {"the session's way out is its own: its options say through which proxy; downloads go to the session's own folder", p.context},
		"Target.attachToTarget":              {"sessions are flat: commands packed in others can't be judged", flat},
		"Target.setAutoAttach":               {"sessions are flat: commands packed in others can't be judged", flat},
		"Target.autoAttachRelated":           {"sessions are flat: commands packed in others can't be judged", nil},
		"Target.sendMessageToTarget":         {"sessions are flat: commands packed in others can't be judged", nil},
		"Target.exposeDevToolsProtocol":      {"a page would rule the browser past this table", nil},
		"Target.setRemoteLocations":          {"it reaches other machines", nil},
		"Browser.crash":                      {"it ends the browser of everybody else in the session", nil},
		"Browser.crashGpuProcess":            {"it ends the browser of everybody else in the session", nil},
		"Browser.executeBrowserCommand":      {"it concerns the machine", nil},
		"Browser.getBrowserCommandLine":      {"it tells the machine's paths", nil},
		"SystemInfo.getInfo":                 {"it tells the machine's paths", nil},
		"SystemInfo.getProcessInfo":          {"it tells of the machine's processes", nil},
		"Tethering.*":                        {"it opens ports of the machine", nil},
		"Cast.*":                             {"it reaches the machine's network", nil},
		"Extensions.*":                       {"it reads the machine's files", nil},
		"PWA.*":                              {"it reads the machine's files, and starts programs", nil},
		"Fetch.continueRequest":              {"pages are of the web: not files, nor the browser's own", navigation},
		"Network.continueInterceptedRequest": {"pages are of the web: not files, nor the browser's own", navigation},
		"Input.dispatchDragEvent":            {"files are read from the session's own folder alone; a program sends their contents instead", p.dragged},
		"Target.openDevTools":                {"its window would rule the browser past this table", nil},
		"Target.getDevToolsTarget":           {"its window would rule the browser past this table", nil},
		"Network.loadNetworkResource":        {"pages are of the web: not files, nor the browser's own", navigation},
		"Tracing.start":                      {"it records this browser, not the machine", tracing},
	}
}

// downloads has a download go where the session's go, whatever path is asked for,
// and be named as those are.
func (p Folders) downloads(params Params) Verdict {
	switch params.text("behavior") {
	case "allow", "default":
		params.with("behavior", "allowAndName")
	case "allowAndName":
	default:
		return Verdict{}
	}
	return params.with("downloadPath", p.Downloads)
}

// context has what a new context downloads go there too, and the server told of it,
// before whoever has made it can say otherwise.
func (p Folders) context(params Params) Verdict {
	v := direct(params)
	v.Then = func(result Params) (string, any) {
		return "Browser.setDownloadBehavior", map[string]any{
			"behavior": "allowAndName", "downloadPath": p.Downloads, "eventsEnabled": true, "browserContextId": result["browserContextId"],
		}
	}
	return v
}

// dragged allows files of the session's own folder.
func (p Folders) dragged(params Params) Verdict {
	data := Params{}
	if raw := params["data"]; raw != nil && json.Unmarshal(raw, &data) != nil {
		return Verdict{Refuse: "data is an object"}
	}
	return p.uploads(data)
}

// uploads allows files of the session's own folder.
func (p Folders) uploads(params Params) Verdict {
	var files []string
	if raw := params["files"]; raw != nil && json.Unmarshal(raw, &files) != nil {
		return Verdict{Refuse: "files are a list of paths"}
	}
	for _, f := range files {
		if rel, err := filepath.Rel(p.Files, f); err != nil || !filepath.IsLocal(rel) {
			return Verdict{Refuse: fmt.Sprintf("%q is not in the session's folder: send the file's contents instead of its path", f)}
		}
	}
	return Verdict{}
}

// ofTheWeb are the schemes that a client may have a page opened with.
var ofTheWeb = []string{"", "http", "https", "data", "blob", "javascript", "ws", "wss"}

func navigation(params Params) Verdict {
	// As Chromium reads an address: without what stands before it, and without
	// tabs and newlines anywhere.
	address := strings.TrimLeftFunc(params.text("url"), func(r rune) bool { return r <= ' ' })
	address = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address)
	scheme, _, found := strings.Cut(address, ":")
	if u, err := url.Parse(address); err == nil {
		scheme, found = u.Scheme, true
	}
	if strings.EqualFold(address, "about:blank") || strings.EqualFold(address, "about:srcdoc") {
		return Verdict{}
	}
	if found && !slices.Contains(ofTheWeb, strings.ToLower(scheme)) {
		return Verdict{Refuse: fmt.Sprintf("a session's pages are of the web: %s: is not", strings.ToLower(scheme))}
	}
	return Verdict{}
}

func direct(params Params) Verdict {
	if params["proxyServer"] != nil || params["proxyBypassList"] != nil {
		return Verdict{Refuse: "the session's way out is its own: name a proxy in its options"}
	}
	return Verdict{}
}

func flat(params Params) Verdict {
	if on, ok := params["autoAttach"]; ok && string(on) == "false" {
		return Verdict{}
	}
	if !params.yes("flatten") {
		return Verdict{Refuse: "sessions are flat: ask with \"flatten\": true"}
	}
	return Verdict{}
}

func tracing(params Params) Verdict {
	if b := params.text("tracingBackend"); b == "system" || params["perfettoConfig"] != nil {
		return Verdict{Refuse: "a client records this browser alone, with a traceConfig"}
	}
	return Verdict{}
}
