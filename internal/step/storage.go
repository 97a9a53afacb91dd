package step

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

// KindStorage is the kind of the artifact that storage makes. It is encrypted,
// and for keys that may more than look.
const KindStorage = "storage"

// CodeStorage is what can't be read from, or put into, the browser's storage.
const CodeStorage = "storage_failed"

// StorageState is what Playwright calls so, in its own spelling.
type StorageState struct {
	Cookies []StateCookie `json:"cookies" maxItems:"5000" nullable:"false" doc:"All of them."`
	Origins []StateOrigin `json:"origins" maxItems:"1000" nullable:"false" doc:"What each origin keeps."`
}

// StateCookie is a cookie in a StorageState.
type StateCookie struct {
	Name         string  `json:"name" maxLength:"4096" doc:"The cookie's name."`
	Value        string  `json:"value" maxLength:"4096" secret:"true" doc:"What it holds."`
	Domain       string  `json:"domain" doc:"Whose hosts get it."`
	Path         string  `json:"path" doc:"Below which paths."`
	Expires      float64 `json:"expires,omitempty" doc:"Seconds since 1970; -1 or none is a session cookie."`
	HTTPOnly     bool    `json:"httpOnly,omitempty" doc:"Whether pages' scripts don't see it."`
	Secure       bool    `json:"secure,omitempty" doc:"Whether it goes over HTTPS alone."`
	SameSite     string  `json:"sameSite,omitempty" enum:"Strict,Lax,None" doc:"When requests from other sites carry it."`
	PartitionKey string  `json:"partitionKey,omitempty" doc:"The top-level site that a partitioned cookie belongs to."`
	CrossSite    *bool   `json:"_crHasCrossSiteAncestor,omitempty" doc:"Of a partitioned cookie: whether a frame of another site was between."`
}

// StateOrigin is what one origin keeps.
type StateOrigin struct {
	Origin       string      `json:"origin" example:"https://example.com" doc:"Scheme, host and port."`
	LocalStorage []StateItem `json:"localStorage" nullable:"false" doc:"Its local storage."`
	IndexedDB    []any       `json:"indexedDB,omitempty" nullable:"false" doc:"Databases, as Playwright writes them."`
}

// StateItem is one entry of an origin's local storage.
type StateItem struct {
	Name  string `json:"name" doc:"The key."`
	Value string `json:"value" secret:"true" doc:"What is kept under it."`
}

var storing = []action{{
	name: "storage",
	does: "Keeps, replaces or clears what the session's pages have stored: cookies, local storage and IndexedDB, of every origin that they were of. What get finds is Playwright's storageState, as an encrypted artifact that a key of the role project can fetch; it is in no event. set clears all first.",
	members: []member{
		{name: "do", tag: `doc:"What to do." enum:"get,set,clear" example:"get"`, needed: true},
		{name: "storageState", tag: `doc:"set: what get has kept, or Playwright's context.storageState(), within a request's 1 MiB."`},
		{name: "artifactId", tag: `doc:"set, instead: the artifact that get made, however large, without it going over the wire." maxLength:"64" pattern:"^art_" example:"art_06h0vrn6b12g35g6ph5tvdtch0"`},
		{name: "sessionId", tag: `doc:"The session that the artifact is of; this one if it is left out." maxLength:"64" pattern:"^browser_" example:"browser_iwnx132n1"`},
		{name: "indexedDB", tag: `doc:"get: IndexedDB too, which takes longer."`},
	},
	answers: "get: the artifact, and how many cookies and origins are in it. set: how many there were.",
	gives:   storageResult{},
	check:   checkStorage,
	examples: []example{
		{
			before: `{"action":"storage","do":"clear"}`,
			step:   `{"action":"storage","do":"get"}`,
			result: `{"artifactId":"art_…","contentType":"application/json","cookies":0,"origins":0,"size":27}`,
		},
		{
			step:   `{"action":"storage","do":"set","storageState":{"cookies":[{"name":"sid","value":"1","domain":"shop.example","path":"/"}],"origins":[{"origin":"https://shop.example","localStorage":[{"name":"cart","value":"tea"}]}]}}`,
			result: `{"cookies":1,"origins":1}`,
		},
		{
			step: `{"action":"storage","do":"clear"}`,
			then: `localStorage.length === 0 && document.cookie === ""`,
		},
	},
	run: (*run).storage,
}}

func checkStorage(s *Spec, at pathTo) error {
	switch {
	case s.Do != "set" && s.StorageState != nil:
		return domain.Invalid(at("storageState"), "is what set takes, and nothing else does")
	case s.Do != "set" && s.Artifact != "":
		return domain.Invalid(at("artifactId"), "is what set takes, and nothing else does")
	case s.Do == "set" && (s.StorageState != nil) == (s.Artifact != ""):
		return domain.Invalid(at("storageState"), "or artifactId is what set takes: one of them")
	case s.Session != "" && s.Artifact == "":
		return domain.Invalid(at("sessionId"), "goes with an artifactId: it says whose that is")
	case s.IndexedDB && s.Do != "get":
		return domain.Invalid(at("indexedDB"), "is for get only; set puts back what is there")
	case s.StorageState == nil:
		return nil
	}
	for i := range s.StorageState.Origins {
		o := &s.StorageState.Origins[i]
		u, err := weburl.Parse(o.Origin)
		if err != nil || o.Origin != u.Scheme+"://"+u.Host {
			return domain.Invalid(fmt.Sprintf("%s.origins[%d].origin", at("storageState"), i), "must be a scheme, a host and perhaps a port, such as https://example.com")
		}
	}
	return nil
}

