package step

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

var keeping = []action{{
	name: "setCookies", does: "Sets cookies of the session's browser.",
	members: []member{{name: "cookies", tag: `doc:"At most 500." maxItems:"500"`, needed: true, check: checkCookies}},
	examples: []example{{
		step: `{"action":"setCookies","cookies":[{"name":"theme","value":"dark"}]}`,
		then: `document.cookie === "theme=dark"`,
	}},
	run: (*run).setCookies,
}}

// Cookie is a cookie to set. It needs a domain, or a url, or the page's is taken.
type Cookie struct {
	Name     string  `json:"name" minLength:"1" maxLength:"4096" doc:"The cookie's name."`
	Value    string  `json:"value" maxLength:"4096" secret:"true" doc:"What it holds."`
	URL      string  `json:"url,omitempty" doc:"A page that would get it: in place of domain and path."`
	Domain   string  `json:"domain,omitempty" doc:"Whose hosts get it, those below it too; that of url, or the page's, alone by default."`
	Path     string  `json:"path,omitempty" doc:"Below which paths; all by default."`
	Expires  float64 `json:"expires,omitempty" doc:"Seconds since 1970; none is a session cookie."`
	HTTPOnly bool    `json:"httpOnly,omitempty" doc:"Whether pages' scripts don't see it."`
	Secure   bool    `json:"secure,omitempty" doc:"Whether it goes over HTTPS alone."`
	SameSite string  `json:"sameSite,omitempty" enum:"Strict,Lax,None" doc:"When requests from other sites carry it."`
	Secret   bool    `json:"secret,omitempty" doc:"The value is a secret: kept encrypted, shown to nobody, taken out of what steps answer and why they fail."`
}

func checkCookies(s *Spec, field string) error {
	for i := range s.Cookies {
		if err := s.Cookies[i].check(fmt.Sprintf("%s[%d]", field, i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cookie) check(at string) error {
	if c.URL == "" {
		return nil
	}
	if c.Domain != "" {
		return domain.Invalid(at+".domain", "can't go with a url")
	}
	u, err := weburl.Parse(c.URL)
	if err != nil {
		return domain.Invalid(at+".url", "%s", err)
	}
	c.URL = u.String()
	return nil
}

func (r *run) setCookies() (any, error) {
	cookies := make([]object, len(r.spec.Cookies))
	for i, c := range r.spec.Cookies {
		raw, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &cookies[i]); err != nil {
			return nil, err
		}
		delete(cookies[i], "secret")
		if c.URL == "" && c.Domain == "" {
			cookies[i]["url"] = r.page.Main().Document.URL
		}
	}
	if err := r.page.Call(r.ctx, "Network.setCookies", object{"cookies": cookies}, nil); err != nil {
		if _, refused := errors.AsType[*cdp.Error](err); !refused {
			return nil, err
		}
		return nil, &domain.Failure{Code: "cookie_invalid", Message: "The browser did not take the cookies: " + err.Error() + "."}
	}
	return nil, nil
}
