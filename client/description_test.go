package browserhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// described is what these tests read of the description.
type described struct {
	Paths      map[string]map[string]*describedOperation `yaml:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]any `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

type describedOperation struct {
	ID         string `yaml:"operationId"`
	Parameters []struct{ Name, In string }
	Body       *struct {
		Content map[string]describedMedia `yaml:"content"`
	} `yaml:"requestBody"`
	Responses map[string]struct {
		Content map[string]describedMedia `yaml:"content"`
	} `yaml:"responses"`
}

type describedMedia struct {
	Schema struct {
		Ref string `yaml:"$ref"`
	} `yaml:"schema"`
	Example any `yaml:"example"`
}

func description(t *testing.T) *described {
	t.Helper()
	raw, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d described
	if err := yaml.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func (o *describedOperation) parameter(in, name string) bool {
	for _, p := range o.Parameters {
		if p.In == in && strings.EqualFold(p.Name, name) {
			return true
		}
	}
	return false
}

// everyOperation is a call of each, by its id in the description.
var everyOperation = map[string]func(context.Context, *Client) error{
	"read-metrics": func(ctx context.Context, c *Client) error { return read(c.Metrics(ctx)) },
	"list-deliveries": func(ctx context.Context, c *Client) error {
		return first(c.Deliveries.List(ctx, all[ListDeliveriesParams]()))
	},
	"cancel-deliveries": func(ctx context.Context, c *Client) error {
		return only(c.Deliveries.CancelMany(ctx, all[CancelDeliveriesRequest]()))
	},
	"retry-deliveries": func(ctx context.Context, c *Client) error {
		return only(c.Deliveries.RetryMany(ctx, all[RetryDeliveriesRequest]()))
	},
	"get-delivery": func(ctx context.Context, c *Client) error { return only(c.Deliveries.Get(ctx, "dlv_1")) },
	"list-attempts": func(ctx context.Context, c *Client) error {
		return first(c.Deliveries.Attempts(ctx, "dlv_1", ListParams{"c", 9}))
	},
	"cancel-delivery":  func(ctx context.Context, c *Client) error { return only(c.Deliveries.Cancel(ctx, "dlv_1")) },
	"explain-delivery": func(ctx context.Context, c *Client) error { return only(c.Deliveries.Explain(ctx, "dlv_1")) },
	"retry-delivery":   func(ctx context.Context, c *Client) error { return only(c.Deliveries.Retry(ctx, "dlv_1")) },
	"list-event-types": func(ctx context.Context, c *Client) error { return first(c.Events.Types(ctx, ListParams{"c", 9})) },
	"list-events":      func(ctx context.Context, c *Client) error { return first(c.Events.List(ctx, all[ListEventsParams]())) },
	"get-event":        func(ctx context.Context, c *Client) error { return only(c.Events.Get(ctx, "evt_1")) },
	"get-endpoint-stats": func(ctx context.Context, c *Client) error {
		return only(c.Endpoints.Stats(ctx, "we_1", "1h"))
	},
	"send-example": func(ctx context.Context, c *Client) error {
		return only(c.Endpoints.SendExample(ctx, "we_1", all[SendExampleRequest]()))
	},
	"explain-event": func(ctx context.Context, c *Client) error {
		return first(c.Events.Explain(ctx, "evt_1", ListParams{"c", 9}))
	},
	"list-keys":     func(ctx context.Context, c *Client) error { return first(c.Keys.List(ctx, ListParams{"c", 9})) },
	"get-key":       func(ctx context.Context, c *Client) error { return only(c.Keys.Get(ctx, "key_1")) },
	"create-key":    func(ctx context.Context, c *Client) error { return only(c.Keys.Create(ctx, all[CreateKeyRequest]())) },
	"revoke-key":    func(ctx context.Context, c *Client) error { return c.Keys.Revoke(ctx, "key_1") },
	"list-nodes":    func(ctx context.Context, c *Client) error { return first(c.Nodes.List(ctx, ListParams{"c", 9})) },
	"drain-node":    func(ctx context.Context, c *Client) error { return only(c.Nodes.Drain(ctx, "node_1")) },
	"list-projects": func(ctx context.Context, c *Client) error { return first(c.Projects.List(ctx, ListParams{"c", 9})) },
	"get-project":   func(ctx context.Context, c *Client) error { return only(c.Projects.Get(ctx, "proj_1")) },
	"create-project": func(ctx context.Context, c *Client) error {
		return only(c.Projects.Create(ctx, all[CreateProjectRequest]()))
	},
	"update-project": func(ctx context.Context, c *Client) error {
		return only(c.Projects.Update(ctx, "proj_1", all[UpdateProjectRequest]()))
	},
	"list-sessions": func(ctx context.Context, c *Client) error {
		return first(c.Sessions.List(ctx, all[ListSessionsParams]()))
	},
	"create-session": func(ctx context.Context, c *Client) error {
		return only(c.Sessions.Create(ctx, all[CreateSessionRequest]()))
	},
	"close-session": func(ctx context.Context, c *Client) error { return c.Session("browser_1").Close(ctx) },
	"get-session":   func(ctx context.Context, c *Client) error { return only(c.Sessions.Get(ctx, "browser_1")) },
	"list-artifacts": func(ctx context.Context, c *Client) error {
		return first(c.Session("browser_1").Artifacts(ctx, ListParams{"c", 9}))
	},
	"get-artifact":  func(ctx context.Context, c *Client) error { return read(c.Session("browser_1").Artifact(ctx, "art_1")) },
	"get-recording": func(ctx context.Context, c *Client) error { return only(c.Session("browser_1").Recording(ctx)) },
	"export-recording": func(ctx context.Context, c *Client) error {
		return read(c.Session("browser_1").Video(ctx, "mp4"))
	},
	"forget-session": func(ctx context.Context, c *Client) error { return c.Session("browser_1").Forget(ctx) },
	"read-logs": func(ctx context.Context, c *Client) error {
		return first(c.Session("browser_1").Logs(ctx, all[ReadLogsParams]()))
	},
	"rotate-connect-url": func(ctx context.Context, c *Client) error { return c.Session("browser_1").RotateConnectURL(ctx) },
	"list-steps": func(ctx context.Context, c *Client) error {
		return first(c.Session("browser_1").Steps(ctx, ListStepsParams{"c", 9, true}))
	},
	"add-steps": func(ctx context.Context, c *Client) error {
		return only(c.Session("browser_1").AddSteps(ctx, AddStepsRequest{[]Step{Goto("https://shop.example")}, OnErrorStop, true}))
	},
	"get-step": func(ctx context.Context, c *Client) error { return only(c.Session("browser_1").Step(ctx, "step_1")) },
	"cancel-step": func(ctx context.Context, c *Client) error {
		return only(c.Session("browser_1").CancelStep(ctx, "step_1"))
	},
	"create-stream": func(ctx context.Context, c *Client) error {
		return only(c.Session("browser_1").Live(ctx, all[CreateStreamRequest]()))
	},
	"get-stream": func(ctx context.Context, c *Client) error {
		return only(c.Session("browser_1").GetLive(ctx, "strm_1"))
	},
	"revoke-stream": func(ctx context.Context, c *Client) error { return c.Session("browser_1").RevokeLive(ctx, "strm_1") },
	"list-viewers": func(ctx context.Context, c *Client) error {
		return first(c.Session("browser_1").Viewers(ctx, ListParams{"c", 9}))
	},
	"list-endpoints": func(ctx context.Context, c *Client) error {
		return first(c.Endpoints.List(ctx, ListEndpointsParams{"c", 9, "24h"}))
	},
	"create-endpoint": func(ctx context.Context, c *Client) error {
		return only(c.Endpoints.Create(ctx, all[CreateEndpointRequest]()))
	},
	"delete-endpoint": func(ctx context.Context, c *Client) error { return c.Endpoints.Delete(ctx, "we_1") },
	"get-endpoint":    func(ctx context.Context, c *Client) error { return only(c.Endpoints.Get(ctx, "we_1")) },
	"update-endpoint": func(ctx context.Context, c *Client) error {
		return only(c.Endpoints.Update(ctx, "we_1", all[UpdateEndpointRequest]()))
	},
	"disable-endpoint": func(ctx context.Context, c *Client) error { return only(c.Endpoints.Disable(ctx, "we_1")) },
	"enable-endpoint":  func(ctx context.Context, c *Client) error { return only(c.Endpoints.Enable(ctx, "we_1")) },
	"pause-endpoint":   func(ctx context.Context, c *Client) error { return only(c.Endpoints.Pause(ctx, "we_1")) },
	"recover-endpoint": func(ctx context.Context, c *Client) error {
		return only(c.Endpoints.Recover(ctx, "we_1", all[RecoverEndpointRequest]()))
	},
	"resume-endpoint": func(ctx context.Context, c *Client) error { return only(c.Endpoints.Resume(ctx, "we_1")) },
	"rotate-secret": func(ctx context.Context, c *Client) error {
		return only(c.Endpoints.RotateSecret(ctx, "we_1", all[RotateSecretRequest]()))
	},
	"test-endpoint": func(ctx context.Context, c *Client) error { return only(c.Endpoints.Test(ctx, "we_1")) },
}

func only[T any](_ T, err error) error { return err }

func first[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		return err
	}
	return nil
}

func read(f *File, err error) error {
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

// all is a value of which every member is something.
func all[T any]() (v T) {
	fill(reflect.ValueOf(&v).Elem())
	return v
}

func fill(v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)))
		return
	case json.RawMessage:
		v.SetBytes([]byte("[1]"))
		return
	case []Step:
		v.Set(reflect.ValueOf([]Step{Goto("https://shop.example")}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("name"), one)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(7.5)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Interface:
		v.Set(reflect.ValueOf("text"))
	default:
		panic("no value for " + v.Type().String())
	}
}

