package mux

import (
	"testing"
	"testing/synctest"
)

// TestOneOverrideIsInForce on a target: a program's, with what it leaves out as the
// server has said, whoever came first; and the server's again, when the program has
// ended.
func TestOneOverrideIsInForce(t *testing.T) {
	const servers = `{"userAgent":"S","acceptLanguage":"en","userAgentMetadata":{"mobile":false}}`
	for said, want := range map[string]string{
		`{"userAgent":"","acceptLanguage":"fr"}`:   `{"acceptLanguage":"fr","userAgent":"S","userAgentMetadata":{"mobile":false}}`,
		`{"userAgent":"P"}`:                        `{"acceptLanguage":"en","userAgent":"P"}`,
		`{"userAgent":"P","userAgentMetadata":{}}`: `{"acceptLanguage":"en","userAgent":"P","userAgentMetadata":{}}`,
	} {
		for _, before := range []bool{true, false} { // the server speaks before the program, or after it
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				server, program := b.server(), b.user(Rules{})
				speak := func(u *user, session, method, params string) {
					u.send(session, method, params)
					if m, err := u.next(); err != nil || string(m.Result) != `{}` {
						t.Fatalf("%+v, %v", m, err)
					}
				}
				// Each target is told the same.
				speak(server, server.attachWaiting(), overrides[0], servers)
				b.fake.target = "U"
				var first, second string
				if before {
					first = server.attachWaiting()
					speak(server, first, overrides[0], servers)
					speak(server, first, resumes, `{}`)
					second = program.attachWaiting()
					speak(program, second, overrides[1], said)
				} else {
					second = program.attachWaiting()
					speak(program, second, overrides[1], said)
					speak(program, second, resumes, `{}`)
					first = server.attachWaiting()
					speak(server, first, overrides[0], servers)
				}
				synctest.Wait()
				in := func(session string) any { got, _ := b.fake.agents.Load(session); return got }
				if got := in(first); got != nil && got != `{"userAgent":""}` {
					t.Errorf("of the server %v is in force beside the program's", got)
				}
				if got := in(second); got != want {
					t.Errorf("for %s there is %v, want %s", said, got, want)
				}
				program.conn.Close()
				<-program.err
				synctest.Wait()
				if got := in(first); got != servers {
					t.Errorf("when the program has left %v is in force", got)
				}
				server.conn.Close()
				b.close()
			})
		}
	}
}

// TestWhatTheBrowserRefusesIsNoOverride: it goes to the browser as it is, and the
// server's stays in force.
func TestWhatTheBrowserRefusesIsNoOverride(t *testing.T) {
	const servers = `{"userAgent":"S","acceptLanguage":"en"}`
	for _, said := range []string{`{}`, `{"userAgent":7}`, `{"userAgent":null}`, `{"userAgent":"P","acceptLanguage":7}`, `{"userAgent":"P","userAgentMetadata":""}`} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			server, program := b.server(), b.user(Rules{})
			first := server.attachWaiting()
			server.send(first, overrides[0], servers)
			_, _ = server.next()
			server.send(first, resumes, `{}`)
			second := program.attachWaiting()
			program.send(second, overrides[0], said)
			if _, err := program.next(); err != nil {
				t.Fatal(err)
			}
			if got, _ := b.fake.agents.Load(second); got != said {
				t.Errorf("the browser hears %v, want %s", got, said)
			}
			if got, _ := b.fake.agents.Load(first); got != servers {
				t.Errorf("of the server %v is in force", got)
			}
			program.conn.Close()
			server.conn.Close()
			b.close()
		})
	}
}
