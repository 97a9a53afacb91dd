package session

import (
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are checked on machines without them too

	"golang.org/x/net/http/httpguts"
	"golang.org/x/text/language"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/weburl"
)

// What may be said of a time.
const (
	minTime = time.Second
	maxTime = 24 * time.Hour
)

// DefaultOptions is what a session is like of which nothing is said.
func DefaultOptions() domain.SessionOptions {
	return domain.SessionOptions{Viewport: browser.Viewport, Timeout: 30 * time.Minute, IdleTimeout: 5 * time.Minute}
}

// checkOptions refuses what no browser can be told, and spells the rest as
// browsers do.
func checkOptions(o *domain.SessionOptions) error {
	var err error
	if o.URL != "" {
		if o.URL, err = step.CheckURL("url", o.URL); err != nil {
			return err
		}
	}
	if strings.ContainsFunc(o.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return domain.Invalid("userAgent", "must be printable ASCII")
	}
	if o.Locale != "" {
		if tag, err := language.Parse(o.Locale); err != nil || strings.ContainsAny(o.Locale, "_ ") || tag == language.Und {
			return domain.Invalid("locale", "%q is not a language such as de-DE", o.Locale)
		}
	}
	if o.Timezone != "" {
		if _, err := time.LoadLocation(o.Timezone); err != nil || o.Timezone == "Local" {
			return domain.Invalid("timezone", "%q is not a time zone such as Europe/Berlin", o.Timezone)
		}
	}
	if o.Headers, err = checkHeaders(o.Headers); err != nil {
		return err
	}
	if c := o.Credentials; c != nil {
		checked := *c
		if checked.Origin, err = origin("httpCredentials.origin", c.Origin); err != nil {
			return err
		}
		o.Credentials = &checked
	}
	if o.Network != nil {
		checked := *o.Network
		if checked.Allow != nil && len(checked.Allow) == 0 {
			// It would mean all hosts, and who wrote it may have meant none.
			return domain.Invalid("network.allow", "is empty; leave it out to allow all hosts")
		}
		if checked.Allow, err = egress.CheckHosts("network.allow", checked.Allow); err != nil {
			return err
		}
		if checked.Deny, err = egress.CheckHosts("network.deny", checked.Deny); err != nil {
			return err
		}
		o.Network = &checked
	}
	if err := egress.CheckProxy("proxy", o.Proxy); err != nil {
		return err
	}
	if err := checkTime("timeout", o.Timeout); err != nil {
		return err
	}
	if _, _, err := domain.ParseRecord(o.Record); err != nil {
		return domain.Invalid("record", "%s", err)
	}
	if o.IdleTimeout == 0 { // none
		return nil
	}
	return checkTime("idleTimeout", o.IdleTimeout)
}

func checkTime(field string, d time.Duration) error {
	if d < minTime || d > maxTime {
		return domain.Invalid(field, "must be from 1s to 24h")
	}
	return nil
}

// ofTheBrowser are headers that Chromium writes itself, and what to use instead.
var ofTheBrowser = map[string]string{
	"Host": "", "Content-Length": "", "Transfer-Encoding": "", "Connection": "", "Keep-Alive": "", "Upgrade": "", "Te": "", "Trailer": "",
	"Cookie": "; use the action setCookies", "User-Agent": "; use userAgent", "Accept-Language": "; use locale",
}

func checkHeaders(headers []domain.Header) ([]domain.Header, error) {
	var all []domain.Header
	for i, h := range headers {
		at := fmt.Sprintf("headers[%d]", i)
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
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
