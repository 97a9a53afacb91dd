package mux

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"
)

// TestAPageWaitsForEachClient that it was attached for while it waits, but for no
// longer than a while, and for nobody who has left.
func TestAPageWaitsForEachClient(t *testing.T) {
	for name, then := range map[string]func(b *bench, other *user, session string){
		"the other lets it go on too":  func(_ *bench, other *user, session string) { other.send(session, resumes, `{}`) },
		"the other leaves":             func(_ *bench, other *user, _ string) { other.conn.Close() },
		"the other's session ends":     func(_ *bench, other *user, session string) { other.send(session, "die", `{}`) },
		"the other says nothing":       func(*bench, *user, string) { time.Sleep(waitsAtMost) },
		"the other had it go on first": nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				one, two := b.user(nil), b.user(nil)
				attach := func(u *user) string {
					u.send("", "attachWaiting", `{}`)
					_, _ = u.next()
					m, _ := u.next()
					var at struct{ SessionID string }
					_ = json.Unmarshal(m.Result, &at)
					return at.SessionID
				}
				session, others := attach(one), attach(two)
				want := 2
				if then == nil {
					two.send(others, resumes, `{}`)
				} else {
					one.send(session, resumes, `{}`)
					one.send(session, "echo", `{"beside":1}`) // which is not held up
					one.expect(t, `{"id":3,"result":{"beside":1},"sessionId":"`+session+`"}`)
				}
				synctest.Wait()
				if b.fake.goOn.Load() != 0 {
					t.Error("the page has gone on before the other client said so")
				}
				if then == nil {
					one.send(session, resumes, `{}`)
				} else {
					then(b, two, others)
				}
				if m, err := one.next(); err != nil || string(m.Result) != `{}` || m.SessionID != session {
					t.Errorf("%+v, %v", m, err)
				}
				if then != nil && name != "the other lets it go on too" {
					want = 1
				}
				// Once it has gone on nobody is held.
				one.send(session, resumes, `{}`)
				go func() { // what is for the other is read
					for {
						if _, err := two.next(); err != nil {
							return
						}
					}
				}()
				if m, err := one.next(); err != nil || string(m.Result) != `{}` {
					t.Errorf("%+v, %v", m, err)
				}
				synctest.Wait()
				if int(b.fake.goOn.Load()) != want+1 || len(b.waiting) != 0 {
					t.Errorf("it went on %d times, want %d; %d wait", b.fake.goOn.Load(), want+1, len(b.waiting))
				}
				one.conn.Close()
				two.conn.Close()
				b.close()
			})
		})
	}
}

// TestAPageWaitsForNobodyAtTheEnd of the browser.
func TestAPageWaitsForNobodyAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		u := b.user(nil)
		u.send("", "attachWaiting", `{}`)
		_, _ = u.next()
		_, _ = u.next()
		u.conn.Close()
		b.close()
	})
}