// transportFunc answers requests.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is one of a server.
func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// over is a client whose requests are answered here.
func over(t *testing.T, f transportFunc) *Client {
	t.Helper()
	c, err := New(Options{URL: "http://server.example/base", Key: "bh_test", HTTPClient: &http.Client{Transport: f}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryOperation makes each as the description has it: its address, every parameter
// and every member of its body, an Idempotency-Key where it takes one and nowhere else;
// and gives it the description's own example as an answer.
func TestEveryOperation(t *testing.T) {
	d := description(t)
	var described []string
	for template, methods := range d.Paths {
		for method, op := range methods {
			described = append(described, op.ID)
			t.Run(op.ID, func(t *testing.T) {
				call, ok := everyOperation[op.ID]
				if !ok {
					t.Fatal("no call of the client reaches it")
				}
				if err := call(t.Context(), over(t, op.serve(t, d, method, template))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	for id := range everyOperation {
		if !slices.Contains(described, id) {
			t.Errorf("there is no operation %s", id)
		}
	}
}

func (o *describedOperation) serve(t *testing.T, d *described, method, template string) transportFunc {
	address := regexp.MustCompile("^/base" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(template), `[a-z]+_1`) + "$")
	return func(r *http.Request) (*http.Response, error) {
		if r.Method != strings.ToUpper(method) || !address.MatchString(r.URL.Path) {
			t.Errorf("it asks for %s %s", r.Method, r.URL.Path)
		}
		if r.Header.Get("Authorization") != "Bearer bh_test" {
			t.Error("it sends no key")
		}
		for name := range r.URL.Query() {
			if !o.parameter("query", name) {
				t.Errorf("it sends a parameter %s", name)
			}
		}
		for _, p := range o.Parameters {
			if p.In == "query" && p.Name != "after" && p.Name != "format" && !r.URL.Query().Has(p.Name) {
				t.Errorf("it can't send the parameter %s", p.Name)
			}
		}
		if o.parameter("header", "Idempotency-Key") != (r.Header.Get("Idempotency-Key") != "") {
			t.Errorf("its Idempotency-Key is %q", r.Header.Get("Idempotency-Key"))
		}
		o.body(t, d, r)
		return o.example(t), nil
	}
}

// body compares the members of what is sent with those of the schema.
func (o *describedOperation) body(t *testing.T, d *described, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	if o.Body == nil {
		if len(raw) > 0 {
			t.Errorf("it sends %s", raw)
		}
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatalf("it sends %q: %v", raw, err)
	}
	schema := d.Components.Schemas[name(o.Body.Content["application/json"].Schema.Ref)]
	if got, want := slices.Sorted(maps.Keys(members)), slices.Sorted(maps.Keys(schema.Properties)); !slices.Equal(got, want) {
		t.Errorf("it sends %q, want %q", got, want)
	}
}

func name(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// example is the description's.
func (o *describedOperation) example(t *testing.T) *http.Response {
	for status, r := range o.Responses {
		if status[0] != '2' {
			continue
		}
		if status == "204" {
			return answer(http.StatusNoContent, "")
		}
		media, ok := r.Content["application/json"]
		if !ok || media.Schema.Ref == "" {
			return answer(http.StatusOK, "anything")
		}
		raw, err := json.Marshal(media.Example)
		if err != nil || media.Example == nil {
			t.Fatalf("no example: %v", err)
		}
		return answer(http.StatusOK, string(raw))
	}
	t.Fatal("it has no answer")
	return nil
}

// TestAnswersLoseNothing decodes the description's examples, and encodes them again.
func TestAnswersLoseNothing(t *testing.T) {
	into := map[string]func() any{
		"Session": as[Session], "SessionPage": as[Page[*Session]], "StepRun": as[StepRun], "StepRunPage": as[Page[StepRun]], "Stream": as[Stream],
		"Artifact": as[Artifact], "ArtifactPage": as[Page[Artifact]], "LogPage": as[LogPage], "Endpoint": as[Endpoint], "EndpointPage": as[Page[Endpoint]],
		"Delivery": as[Delivery], "DeliveryPage": as[Page[Delivery]], "DeliveryCount": as[DeliveryCount], "AttemptPage": as[Page[Attempt]],
		"Explanation": as[Explanation], "ExplanationPage": as[Page[Explanation]], "Key": as[Key], "KeyPage": as[Page[Key]],
		"Project": as[Project], "ProjectPage": as[Page[Project]], "Node": as[Node], "ViewerPage": as[Page[Viewer]], "Recording": as[Recording], "NodePage": as[Page[Node]],
		"EventTypeDescriptionPage": as[Page[EventTypeDescription]], "EndpointStats": as[EndpointStats], "ExampleAnswer": as[ExampleAnswer],
	}
	for _, methods := range description(t).Paths {
		for _, op := range methods {
			for status, r := range op.Responses {
				media, ok := r.Content["application/json"]
				schema := name(media.Schema.Ref)
				if !ok || status[0] != '2' || schema == "" || schema == "EventPage" || schema == "Event" { // an event keeps its body
					continue
				}
				if into[schema] == nil {
					t.Errorf("%s answers with a %s, which the client doesn't know", op.ID, schema)
					continue
				}
				want, err := json.Marshal(media.Example)
				if err != nil {
					t.Fatal(err)
				}
				v := into[schema]()
				if err := json.Unmarshal(want, v); err != nil {
					t.Errorf("%s: %v", op.ID, err)
				}
				got, err := json.Marshal(v)
				if err != nil {
					t.Errorf("%s: %v", op.ID, err)
				}
				if got, want := normal(t, got), normal(t, want); !bytes.Equal(got, want) {
					t.Errorf("%s: of\n%s there is\n%s", op.ID, want, got)
				}
			}
		}
	}
}

func as[T any]() any { return new(T) }

// normal is JSON without what says nothing: an empty cursor, and zeros behind a time's
// seconds.
func normal(t *testing.T, raw []byte) []byte {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if page, ok := v.(map[string]any); ok && page["nextCursor"] == "" {
		delete(page, "nextCursor")
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(\.\d*[1-9])0+Z|\.0+Z`).ReplaceAll(out, []byte("${1}Z"))
}

// TestEveryStep writes each with all of its members, under its action.
func TestEveryStep(t *testing.T) {
	d := description(t)
	found := 0
	for schema, s := range d.Components.Schemas {
		if !strings.HasSuffix(schema, "Step") || schema == "Step" {
			continue
		}
		found++
		action, _ := s.Properties["action"].(map[string]any)["enum"].([]any)[0].(string)
		step := typedStep(action)
		if step == nil {
			t.Errorf("%s is not known", action)
			continue
		}
		fill(reflect.ValueOf(step).Elem())
		raw, err := json.Marshal(step)
		if err != nil {
			t.Errorf("%s: %v", action, err)
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Errorf("%s: %s: %v", action, raw, err)
		}
		if got["action"] != action || step.Action() != action {
			t.Errorf("%s says that it is %v", action, got["action"])
		}
		if got, want := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(s.Properties)); !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", action, got, want)
		}
	}
	if found < 29 {
		t.Errorf("there are %d actions", found)
	}
	for _, tt := range []struct {
		step Step
		want string
	}{
		{Back(), `{"action":"back"}`},
		{Goto("https://a"), `{"action":"goto","url":"https://a"}`},
		{Select("#size", ""), `{"action":"select","target":"#size","value":""}`},
		{Upload("#cv"), `{"action":"upload","target":"#cv","files":[]}`},
		{&TabStep{Do: "switch", Index: new(0)}, `{"action":"tab","do":"switch","index":0}`},
		{AnyStep{"action": "future", "member": 1}, `{"action":"future","member":1}`},
	} {
		if got, err := json.Marshal(tt.step); err != nil || string(got) != tt.want {
			t.Errorf("%s, %v, want %s", got, err, tt.want)
		}
	}
	if fmt.Sprint(typedStep("future")) != "<nil>" {
		t.Error("an unknown action has a type")
	}
}