// loadState has the state fetched that an artifact is.
func (s *Spec) loadState(ctx context.Context, from Sources) error {
	content, err := from.Storage(ctx, s.Session, s.Artifact)
	if err != nil {
		return err
	}
	s.StorageState = &StorageState{}
	if json.Unmarshal(content, s.StorageState) != nil {
		return &domain.Failure{Code: CodeUnread, Message: fmt.Sprintf("The artifact %s is damaged: it holds no state of a browser's storage.", s.Artifact)}
	}
	return nil
}

func (r *run) storage() (any, error) {
	r.waitedFor = "the browser's storage"
	switch r.spec.Do {
	case "get":
		return r.keepStorage()
	case "clear":
		return nil, r.replaceStorage(&StorageState{})
	default:
		state := r.spec.StorageState
		if err := r.replaceStorage(state); err != nil {
			return nil, err
		}
		return object{"cookies": len(state.Cookies), "origins": len(state.Origins)}, nil
	}
}

//go:embed injected/storage.js
var storageScript string

// inOrigin runs a function of storage.js in an empty document of an origin.
func (r *run) inOrigin(s cdp.Session, origin, call string, result any) error {
	var res struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *exception `json:"exceptionDetails"`
	}
	err := s.Call(r.ctx, "Runtime.evaluate", object{
		"expression": "(() => {\n" + storageScript + "\nreturn " + call + "\n})()", "awaitPromise": true, "returnByValue": true,
	}, &res)
	if err != nil {
		return err
	}
	if res.Exception != nil {
		return &domain.Failure{Code: CodeStorage, Message: "The storage of " + origin + ": " + res.Exception.failure().Message}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(res.Result.Value, result)
}

func (r *run) keepStorage() (any, error) {
	state := StorageState{Cookies: []StateCookie{}, Origins: []StateOrigin{}}
	var err error
	if state.Cookies, err = r.cookies(); err != nil {
		return nil, err
	}
	err = r.page.Empty(r.ctx, r.page.Origins.All(), func(s cdp.Session, origin string) error {
		one := StateOrigin{Origin: origin}
		if err := r.inOrigin(s, origin, fmt.Sprintf("collect(%t)", r.spec.IndexedDB), &one); err != nil {
			return err
		}
		if len(one.LocalStorage)+len(one.IndexedDB) > 0 {
			state.Origins = append(state.Origins, one)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	a, err := r.save(r.ctx, KindStorage, "application/json", content)
	if err != nil {
		return nil, &domain.Failure{Code: "artifact_not_saved", Message: "The storage could not be kept."}
	}
	return object{
		"artifactId": a.ID, "contentType": a.ContentType, "size": a.Size, "cookies": len(state.Cookies), "origins": len(state.Origins),
	}, nil
}

// cookies are all that the browser has.
func (r *run) cookies() ([]StateCookie, error) {
	var res struct {
		Cookies []struct {
			Name      string  `json:"name"`
			Value     string  `json:"value"`
			Domain    string  `json:"domain"`
			Path      string  `json:"path"`
			Expires   float64 `json:"expires"`
			HTTPOnly  bool    `json:"httpOnly"`
			Secure    bool    `json:"secure"`
			SameSite  string  `json:"sameSite"`
			Partition *struct {
				Site      string `json:"topLevelSite"`
				CrossSite bool   `json:"hasCrossSiteAncestor"`
			} `json:"partitionKey"`
		} `json:"cookies"`
	}
	if err := r.page.Conn.Call(r.ctx, "", "Storage.getCookies", nil, &res); err != nil {
		return nil, err
	}
	all := make([]StateCookie, len(res.Cookies))
	for i, c := range res.Cookies {
		all[i] = StateCookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Expires: c.Expires,
			HTTPOnly: c.HTTPOnly, Secure: c.Secure, SameSite: c.SameSite,
		}
		if c.SameSite == "" {
			all[i].SameSite = "Lax" // what Chromium makes of none
		}
		if c.Partition != nil {
			all[i].PartitionKey, all[i].CrossSite = c.Partition.Site, &c.Partition.CrossSite
		}
	}
	return all, nil
}

// replaceStorage clears what there is, and puts the state in its place.
func (r *run) replaceStorage(state *StorageState) error {
	if err := r.page.Conn.Call(r.ctx, "", "Storage.clearCookies", nil, nil); err != nil {
		return err
	}
	byOrigin := map[string]StateOrigin{}
	for _, o := range state.Origins {
		byOrigin[o.Origin] = o
		r.page.Origins.Add(o.Origin)
	}
	if len(state.Cookies) > 0 {
		cookies := make([]object, len(state.Cookies))
		for i, c := range state.Cookies {
			cookies[i] = c.protocol()
		}
		if err := r.page.Conn.Call(r.ctx, "", "Storage.setCookies", object{"cookies": cookies}, nil); err != nil {
			return &domain.Failure{Code: "cookie_invalid", Message: "The browser did not take the cookies: " + err.Error() + "."}
		}
	}
	return r.page.Empty(r.ctx, r.page.Origins.All(), func(s cdp.Session, origin string) error {
		raw, err := json.Marshal(byOrigin[origin])
		if err != nil {
			return err
		}
		return r.inOrigin(s, origin, "restore("+string(raw)+")", nil)
	})
}

// protocol is the cookie as the browser takes it.
func (c *StateCookie) protocol() object {
	o := object{
		"name": c.Name, "value": c.Value, "domain": c.Domain, "path": c.Path, "httpOnly": c.HTTPOnly, "secure": c.Secure,
	}
	if c.Expires > 0 {
		o["expires"] = c.Expires
	}
	if c.SameSite != "" {
		o["sameSite"] = c.SameSite
	}
	if c.PartitionKey != "" {
		o["partitionKey"] = object{"topLevelSite": c.PartitionKey, "hasCrossSiteAncestor": c.CrossSite == nil || *c.CrossSite}
	}
	return o
}
