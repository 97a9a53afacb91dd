package httpapi

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

type viewport struct {
	Width  int `json:"width" minimum:"100" maximum:"4096" doc:"CSS pixels."`
	Height int `json:"height" minimum:"100" maximum:"4096" doc:"CSS pixels."`
}

type geolocation struct {
	Latitude  float64 `json:"latitude" minimum:"-90" maximum:"90" example:"48.1374" doc:"Degrees north."`
	Longitude float64 `json:"longitude" minimum:"-180" maximum:"180" example:"11.5755" doc:"Degrees east."`
	Accuracy  float64 `json:"accuracy,omitempty" minimum:"0" maximum:"1000000" doc:"Metres; 0 is the default."`
}

type sessionHeader struct {
	Name   string `json:"name" maxLength:"100" example:"X-Tenant" doc:"The header's name."`
	Value  string `json:"value" maxLength:"2000" doc:"What it says."`
	Secret bool   `json:"secret,omitempty" doc:"The value is kept encrypted, and never shown again."`
}

type httpCredentials struct {
	Username string `json:"username" maxLength:"1000" doc:"The user."`
	Password string `json:"password" maxLength:"1000" doc:"The user's password."`
	Origin   string `json:"origin,omitempty" maxLength:"2000" doc:"Only servers of this origin get them; by default every one that asks." example:"https://example.com"`
}

// BrowserOptions is what a session's browser is like: the same in all of its
// pages, frames, windows and workers. It is exported because huma fills in no
// unexported embedded struct.
type BrowserOptions struct {
	Browser           string           `json:"browser,omitempty" enum:"shell,chromium" doc:"shell is the headless shell, Chromium's engine alone, which starts in half the time; chromium is the whole browser. The default is shell where it is installed: of a session that asked for none it is here from READY on."`
	Viewport          *viewport        `json:"viewport,omitempty" doc:"1280 × 720 by default. The screen is as large."`
	DeviceScaleFactor float64          `json:"deviceScaleFactor,omitempty" minimum:"0.5" maximum:"4" doc:"Pixels of the screen, and of screenshots, for one of CSS, each way; 1 is the default."`
	ColorScheme       string           `json:"colorScheme,omitempty" enum:"light,dark" doc:"What pages are told that the user prefers; light is the default."`
	UserAgent         string           `json:"userAgent,omitempty" maxLength:"512" doc:"The client hints follow from it. The default is that of the same Chromium with a window."`
	Locale            string           `json:"locale,omitempty" maxLength:"64" doc:"Language, numbers and dates, and Accept-Language." example:"de-DE"`
	Timezone          string           `json:"timezone,omitempty" maxLength:"64" example:"Europe/Berlin" doc:"What pages take for the local time."`
	Geolocation       *geolocation     `json:"geolocation,omitempty" doc:"Where the browser is; pages also need the permission geolocation."`
	Permissions       []string         `json:"permissions,omitempty" maxItems:"20" nullable:"false" doc:"What every page may do unasked, and nothing else." enum:"accelerometer,ambient-light-sensor,background-sync,camera,clipboard-read,clipboard-write,geolocation,gyroscope,local-fonts,magnetometer,microphone,midi,midi-sysex,notifications,payment-handler,screen-wake-lock,storage-access"`
	IgnoreCertErrors  bool             `json:"ignoreCertificateErrors,omitempty" doc:"Open pages whose certificate is not trusted."`
	Headers           []sessionHeader  `json:"headers,omitempty" maxItems:"20" nullable:"false" doc:"Sent with every request that the browser makes, to whomever. The values of secret ones are never shown; to a key of the role viewer, none is."`
	HTTPCredentials   *httpCredentials `json:"httpCredentials,omitempty" doc:"For servers that ask for HTTP authentication; not for proxies. They are kept encrypted and never shown."`
	Network           *network         `json:"network,omitempty" doc:"Which hosts the browser may reach, beside what the operator closes."`
	Proxy             string           `json:"proxy,omitempty" maxLength:"2048" doc:"A proxy that all of the browser's connections go through: http://, https:// or socks5://, [user:password@]host:port. User and password are kept encrypted and never shown." example:"http://user:password@proxy.example:3128"`
}

type network struct {
	Allow []string `json:"allow,omitempty" maxItems:"100" nullable:"false" doc:"The only hosts that may be reached; left out: all. Each is a name, an address, or all names below one as *.example.com." example:"[\"*.example.com\"]"`
	Deny  []string `json:"deny,omitempty" maxItems:"100" nullable:"false" doc:"Hosts that may not be reached, whatever is allowed."`
}

// viewOptions is the options as they are shown.
func viewOptions(o domain.SessionOptions) BrowserOptions {
	v := BrowserOptions{
		Browser: o.Browser, Viewport: (*viewport)(&o.Viewport), DeviceScaleFactor: o.DeviceScaleFactor, ColorScheme: o.ColorScheme,
		UserAgent: o.UserAgent, Locale: o.Locale, Timezone: o.Timezone, Geolocation: (*geolocation)(o.Geolocation),
		Permissions: o.Permissions, IgnoreCertErrors: o.IgnoreCertErrors, HTTPCredentials: (*httpCredentials)(o.Credentials),
		Network: (*network)(o.Network), Proxy: o.Proxy,
	}
	for _, h := range o.Headers {
		v.Headers = append(v.Headers, sessionHeader(h))
	}
	return v
}

// options is what is asked for, beside the defaults.
func (n *newSession) options() (domain.SessionOptions, error) {
	o := session.DefaultOptions()
	o.URL, o.Browser, o.UserAgent, o.Locale, o.Timezone, o.TestID = n.URL, n.Browser, n.UserAgent, n.Locale, n.Timezone, n.TestID
	o.Record = n.Record
	o.DeviceScaleFactor, o.ColorScheme, o.Geolocation = n.DeviceScaleFactor, n.ColorScheme, (*domain.Geolocation)(n.Geolocation)
	o.Permissions, o.IgnoreCertErrors, o.Credentials = n.Permissions, n.IgnoreCertErrors, (*domain.HTTPCredentials)(n.HTTPCredentials)
	o.Network, o.Proxy = (*domain.Network)(n.Network), n.Proxy
	if n.Viewport != nil {
		o.Viewport = domain.Viewport(*n.Viewport)
	}
	for _, h := range n.Headers {
		o.Headers = append(o.Headers, domain.Header(h))
	}
	if err := duration("timeout", n.Timeout, &o.Timeout); err != nil {
		return o, err
	}
	return o, duration("idleTimeout", n.IdleTimeout, &o.IdleTimeout)
}

// duration reads one that may be given.
func duration(field, value string, to *time.Duration) error {
	if value == "" {
		return nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return domain.Invalid(field, "%q is not a duration such as 30s, 10m or 1h30m", value)
	}
	*to = d
	return nil
}
