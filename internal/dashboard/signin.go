package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	signInPath  = "/sign-in"
	signOutPath = "/sign-out"
)

// cookie is what somebody shows who is signed in. Of a server that is reached by https
// its name has it sent over https only, to no other host and no part of the server.
func (h *Handler) cookie(token string) *http.Cookie {
	c := &http.Cookie{Name: "browserhook", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(domain.SignInFor.Seconds())}
	if strings.HasPrefix(h.PublicURL(), "https://") {
		c.Name, c.Secure = "__Host-browserhook", true
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// token is the one that a request shows, or none.
func (h *Handler) token(r *http.Request) string {
	c, err := r.Cookie(h.cookie("").Name)
	if err != nil {
		return ""
	}
	return c.Value
}

// ours says whether a form is of a page of this server: its Origin is the server's own,
// as it is reached or as users are told.
func (h *Handler) ours(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) != 1 {
		return false
	}
	from, err := url.Parse(origins[0])
	if err != nil || from.Host == "" {
		return false
	}
	own, err := url.Parse(h.PublicURL())
	if err == nil && own.Scheme == "https" && from.Scheme != "https" && strings.EqualFold(from.Host, own.Host) {
		return false // anybody on the way may have written that page
	}
	return strings.EqualFold(from.Host, r.Host) || err == nil && strings.EqualFold(from.Scheme+"://"+from.Host, own.Scheme+"://"+own.Host)
}

// signedIn is who asks; if it is nobody, they are sent to sign in.
func (h *Handler) signedIn(w http.ResponseWriter, r *http.Request) (*call, bool) {
	token := h.token(r)
	key, err := domain.APIKey{}, errNobody
	if token != "" {
		key, err = h.Keys.Authenticate(r.Context(), token)
	}
	if e, ok := errors.AsType[*domain.Error](err); errors.Is(err, errNobody) || ok && e.Code == domain.CodeUnauthorized {
		h.away(w, r)
		return nil, false
	}
	if err != nil {
		h.Log.Debug("dashboard", "err", err)
		h.refuse(w, r, nil, http.StatusServiceUnavailable, "The server is not available", "It can't look at who you are right now. Try again in a moment.")
		return nil, false
	}
	return &call{Handler: h, r: r, key: key, token: token, API: h.as(token)}, true
}

var errNobody = errors.New("nobody is signed in")

// away sends somebody to sign in, and from there back to where they were going.
func (h *Handler) away(w http.ResponseWriter, r *http.Request) {
	to := signInPath
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
	}
	if h.token(r) != "" {
		http.SetCookie(w, h.cookie(""))
	}
	if inPlace(r) || r.URL.Path == changesPath {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

type signInView struct{ Next, Wrong string }

// askKey is the page to sign in. Who is signed in is there already.
func (h *Handler) askKey(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if token := h.token(r); token != "" {
		if _, err := h.Keys.Authenticate(r.Context(), token); err == nil {
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
	}
	h.write(w, r, nil, http.StatusOK, view{Title: "Sign in", Template: "signin", Data: signInView{Next: next}})
}

func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !h.ours(r) || r.ParseForm() != nil {
		h.refuse(w, r, nil, http.StatusForbidden, "Not from here", "The form is of another site, or the browser doesn't say where it is from. Open the page again.")
		return
	}
	next := localPath(r.PostForm.Get("next"))
	token, _, err := h.Keys.SignIn(r.Context(), strings.TrimSpace(r.PostForm.Get("key")))
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == domain.CodeUnauthorized {
		h.write(w, r, nil, http.StatusUnauthorized, view{Title: "Sign in", Template: "signin", Data: signInView{next, "There is no such key, or it was revoked."}})
		return
	}
	if err != nil {
		h.Log.Error("sign in", "err", err)
		h.refuse(w, r, nil, http.StatusServiceUnavailable, "The server is not available", "It can't look at the key right now. Try again in a moment.")
		return
	}
	if old := h.token(r); old != "" {
		_ = h.Keys.SignOut(r.Context(), old) // it ends by itself too
	}
	http.SetCookie(w, h.cookie(token))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) {
	if !h.ours(r) {
		h.refuse(w, r, nil, http.StatusForbidden, "Not from here", "The form is of another site, or the browser doesn't say where it is from.")
		return
	}
	if token := h.token(r); token != "" {
		if err := h.Keys.SignOut(r.Context(), token); err != nil {
			h.Log.Error("sign out", "err", err)
			h.refuse(w, r, nil, http.StatusServiceUnavailable, "You are still signed in", "The server can't end it right now. Try again in a moment.")
			return
		}
	}
	http.SetCookie(w, h.cookie(""))
	http.Redirect(w, r, signInPath, http.StatusSeeOther)
}
