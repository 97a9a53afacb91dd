package browser

import (
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// Permissions are what pages can be granted, by the names that Playwright has
// for them, with the protocol's.
var Permissions = map[string][]string{
	"accelerometer":        {"sensors"},
	"ambient-light-sensor": {"sensors"},
	"background-sync":      {"backgroundSync"},
	"camera":               {"videoCapture"},
	"clipboard-read":       {"clipboardReadWrite"},
	"clipboard-write":      {"clipboardSanitizedWrite"},
	"geolocation":          {"geolocation"},
	"gyroscope":            {"sensors"},
	"local-fonts":          {"localFonts"},
	"magnetometer":         {"sensors"},
	"microphone":           {"audioCapture"},
	"midi":                 {"midi"},
	"midi-sysex":           {"midiSysex"},
	"notifications":        {"notifications"},
	"payment-handler":      {"paymentHandler"},
	"screen-wake-lock":     {"wakeLockScreen"},
	"storage-access":       {"storageAccess"},
}

// ofBrowser is what of the session's options the browser as a whole is told.
func ofBrowser(opt domain.SessionOptions) (all []command) {
	if len(opt.Permissions) > 0 {
		var names []string
		for _, p := range opt.Permissions {
			names = append(names, Permissions[p]...)
		}
		all = append(all, command{"Browser.grantPermissions", object{"permissions": names}})
	}
	if opt.Credentials != nil {
		// Chromium asks only for requests that it may hold up.
		pattern := "*"
		if opt.Credentials.Origin != "" {
			pattern = opt.Credentials.Origin + "/*"
		}
		all = append(all, command{"Fetch.enable", object{"handleAuthRequests": true, "patterns": []object{{"urlPattern": pattern}}}})
	}
	return all
}

// secretsOf are those among the options.
func secretsOf(opt domain.SessionOptions) *domain.Secrets {
	s := &domain.Secrets{}
	for _, h := range opt.Headers {
		if h.Secret {
			s.Add(h.Value)
		}
	}
	if c := opt.Credentials; c != nil {
		// The name may be a word like any other.
		s.Add(c.Password, base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password)))
	}
	if u, err := url.Parse(opt.Proxy); err == nil {
		if password, ok := u.User.Password(); ok {
			s.Add(password)
		}
	}
	return s
}

// heldUp is a request that waits to be let go, or whose server, or proxy, asks
// who it comes from.
type heldUp struct {
	RequestID string `json:"requestId"`
	Request   struct {
		URL string `json:"url"`
	} `json:"request"`
	Challenge struct {
		Source string `json:"source"` // "Server" or "Proxy"
	} `json:"authChallenge"`
}

// maxTried bounds how many requests are remembered that have been answered.
const maxTried = 1000

// answerLogins gives servers the session's credentials: those of its origin, if
// it has one, once for each request. A request whose server doesn't take them
// gets that answer, as it would without. Proxies are none of it, and requests
// that are held up meanwhile go on as they are.
func answerLogins(conn *cdp.Conn, c domain.HTTPCredentials) {
	tried := map[string]bool{}
	conn.Listen("", func(e cdp.Event) {
		var held heldUp
		if json.Unmarshal(e.Params, &held) != nil {
			return
		}
		if e.Method == "Fetch.requestPaused" {
			_, _ = conn.Send("", "Fetch.continueRequest", object{"requestId": held.RequestID})
			return
		}
		answer := object{"response": "Default"}
		switch {
		case held.Challenge.Source == "Proxy" || c.Origin != "" && origin(held.Request.URL) != c.Origin:
		case tried[held.RequestID]:
			answer["response"] = "CancelAuth"
		default:
			answer = object{"response": "ProvideCredentials", "username": c.Username, "password": c.Password}
			if len(tried) >= maxTried {
				clear(tried)
			}
			tried[held.RequestID] = true
		}
		_, _ = conn.Send("", "Fetch.continueWithAuth", object{"requestId": held.RequestID, "authChallengeResponse": answer})
	}, "Fetch.requestPaused", "Fetch.authRequired")
}

// origin is an address's scheme, host and port as pages know them.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
