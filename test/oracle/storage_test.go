package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// keeper is a page that stores whatever can be, and reads it.
const keeper = `<!doctype html><link rel=icon href="data:,"><script>
const done = r => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error) })
async function keep() {
	localStorage.color = 'blue "é"'; localStorage.empty = ''
	document.cookie = 'visible=1; max-age=86400'; sessionStorage.own = 'mine'
	const open = indexedDB.open('shop', 3)
	open.onupgradeneeded = () => {
		const byKey = open.result.createObjectStore('carts', {keyPath: 'id'})
		byKey.createIndex('who', ['first', 'last'], {unique: true}); byKey.createIndex('tag', 'tags', {multiEntry: true})
		open.result.createObjectStore('log', {autoIncrement: true}); open.result.createObjectStore('odd')
	}
	const db = await done(open), t = db.transaction(['carts', 'log', 'odd'], 'readwrite')
	const list = [1]; list.push({again: 'x', none: undefined, big: 10n ** 20n, when: new Date(5), sign: -0, never: NaN})
	t.objectStore('carts').add({first: 'a', id: 7, last: 'b', tags: ['x', 'y']}); t.objectStore('log').add('one'); t.objectStore('log').add({two: 2})
	t.objectStore('odd').add(list, new Date(1000)); t.objectStore('odd').add(new Float32Array([1.5, 2]), 'floats')
	await new Promise(ok => t.oncomplete = ok)
	db.close()
}
async function read() {
	const db = await done(indexedDB.open('shop')), stores = [...db.objectStoreNames], found = {}
	for (const name of stores) {
		const s = db.transaction(name).objectStore(name)
		found[name] = [await done(s.getAllKeys()), await done(s.getAll())]
	}
	db.close()
	const show = (k, v) => typeof v === 'bigint' ? v + 'n' : ArrayBuffer.isView(v) ? v.constructor.name + [...v] : v === undefined ? 'undefined' : Object.is(v, -0) ? '-0' : Object.is(v, NaN) ? 'NaN' : v
	return [JSON.stringify({...localStorage}), document.cookie, JSON.stringify(found, show)].join(' ')
}
addEventListener('load', async () => { if (location.search) await keep(); window.ready = true })
</script>`

// further is another origin's, which stores something too.
const further = `<!doctype html><script>if (location.search) localStorage.there = 'kept'; window.ready = true</script>`

// ready is before what waits for the page.
const ready = "new Promise(ok => { const look = () => window.ready ? ok() : setTimeout(look, 10); look() }).then(() => "

// TestStorageState: what storage keeps of a browser is what Playwright would,
// and each reads what the other has kept.
func TestStorageState(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/further" {
			fmt.Fprint(w, further)
			return
		}
		if r.URL.RawQuery != "" {
			http.SetCookie(w, &http.Cookie{Name: "hidden", Value: "x=y", Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		}
		fmt.Fprint(w, keeper)
	}))
	defer site.Close()
	other := strings.Replace(site.URL, "127.0.0.1", "localhost", 1) + "/further"
	l := browsertest.Launcher(t, step.Script(), nil)
	page := browsertest.Launch(t, l, domain.SessionOptions{}).Page()
	var saved []byte
	do := func(s step.Spec) string {
		t.Helper()
		s.Timeout = enough.String()
		if err := s.Check("step"); err != nil {
			t.Fatal(err)
		}
		res, f := step.Run(t.Context(), page, &s, func(_ context.Context, kind, _ string, content []byte) (domain.Artifact, error) {
			if kind != step.KindStorage {
				t.Errorf("the artifact is a %s", kind)
			}
			saved = content
			return domain.Artifact{ID: "art_1", Size: int64(len(content))}, nil
		})
		if f != nil {
			t.Fatalf("%s %s: %+v", s.Action, s.Do, f)
		}
		return string(res)
	}
	keep := func() step.StorageState {
		t.Helper()
		do(step.Spec{Action: "storage", Do: "get", IndexedDB: true})
		return stateOf(t, saved)
	}
	read := func() string {
		t.Helper()
		do(step.Spec{Action: "goto", URL: site.URL})
		return do(step.Spec{Action: "evaluate", Expression: ready + "read())"})
	}
	playwright := func(query string, state any) (read string, kept step.StorageState) {
		t.Helper()
		out, err := node(t.Context(), "storage.mjs", browsertest.Path(t, l), object{"urls": []string{other + query, site.URL + "/" + query}, "storageState": state}, 1)
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Read  json.RawMessage
			State json.RawMessage
		}
		if err := json.Unmarshal(out, &said); err != nil {
			t.Fatal(err)
		}
		return canonical(said.Read), stateOf(t, said.State)
	}
	do(step.Spec{Action: "goto", URL: other + "?keep"})
	do(step.Spec{Action: "goto", URL: site.URL + "/?keep"})
	do(step.Spec{Action: "evaluate", Expression: ready + "1)"})
	ours := keep()
	_, theirs := playwright("?keep", nil)
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("what is kept: (-theirs +ours)\n%s", diff)
	}
	if len(ours.Cookies) != 2 || len(ours.Origins) != 2 {
		t.Fatalf("kept are %d cookies and %d origins", len(ours.Cookies), len(ours.Origins))
	}
	want := canonical([]byte(read()))
	var raw any
	if err := json.Unmarshal(saved, &raw); err != nil {
		t.Fatal(err)
	}
	if got, _ := playwright("", raw); got != want {
		t.Errorf("Playwright reads of ours\n%s, want\n%s", got, want)
	}
	do(step.Spec{Action: "storage", Do: "clear"})
	if left := keep(); len(left.Cookies)+len(left.Origins) > 0 {
		t.Errorf("after it was cleared: %+v", left)
	}
	if got := do(step.Spec{Action: "storage", Do: "set", StorageState: &theirs}); got != `{"cookies":2,"origins":2}` {
		t.Errorf("set answers %s", got)
	}
	if got := canonical([]byte(read())); got != want {
		t.Errorf("of Playwright's there is\n%s, want\n%s", got, want)
	}
	if diff := cmp.Diff(theirs, keep()); diff != "" {
		t.Errorf("what is kept of Playwright's: (-theirs +ours)\n%s", diff)
	}
}

// began is when the tests did, in seconds: what cookies end by is told in whole hours
// from here, so that it depends on no moment and is never over.
var began = float64(time.Now().Unix())

// stateOf is a state in one order, without times that depend on the moment.
func stateOf(t *testing.T, raw []byte) (s step.StorageState) {
	t.Helper()
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	slices.SortFunc(s.Cookies, func(a, b step.StateCookie) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Origins, func(a, b step.StateOrigin) int { return strings.Compare(a.Origin, b.Origin) })
	for i := range s.Cookies {
		if s.Cookies[i].Expires > 0 {
			s.Cookies[i].Expires = began + math.Round((s.Cookies[i].Expires-began)/3600)*3600
		}
	}
	for i := range s.Origins {
		slices.SortFunc(s.Origins[i].LocalStorage, func(a, b step.StateItem) int { return strings.Compare(a.Name, b.Name) })
		if len(s.Origins[i].IndexedDB) == 0 {
			s.Origins[i].IndexedDB = nil
		}
	}
	return s
}
