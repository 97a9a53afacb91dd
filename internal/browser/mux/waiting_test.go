package mux

import (
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
				session, others := one.attachWaiting(), two.attachWaiting()
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

// TestTheServerSpeaksFirst: a program's commands to a target that waits come after
// those by which the server tells it of the session's options; but not when the
// server says nothing, or has gone.
func TestTheServerSpeaksFirst(t *testing.T) {
	for name, then := range map[string]func(server *user, session string){
		"it speaks":                 func(server *user, session string) { server.send(session, resumes, `{}`) },
		"it says nothing":           func(*user, string) { time.Sleep(waitsAtMost) },
		"it leaves":                 func(server *user, _ string) { server.conn.Close() },
		"its session ends":          func(server *user, session string) { server.send(session, "die", `{}`) },
		"it had spoken before that": nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				server, program := b.server(), b.user(Rules{})
				servers, programs := server.attachWaiting(), program.attachWaiting()
				if then == nil {
					server.send(servers, resumes, `{}`)
					synctest.Wait()
				}
				program.send(programs, "echo", `{"a":1}`)
				synctest.Wait()
				passed := b.fake.echoed.Load()
				if then == nil {
					if passed == 0 {
						t.Error("the program's command is held after the server has spoken")
					}
				} else {
					if passed != 0 {
						t.Error("the program's command has passed before the server's")
					}
					then(server, servers)
				}
				program.expect(t, `{"id":2,"result":{"a":1},"sessionId":"`+programs+`"}`)
				program.conn.Close()
				go func() { // what is for the server is read
					for {
						if _, err := server.next(); err != nil {
							return
						}
					}
				}()
				server.conn.Close()
				b.close()
			})
		})
	}
}
