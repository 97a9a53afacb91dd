package browser

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"report.pdf": "report.pdf", "../../etc/passwd": "passwd", `C:\temp\a.txt`: "a.txt", ".htaccess": "htaccess", "": "download",
		"..": "download", "/": "download", "a\x00b.txt": "a_b.txt", "e\u202etxt.exe": "etxt.exe", "con.txt": "_con.txt", "LPT1": "_LPT1",
		`a<b>:"|?*.csv`: "a_b______.csv", "Übersicht – März.xlsx": "Übersicht – März.xlsx", "trailing. ": "trailing", "a b.tar.gz": "a b.tar.gz",
		strings.Repeat("é", 300) + ".csv": strings.Repeat("é", 98) + ".csv",
	} {
		if got := FileName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// FuzzFileName: whatever a stranger calls a file, it is called something that
// is a name in every folder.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{"report.pdf", "../x", `\\a\b`, "con", ".", "a\u202eb", "\xff\xfe", strings.Repeat("x", 400) + ".y"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := FileName(name)
		bad := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`/\<>:"|?*`, r) }
		base, _, _ := strings.Cut(got, ".")
		if got == "" || len(got) > maxFileName+1 || !utf8.ValidString(got) || strings.ContainsFunc(got, bad) || got[0] == '.' || strings.HasSuffix(got, ".") || reserved[strings.ToUpper(base)] {
			t.Errorf("%q is called %q", name, got)
		}
		if again := FileName(got); again != got {
			t.Errorf("%q is called %q, and that %q", name, got, again)
		}
	})
}
