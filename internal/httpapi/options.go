package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are checked on machines without them too

	"golang.org/x/net/http/httpguts"
	"golang.org/x/text/language"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/weburl"
)

type viewport struct {
	Width  int `json:"width" minimum:"100" maximum:"4096"`
	Height int `json:"height" minimum:"100" maximum:"4096"`
}

type geolocation struct {
	Latitude  float64 `json:"latitude" minimum:"-90" maximum:"90" example:"48.1374"`
	Longitude float64 `json:"longitude" minimum:"-180" maximum:"180" example:"11.5755"`
	Accuracy  float64 `json:"accuracy,omitempty" minimum:"0" maximum:"1000000" doc:"Metres; 0 is the default."`
}

type sessionHeader struct {
	Name   string `json:"name" maxLength:"100" example:"X-Tenant"`
	Value  string `json:"value" maxLength:"2000"`
	Secret bool   `json:"secret,omitempty" doc:"The value is kept encrypted, and never shown again."`
}

type httpCredentials struct {
	Username string `json:"username" maxLength:"1000"`
	Password string `json:"password" maxLength:"1000"`
	Origin   string `json:"origin,omitempty" maxLength:"2000" doc:"Only servers of this origin get them; by default every one that asks." example:"https://example.com"`
}

// BrowserOptions is what a session's browser is like: the same in all of its
// pages, frames, windows and workers. It is exported because huma fills in no
// unexported embedded struct.
type BrowserOptions struct {
	Browser           string           `json:"browser,omitempty" enum:"shell,chromium" doc:"shell is the headless shell, Chromium's engine alone, which starts in half the time; chromium is the whole browser. The default is chromium where it is installed."`
	Viewport          *viewport        `json:"viewport,omitempty" doc:"1280 × 720 by default. The screen is as large."`
	DeviceScaleFactor float64          `json:"deviceScaleFactor,omitempty" minimum:"0.5" maximum:"4" doc:"Pixels of the screen, and of screenshots, for one of CSS, each way; 1 is the default."`
	ColorScheme       string           `json:"colorScheme,omitempty" enum:"light,dark" doc:"What pages are told that the user prefers; light is the default."`
	UserAgent         string           `json:"userAgent,omitempty" maxLength:"512" doc:"The client hints follow from it."`
	Locale            string           `json:"locale,omitempty" maxLength:"64" doc:"Language, numbers and dates, and Accept-Language." example:"de-DE"`
	Timezone          string           `json:"timezone,omitempty" maxLength:"64" example:"Europe/Berlin"`
	Geolocation       *geolocation     `json:"geolocation,omitempty" doc:"Where the browser is; pages also need the permission geolocation."`
	Permissions       []string         `json:"permissions,omitempty" maxItems:"20" nullable:"false" doc:"What every page may do unasked, and nothing else." enum:"accelerometer,ambient-light-sensor,background-sync,camera,clipboard-read,clipboard-write,geolocation,gyroscope,local-fonts,magnetometer,microphone,midi,midi-sysex,notifications,payment-handler,screen-wake-lock,storage-access"`
	IgnoreCertErrors  bool             `json:"ignoreCertificateErrors,omitempty" doc:"Open pages whose certificate is not trusted."`
	Headers           []sessionHeader  `json:"headers,omitempty" maxItems:"20" nullable:"false" doc:"Sent with every request that the browser makes, to whomever. The values of secret ones are never shown; to a key of the role viewer, none is."`
	HTTPCredentials   *httpCredentials `json:"httpCredentials,omitempty" doc:"For servers that ask for HTTP authentication; not for proxies. They are kept encrypted and never shown."`
}

// viewOptions is the options as they are shown.
func viewOptions(o domain.SessionOptions) BrowserOptions {
	v := BrowserOptions{
		Browser: o.Browser, Viewport: (*viewport)(&o.Viewport), DeviceScaleFactor: o.DeviceScaleFactor, ColorScheme: o.ColorScheme,
		UserAgent: o.UserAgent, Locale: o.Locale, Timezone: o.Timezone, Geolocation: (*geolocation)(o.Geolocation),
		Permissions: o.Permissions, IgnoreCertErrors: o.IgnoreCertErrors, HTTPCredentials: (*httpCredentials)(o.Credentials),
	}
	for _, h := range o.Headers {
		v.Headers = append(v.Headers, sessionHeader(h))
	}
	return v
}

