package step_test

import (
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/step"
)

// TestABorrowedBrowserIsAsNew: the next test finds nothing of the one before.
func TestABorrowedBrowserIsAsNew(t *testing.T) {
	t.Parallel()
	site := pages(t, map[string]string{"/": `<p>here</p>`})
	pool := &browsertest.Pool{Script: step.Script()}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	var first *browser.Tabs
	t.Run("one leaves much", func(t *testing.T) {
		b := &bench{t: t, page: pool.Page(t)}
		first = b.page.Tabs()
		b.do(step.Spec{Action: "goto", URL: site.URL})
		b.value(`document.cookie = 'a=1'; localStorage.a = 1; open('/').closed`)
		b.do(step.Spec{Action: "setCookies", Cookies: []step.Cookie{{Name: "b", Value: "2", Domain: "other.test", Path: "/"}}})
		b.do(step.Spec{Action: "goto", URL: site.URL + "/#there"})
		b.do(step.Spec{Action: "dialog", Do: "accept", All: true})
	})
	t.Run("the next finds nothing", func(t *testing.T) {
		b := &bench{t: t, page: pool.Page(t)}
		if b.page.Tabs() != first {
			t.Fatal("it is another browser")
		}
		if n := len(first.Open()); n != 1 {
			t.Errorf("%d tabs are open", n)
		}
		if got := b.value(`[location.href, history.length]`); got != `["about:blank",1]` {
			t.Errorf("it begins with %s", got)
		}
		b.do(step.Spec{Action: "goto", URL: site.URL})
		if got := b.value(`[document.cookie, localStorage.length, confirm('?')]`); got != `["",0,false]` {
			t.Errorf("there is %s", got)
		}
	})
}
