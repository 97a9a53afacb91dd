package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

func (r *rig) json(text string) (v map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		r.t.Fatal(err)
	}
	return v
}

// TestOptionsOfABrowser come back as they were given, with the defaults, and
// what is wrong with one is told by its path.
func TestOptionsOfABrowser(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		options := `"browser":"shell","viewport":{"width":800,"height":600},"deviceScaleFactor":1.5,"colorScheme":"dark",
			"userAgent":"x/1","locale":"de-AT","timezone":"Asia/Tokyo","geolocation":{"latitude":48.1,"longitude":-11.5,"accuracy":5},
			"permissions":["geolocation","clipboard-read"],"ignoreCertificateErrors":true,"headers":[{"name":"X-Tenant","value":"acme"}]`
		want := r.json("{" + options + "}")
		id := r.made("POST", "/v1/sessions", "{"+options+"}", "sessionId")
		got := r.ask("GET", "/v1/sessions/"+id, "").body
		for name, value := range want {
			if diff := cmp.Diff(value, got[name]); diff != "" {
				t.Errorf("%s: (-given +shown)\n%s", name, diff)
			}
		}
		if plain := r.ask("POST", "/v1/sessions", "{}").body; plain["browser"] != nil {
			t.Errorf("the browser of one that asks for none, before it has one: %v", plain["browser"])
		}
		for body, field := range map[string]string{
			`{"browser":"firefox"}`: "browser", `{"browser":"chromium"}`: "browser", // which the rig hasn't
			`{"deviceScaleFactor":0.1}`: "deviceScaleFactor", `{"deviceScaleFactor":5}`: "deviceScaleFactor", `{"colorScheme":"sepia"}`: "colorScheme",
			`{"geolocation":{"latitude":91,"longitude":0}}`:                                "geolocation.latitude",
			`{"geolocation":{"latitude":1}}`:                                               "geolocation.longitude",
			`{"geolocation":{"latitude":1,"longitude":1,"accuracy":-1}}`:                   "geolocation.accuracy",
			`{"permissions":["everything"]}`:                                               "permissions[0]",
			`{"ignoreCertificateErrors":"yes"}`:                                            "ignoreCertificateErrors",
			`{"headers":[{"name":"a b","value":"x"}]}`:                                     "headers[0].name",
			`{"headers":[{"name":"X-A","value":"x"},{"name":"x-a","value":"y"}]}`:          "headers[1].name",
			`{"headers":[{"name":"Host","value":"x"}]}`:                                    "headers[0].name",
			`{"headers":[{"name":"cookie","value":"x"}]}`:                                  "headers[0].name",
			`{"headers":[{"name":"sec-ch-ua","value":"x"}]}`:                               "headers[0].name",
			`{"headers":[{"name":"X-A","value":"x\ny"}]}`:                                  "headers[0].value",
			`{"headers":{"X-A":"x"}}`:                                                      "headers",
			`{"httpCredentials":{"username":"x"}}`:                                         "httpCredentials.password",
			`{"httpCredentials":{"username":"x","password":"y","origin":"a.test"}}`:        "httpCredentials.origin",
			`{"httpCredentials":{"username":"x","password":"y","origin":"http://a/path"}}`: "httpCredentials.origin",
		} {
			if a := r.ask("POST", "/v1/sessions", body); a.status != 422 || a.field() != field {
				t.Errorf("%s: %d %s, want %s", body, a.status, a.raw, field)
			}
		}
	})
}

// TestSecretsOfABrowser are shown to nobody, not in the row either; what isn't
// secret of its headers is to be seen by whoever may more than look.
func TestSecretsOfABrowser(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		made := r.ask("POST", "/v1/sessions", `{"headers":[{"name":"X-Tenant","value":"acme"},{"name":"X-Token","value":"hush-1","secret":true}],
			"httpCredentials":{"username":"hush-2","password":"hush-3","origin":"https://A.test:443/"},
			"network":{"allow":["*.A.test"],"deny":["b.a.test"]},"proxy":"socks5://hush-4:hush-5@proxy.test:1080"}`)
		id := fmt.Sprint(made.body["sessionId"])
		for who, header := range map[string]string{"who made it": "", "a viewer": "Authorization: Bearer " + r.newKey(domain.RoleViewer)} {
			a := r.ask("GET", "/v1/sessions/"+id, "")
			if header != "" {
				a = r.ask("GET", "/v1/sessions/"+id, "", header)
			}
			if strings.Contains(a.raw+made.raw, "hush") {
				t.Errorf("to %s: %s", who, a.raw)
			}
			tenant := "acme"
			if header != "" {
				tenant = domain.Hidden
			}
			want := r.json(`{"headers":[{"name":"X-Tenant","value":"` + tenant + `"},{"name":"X-Token","value":"…","secret":true}],
				"httpCredentials":{"username":"…","password":"…","origin":"https://a.test"},
				"network":{"allow":["*.a.test"],"deny":["b.a.test"]},"proxy":"socks5://…@proxy.test:1080",
				"usage":{"sentBytes":0,"receivedBytes":0,"refused":0}}`)
			for name := range want {
				if diff := cmp.Diff(want[name], a.body[name]); diff != "" {
					t.Errorf("to %s: (-want +got)\n%s", who, diff)
				}
			}
		}
		stored, err := r.store.Session(t.Context(), r.project, id)
		if err != nil {
			t.Fatal(err)
		}
		if row := fmt.Sprintf("%+v %s", stored, stored.Options.Sealed); strings.Contains(row, "hush") || len(stored.Options.Sealed) == 0 {
			t.Errorf("the row: %s", row)
		}
		for _, e := range r.ask("GET", "/v1/events", "").body["data"].([]any) {
			if strings.Contains(fmt.Sprint(e), "hush") {
				t.Errorf("an event: %v", e)
			}
		}
	})
}
