package connect

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// askWithin is how long the browser may take to answer such a request.
const askWithin = 10 * time.Second

// ask has the browser answer one command.
func (h *Handler) ask(ctx context.Context, session, method string, result any) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	nc, ok, err := h.Sessions.Connect(ctx, session, "")
	if err != nil || !ok {
		return domain.Refuse(domain.CodeUnavailable, "the session has no browser here")
	}
	conn := cdp.NewConn(nc, h.Log)
	defer conn.Wait()
	defer conn.Close()
	return conn.Call(ctx, "", method, nil, result)
}

// version is what Chromium's port says of itself at /json/version.
func (h *Handler) version(w http.ResponseWriter, r *http.Request) {
	c, ok := h.admit(w, r)
	if !ok {
		return
	}
	var v struct {
		Protocol  string `json:"protocolVersion"`
		Product   string `json:"product"`
		Revision  string `json:"revision"`
		UserAgent string `json:"userAgent"`
		JSVersion string `json:"jsVersion"`
	}
	if err := h.ask(r.Context(), c.session.ID, "Browser.getVersion", &v); err != nil {
		h.refuse(w, err)
		return
	}
	write(w, map[string]string{
		"Browser": v.Product, "Protocol-Version": v.Protocol, "User-Agent": v.UserAgent, "V8-Version": v.JSVersion, "WebKit-Version": v.Revision,
		"webSocketDebuggerUrl": h.address(c, ""),
	})
}

// target is one entry of /json/list.
type target struct {
	Description string `json:"description"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Type        string `json:"type"`
	URL         string `json:"url"`
	Address     string `json:"webSocketDebuggerUrl"`
}

// list is what Chromium's port says of what there is to debug at /json/list.
func (h *Handler) list(w http.ResponseWriter, r *http.Request) {
	c, ok := h.admit(w, r)
	if !ok {
		return
	}
	var found struct {
		TargetInfos []struct {
			TargetID string `json:"targetId"`
			Type     string `json:"type"`
			Title    string `json:"title"`
			URL      string `json:"url"`
		} `json:"targetInfos"`
	}
	if err := h.ask(r.Context(), c.session.ID, "Target.getTargets", &found); err != nil {
		h.refuse(w, err)
		return
	}
	all := []target{}
	for _, t := range found.TargetInfos {
		if t.Type == "browser_ui" { // the program's own windows, which are not the session's
			continue
		}
		all = append(all, target{ID: t.TargetID, Title: t.Title, Type: t.Type, URL: t.URL, Address: h.address(c, "/devtools/page/"+url.PathEscape(t.TargetID))})
	}
	write(w, all)
}

// address is that of the session's browser, or of a part of it. Who came with a
// key comes with it again: the token isn't told on the way.
func (h *Handler) address(c caller, path string) string {
	u, err := url.Parse(domain.ConnectURL(h.PublicURL(), c.session.ID, c.token))
	if err != nil {
		return ""
	}
	u.Path += path
	if c.token == "" {
		u.RawQuery = ""
	}
	return u.String()
}

func write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(value)
}
