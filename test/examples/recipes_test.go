package examples

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// recipes are those of the folder, each with what is to be seen beside its output.
var recipes = map[string]func(*testing.T, *kitchen){
	"playwright": func(t *testing.T, k *kitchen) {
		k.follow(t, "playwright", nil)
		k.holds(t, "search.png", "\x89PNG")
	},
	"puppeteer": func(t *testing.T, k *kitchen) {
		k.follow(t, "puppeteer", nil)
		k.holds(t, "prices.png", "\x89PNG")
	},
	"catalogue": catalogue,
	"form":      form,
	"login":     login,
	"handover":  handover,
	"invoice":   invoice,
	"chat":      chat,
	"cluster":   cluster,
}

// holds says that a file that a recipe has left begins so.
func (k *kitchen) holds(t *testing.T, name, begin string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(k.dir, name))
	if err != nil || !strings.HasPrefix(string(raw), begin) {
		t.Errorf("%s begins with %.20q: %v", name, raw, err)
	}
}

func catalogue(t *testing.T, k *kitchen) {
	k.follow(t, "catalogue", nil)
	raw, err := os.ReadFile(filepath.Join(k.dir, "products.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Name, Stock, Link string
		Price             float64
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, p := range all {
		total += p.Price
		if p.Name == "" || p.Stock == "" || !strings.HasPrefix(p.Link, k.shop.url+"/p/") {
			t.Errorf("a product is %+v", p)
		}
	}
	if got := fmt.Sprintf("%d products, %.2f", len(all), total); got != "10 products, 1497.30" {
		t.Error(got)
	}
}

// form sees that the shop got the very bytes of the files.
func form(t *testing.T, k *kitchen) {
	shell := k.follow(t, "form", nil)
	for _, name := range []string{"lid.svg", "note.txt"} {
		raw, err := os.ReadFile(filepath.Join("../../examples/form", name))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("- %s, %d bytes, SHA-256 %x", name, len(raw), sha256.Sum256(raw)); !strings.Contains(shell.Output(), want) {
			t.Errorf("the shop has not got %q", want)
		}
	}
}

// login sees that nobody signed in a second time, and who may read what was kept.
func login(t *testing.T, k *kitchen) {
	k.follow(t, "login", nil)
	if n := k.shop.count("ada@example.org has signed in"); n != 1 {
		t.Errorf("ada has signed in %d times", n)
	}
	info, err := os.Stat(filepath.Join(k.dir, "state.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("what is kept is %v: %v", info.Mode(), err)
	}
}

// handover has a person at the link: another session's browser, as theirs would be.
func handover(t *testing.T, k *kitchen) {
	acted := false
	k.follow(t, "handover", nil, then(func(shell *harness.Shell, b harness.Block) {
		if b.Kind != "text" || acted {
			return
		}
		acted = true
		code := k.shop.waitFor(t, "To grace@example.org's phone: your code is ")
		_, link, _ := strings.Cut(shell.Output(), "Type your code here: ")
		link, _, _ = strings.Cut(link, "\n")
		for _, s := range k.session(t, harness.Object{"url": link, "viewport": harness.Object{"width": 1440, "height": 900}},
			harness.Object{"action": "click", "target": `role=button[name="Take control"]`},
			harness.Object{"action": "assert", "target": "#driver", "text": "You have control"},
			harness.Object{"action": "type", "value": code},
			harness.Object{"action": "press", "key": "Enter"},
			harness.Object{"action": "assert", "target": "#message", "text": "This link was revoked"},
		) {
			if s.String("status") != "COMPLETED" {
				t.Errorf("the person: %v", s)
			}
		}
	}))
}

// invoice sees the PDFs, which the program has only fetched if the webhooks verified.
func invoice(t *testing.T, k *kitchen) {
	k.follow(t, "invoice", nil, environment("LISTEN="+harness.FreeAddress(t)))
	k.holds(t, "invoice-1042.pdf", "%PDF")
	k.holds(t, "invoice-1057.pdf", "%PDF")
	if _, err := os.Stat(filepath.Join(k.dir, "invoice-9999.pdf")); err == nil {
		t.Error("there is an invoice that there isn't")
	}
}

// chat stands for a chat's incoming webhook. What fails while nobody follows it hears of
// later.
func chat(t *testing.T, k *kitchen) {
	said := make(chan string, 100)
	room := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Error(err)
		}
		said <- message.Text
		fmt.Fprint(w, "ok")
	}))
	t.Cleanup(room.Close)
	// hears waits for a message about a session; other recipes' are told of too.
	hears := func(name string) string {
		t.Helper()
		for {
			select {
			case text := <-said:
				if strings.Contains(text, "|"+name+">") {
					return text
				}
			case <-time.After(harness.Deadline):
				t.Fatalf("the chat hears nothing of %s", name)
			}
		}
	}
	env := []string{"CHAT_URL=" + room.URL}
	k.follow(t, "chat", nil, environment(env...), then(func(_ *harness.Shell, b harness.Block) {
		if b.Kind != "json" {
			return
		}
		var want struct{ Text string }
		if err := json.Unmarshal([]byte(b.Text), &want); err != nil {
			t.Fatal(err)
		}
		if got := hears("nightly prices"); !alike(want.Text, got) {
			t.Errorf("the chat hears\n%s, not\n%s", got, want.Text)
		}
	}))

	k.session(t, harness.Object{"metadata": harness.Object{"name": "meanwhile"}}, harness.Object{"action": "click", "target": "#no", "timeout": "10ms"})
	shell := k.shell(t, env)
	shell.Type(t, "chat/chat.sh &\n")
	hears("meanwhile")
	shell.Type(t, "kill %1; wait; exit 0\n")
	if err := shell.Wait(); err != nil {
		t.Error(err)
	}
}

// session runs steps in a session of the test's own, and answers what became of them.
func (k *kitchen) session(t *testing.T, options harness.Object, steps ...harness.Object) []harness.Object {
	t.Helper()
	c := k.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", options)
	if err != nil {
		t.Fatal(err)
	}
	path := "/v1/sessions/" + made.String("sessionId")
	done, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, path+"/steps", harness.Object{"steps": steps})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, path, nil); err != nil {
		t.Fatal(err)
	}
	return done.List("data")
}

// cluster has servers of its own.
func cluster(t *testing.T, k *kitchen) {
	_, url := harness.Postgres(t)
	k.follow(t, "cluster", []string{"127.0.0.1:8091", harness.FreeAddress(t), "127.0.0.1:8092", harness.FreeAddress(t)}, environment("DATABASE_URL="+url))
}
