package mux

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestReader(t *testing.T) {
	long := strings.Repeat("y", 3*readSize)
	all := "a\x00\x00" + long + "\x00b\x00" + long + long + "\x00cut"
	for name, from := range map[string]io.Reader{"at once": strings.NewReader(all), "byte by byte": iotest.OneByteReader(strings.NewReader(all)), "with its end": iotest.DataErrReader(strings.NewReader(all))} {
		r := newReader(from)
		for _, want := range []string{"a", "", long, "b", long + long} {
			if got, err := r.next(10 * readSize); err != nil || string(got) != want {
				t.Fatalf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
			}
		}
		if _, err := r.next(10 * readSize); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := newReader(strings.NewReader(all + "\x00after\x00"))
	for _, want := range []string{"a", "", "", "b", "", "cut", "after"} { // what is too large passes by
		got, err := r.next(2 * readSize)
		if want == "" && len(got) == 0 && (err == nil || errors.Is(err, errTooLarge)) {
			continue
		}
		if err != nil || string(got) != want {
			t.Fatalf("%.10q, %v; want %q", got, err, want)
		}
	}
	if _, err := newReader(strings.NewReader("")).next(1); !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// TestQuickly: what Chromium writes is read without being parsed, and what only
// looks like it isn't.
func TestQuickly(t *testing.T) {
	for message, quick := range map[string]bool{
		`{"id":7,"result":{}}`:                                                  true,
		`{"id":7,"result":{"a":"}"},"sessionId":"AB"}`:                          true,
		`{"id":7,"error":{"code":-32000,"message":"no"},"sessionId":"AB"}`:      true,
		`{"method":"A.b","params":{}}`:                                          true,
		`{"method":"A.b","params":{"sessionId":"X"}}`:                           true,
		`{"method":"A.b","params":{"t":",\"sessionId\":\"X"},"sessionId":"AB"}`: true,
		`{"method":"A.b"}`:                                                      false,
		`{"method":"A.b","sessionId":"AB"}`:                                     true,
		`{"id":7,"result":{},"sessionId":"A\"B"}`:                               false,
		`{"id":7,"result":{},"other":"AB"}`:                                     false,
		`{"id":7,"result":{} }`:                                                 false,
		`{"error":{"code":1,"message":""},"id":7}`:                              false,
		`{"error":{"code":1,"message":"x"}}`:                                    false,
		`{"id":0,"result":{}}`:                                                  false,
		`{"sessionId":"AB","id":7,"result":{"a":[1]}}`:                          false,
	} {
		a, ok := quickly([]byte(message))
		if ok != quick {
			t.Errorf("%s: quick %v", message, ok)
		}
		slow, err := readAnswer([]byte(message + " ")) // which is never quick
		if err != nil {
			t.Errorf("%s: %v", message, err)
		}
		if quick && (a.id != slow.id || a.method != slow.method || a.session != slow.session || !bytes.Equal(bytes.Join(a.pieces(3, "S"), nil), bytes.Join(slow.pieces(3, "S"), nil))) {
			t.Errorf("%s: %+v, want %+v", message, a, slow)
		}
	}
}

// FuzzAnswer compares what passes without being parsed with the standard
// library's reading.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"id":7,"result":{"a":"}"},"sessionId":"AB"}`)
	f.Add(`{"method":"A.b","params":{"t":",\"sessionId\":\"X"},"sessionId":"AB"}`)
	f.Add(`{"error":{"code":1,"message":""},"id":7}`)
	f.Fuzz(func(t *testing.T, message string) {
		var want said
		if !json.Valid([]byte(message)) || !utf8.ValidString(message) || json.Unmarshal([]byte(message), &want) != nil || repeats(message) {
			return
		}
		if want.ID != 0 && want.Method != "" {
			return // neither an answer nor an event
		}
		a, ok := quickly([]byte(message))
		if !ok {
			return
		}
		var got said
		if err := json.Unmarshal(bytes.TrimSuffix(bytes.Join(a.pieces(a.id, a.session), nil), []byte{0}), &got); err != nil {
			t.Fatalf("%q becomes %q: %v", message, bytes.Join(a.pieces(a.id, a.session), nil), err)
		}
		if a.id != want.ID || a.method != want.Method || a.session != want.SessionID ||
			!bytes.Equal(got.Params, want.Params) || !bytes.Equal(got.Result, want.Result) {
			t.Errorf("%q is read as %+v", message, a)
		}
	})
}

// repeats says that a message has a member more than once, or in another case,
// which the standard library takes for the same.
func repeats(message string) bool {
	seen := map[string]bool{}
	d := json.NewDecoder(strings.NewReader(message))
	_, _ = d.Token()
	for d.More() {
		name, err := d.Token()
		s, ok := name.(string)
		if s = strings.ToLower(s); err != nil || !ok || seen[s] {
			return true
		}
		seen[s] = true
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			return true
		}
	}
	return false
}

