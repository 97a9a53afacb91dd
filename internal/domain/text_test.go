package domain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHide(t *testing.T) {
	for _, tt := range []struct{ text, userinfo, queries string }{
		{"https://x.test/a?t=1#f", "https://x.test/a?t=1#f", "https://x.test/a?…"},
		{"https://u:p@x.test", "https://x.test", "https://x.test"},
		{"https://u:p@x.test:8080/#access_token=1", "https://x.test:8080/#access_token=1", "https://x.test:8080/#…"},
		{"http://u:p%40@q@x.test/a@b", "http://x.test/a@b", "http://x.test/a@b"},
		{`http:\\u:p@x.test\a`, `http:\\x.test\a`, `http:\\x.test\a`},
		{"HTTP:////u:p@x.test/", "HTTP:////x.test/", "HTTP:////x.test/"},
		{"http://u:p@x.test?a@b", "http://x.test?a@b", "http://x.test?…"},
		{"the address is http://u:p@x.test/?t=1, not ws://v@y.test/", "the address is http://x.test/?t=1, not ws://y.test/", "the address is http://x.test/?… not ws://y.test/"},
		{`a[href="https://u@x.test/?k=v"]`, `a[href="https://x.test/?k=v"]`, `a[href="https://x.test/?…"]`},
		{"https://x.test/?to=https://u:p@y.test/", "https://x.test/?to=https://y.test/", "https://x.test/?…"},
		{"https://x.test/https://u:p@y.test/?t", "https://x.test/https://y.test/?t", "https://x.test/https://y.test/?…"},
		{"1://u@x a-1.+://u@x ://u@x", "1://u@x a-1.+://x ://u@x", "1://u@x a-1.+://x ://u@x"},
		{"https://user:pa'ss@x.test/a?t", "https://x.test/a?t", "https://x.test/a?…"},
		{"at https://u:p a\"s\ts<>@'@x.test/a", "at https://x.test/a", "at https://x.test/a"},
		{"https://o'neil:p@x.test", "https://x.test", "https://x.test"}, {"https://u@v w@x.test", "https://v w@x.test", "https://v w@x.test"},
		{"at https://x.test, mail 'me@x.test'", "at https://x.test, mail 'me@x.test'", "at https://x.test, mail 'me@x.test'"},
		{`a[href='https://x.test/'][title='a:me@x.test']`, `a[href='https://x.test/'][title='a:me@x.test']`, `a[href='https://x.test/'][title='a:me@x.test']`},
		{"mail me@x.test", "mail me@x.test", "mail me@x.test"}, {"", "", ""}, {"://@?", "://@?", "://@?"},
	} {
		if got := HideUserinfo(tt.text); got != tt.userinfo {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.userinfo)
		}
		if got := HideQueries(tt.text); got != tt.queries {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.queries)
		}
	}
}

// FuzzHide: whoever and whatever is before the host is in nothing that comes
// out, and nor is a query.
func FuzzHide(f *testing.F) {
	f.Add("user:secret", "x.test", "/path", "t=1")
	f.Add("a:b@c", "[::1]:80", "", "")
	f.Add("user:pa'ss", "x.test", "", "")
	f.Add("o'neil:p w\"<>\n@", "x.test", "", "")
	f.Fuzz(func(t *testing.T, user, host, path, query string) {
		if strings.ContainsAny(user, "/\\?#") || strings.ContainsAny(user, " \t\n\f\r\"'<>") && !strings.Contains(user, ":") || strings.ContainsAny(host+path+query, "@?# \t\n\v\f\r\"'<>/\\") || host == "" {
			return
		}
		const mark = "\uE000" // of what must go
		url := "https://" + mark + user + "@" + host + "/" + path + "?" + mark + query
		if got := HideQueries("at " + url); strings.Contains(got, mark) {
			t.Errorf("%q became %q", url, got)
		}
		if got := HideUserinfo("at " + url); strings.Count(got, mark) > 1 {
			t.Errorf("%q became %q", url, got)
		}
	})
}

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{"a\x00b": "a�b", "\xff\xfe": "�", "\xed\xa0\x80": "�", "é\x01": "é\x01", "": ""} {
		if got := CleanText(in); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: %q", in, got)
		}
	}
}