// options checks what the schema can't and fills in the defaults.
func (n *newSession) options() (domain.SessionOptions, error) {
	o := domain.SessionOptions{
		URL: n.URL, Browser: n.Browser, UserAgent: n.UserAgent, Locale: n.Locale, Timezone: n.Timezone, TestID: n.TestID,
		Viewport: domain.Viewport{Width: 1280, Height: 720}, Timeout: 30 * time.Minute, IdleTimeout: 5 * time.Minute,
		DeviceScaleFactor: n.DeviceScaleFactor, ColorScheme: n.ColorScheme, Geolocation: (*domain.Geolocation)(n.Geolocation),
		Permissions: n.Permissions, IgnoreCertErrors: n.IgnoreCertErrors,
	}
	if n.Viewport != nil {
		o.Viewport = domain.Viewport(*n.Viewport)
	}
	if n.URL != "" {
		var err error
		if o.URL, err = step.CheckURL("url", n.URL); err != nil {
			return o, err
		}
	}
	if strings.ContainsFunc(n.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return o, domain.Invalid("userAgent", "must be printable ASCII")
	}
	if n.Locale != "" {
		if tag, err := language.Parse(n.Locale); err != nil || strings.ContainsAny(n.Locale, "_ ") || tag == language.Und {
			return o, domain.Invalid("locale", "%q is not a language such as de-DE", n.Locale)
		}
	}
	if n.Timezone != "" {
		if _, err := time.LoadLocation(n.Timezone); err != nil || n.Timezone == "Local" {
			return o, domain.Invalid("timezone", "%q is not a time zone such as Europe/Berlin", n.Timezone)
		}
	}
	var err error
	if o.Headers, err = n.headers(); err != nil {
		return o, err
	}
	if c := n.HTTPCredentials; c != nil {
		o.Credentials = &domain.HTTPCredentials{Username: c.Username, Password: c.Password}
		if o.Credentials.Origin, err = origin("httpCredentials.origin", c.Origin); err != nil {
			return o, err
		}
	}
	if o.Timeout, err = duration("timeout", n.Timeout, o.Timeout, false); err != nil {
		return o, err
	}
	o.IdleTimeout, err = duration("idleTimeout", n.IdleTimeout, o.IdleTimeout, true)
	return o, err
}

// ofTheBrowser are headers that Chromium writes itself, and what to use instead.
var ofTheBrowser = map[string]string{
	"Host": "", "Content-Length": "", "Transfer-Encoding": "", "Connection": "", "Keep-Alive": "", "Upgrade": "", "Te": "", "Trailer": "",
	"Cookie": "; use the action setCookies", "User-Agent": "; use userAgent", "Accept-Language": "; use locale",
}

func (n *newSession) headers() ([]domain.Header, error) {
	var all []domain.Header
	for i, h := range n.Headers {
		at := fmt.Sprintf("headers[%d]", i)
		name := http.CanonicalHeaderKey(h.Name)
		instead, own := ofTheBrowser[name]
		switch {
		case !httpguts.ValidHeaderFieldName(h.Name):
			return nil, domain.Invalid(at+".name", "is not the name of a header")
		case own, strings.HasPrefix(name, "Proxy-"), strings.HasPrefix(name, "Sec-"):
			return nil, domain.Invalid(at+".name", "%s is the browser's own%s", name, instead)
		case slices.ContainsFunc(all, func(before domain.Header) bool { return before.Name == name }):
			return nil, domain.Invalid(at+".name", "%s is there twice", name)
		case !httpguts.ValidHeaderFieldValue(h.Value):
			return nil, domain.Invalid(at+".value", "holds what a header can't")
		}
		all = append(all, domain.Header{Name: name, Value: h.Value, Secret: h.Secret})
	}
	return all, nil
}

// origin is an address's scheme, host and port as browsers write them.
func origin(field, raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	u, err := weburl.Parse(raw)
	if err != nil {
		return "", domain.Invalid(field, "%s", err)
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", domain.Invalid(field, "must be a scheme, a host and perhaps a port, such as https://example.com")
	}
	host := u.Host
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return u.Scheme + "://" + host, nil
}