func TestReadCommand(t *testing.T) {
	for message, want := range map[string]string{
		`{"id":1,"method":"A.b"}`:                          `{"id":9,"method":"A.b","sessionId":"R"}`,
		`{"method":"A.b","params":{"x":"é\ud800"},"id":1}`: `{"id":9,"method":"A.b","params":{"x":"é\ud800"},"sessionId":"R"}`,
		`{"id":1,"method":"A.b","params":null}`:            `{"id":9,"method":"A.b","params":null,"sessionId":"R"}`,
		` {"id":0,"sessionId":"S","method":"A.b"} `:        `{"id":9,"method":"A.b","sessionId":"R"}`,
		`{"id":1,"method":"A.b","method":"Browser.crash"}`: `-32600 Message has property "method" twice`,
		`{"id":1,"method":"A.b","m\u0065thod":"B.c"}`:      `-32600 Message has property "method" twice`,
		`{"id":1,"method":"A.b","Method":"B.c"}`:           `-32600 Message has property other than 'id', 'method', 'sessionId', 'params'`,
		`{"id":1,"method":"A.b","params":[]}`:              `-32600 Message may have object 'params' property`,
		`{"id":1,"method":"A.b","sessionId":1}`:            `-32600 Message may have string 'sessionId' property`,
		`{"id":"1","method":"A.b"}`:                        `-32600 Message must have integer 'id' property`,
		`{"id":1.5,"method":"A.b"}`:                        `-32600 Message must have integer 'id' property`,
		`{"method":"A.b"}`:                                 `-32600 Message must have integer 'id' property`,
		`{"id":1}`:                                         `-32600 Message must have string 'method' property`,
		`{"id":1,"method":2}`:                              `-32600 Message must have string 'method' property`,
		`{"id":1,"method":"A.b"} {"id":2,"method":"B"}`:    `-32700 JSON: something follows the message`,
		`[]`: `-32700 JSON: a message is an object`,
		`{"id":1,"method":"A.b","params":{"a":/*x*/1}}`: `-32700 `,
		`{"id":1,"method":"A.b"`:                        `-32700 `,
		``:                                              `-32700 `,
	} {
		c, no := readCommand([]byte(message))
		var got string
		if no != nil {
			raw, _ := json.Marshal(no.Code)
			got = string(raw) + " " + no.Message
			if strings.HasSuffix(want, "0 ") && strings.HasPrefix(got, want) {
				continue
			}
		} else {
			got = string(bytes.TrimSuffix(bytes.Join(c.pieces(9, "R"), nil), []byte{0}))
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", message, got, want)
		}
	}
}

// FuzzCommand: what is passed on is what was judged, read by another reader.
func FuzzCommand(f *testing.F) {
	f.Add(`{"id":1,"method":"A.b","params":{"x":"é\ud800"},"sessionId":"S"}`)
	f.Add(`{"id":1,"method":"A.b","m\u0065thod":"B.c"}`)
	f.Fuzz(func(t *testing.T, message string) {
		c, no := readCommand([]byte(message))
		if no != nil {
			return
		}
		passed := bytes.Join(c.pieces(9, "R"), nil)
		if bytes.IndexByte(passed, 0) != len(passed)-1 {
			t.Fatalf("%q holds the end of a message", passed)
		}
		var got said
		if err := json.Unmarshal(passed[:len(passed)-1], &got); err != nil {
			t.Fatalf("%q becomes %q: %v", message, passed, err)
		}
		if got.ID != 9 || got.Method != strings.ToValidUTF8(c.method, "\ufffd") && utf8.ValidString(c.method) || got.SessionID != "R" {
			t.Errorf("%q becomes %q", message, passed)
		}
	})
}
