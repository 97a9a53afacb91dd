package packages

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDistIsReproducible: built in another folder, by another user's habits, it is the
// same to the byte.
func TestDistIsReproducible(t *testing.T) {
	first, tree, second := dist(t), t.TempDir(), t.TempDir()
	copyTree(t, tree)
	if err := makeDist(tree, second, "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8", "GOAMD64=v3", "GOFLAGS=-buildvcs=true", "USER=somebody"); err != nil {
		t.Fatal(err)
	}
	names := files(t, first)
	if got := files(t, second); strings.Join(got, " ") != strings.Join(names, " ") || len(names) < 5 {
		t.Fatalf("%q and %q", names, got)
	}
	for _, name := range names {
		a, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs: %d and %d bytes", name, len(a), len(b))
		}
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", `cd "$1" && sha256sum --check --strict SHA256SUMS`, "", first).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// copyTree copies what is in the repository, with the tools that are built.
func copyTree(t *testing.T, to string) {
	t.Helper()
	output(t, "sh", "-ec", `cd "$1"
		git ls-files -co --exclude-standard -z | tar --create --null --files-from=- --ignore-failed-read | tar --extract --directory "$2"
		chmod -R go-rwx "$2"
		ln -s "$PWD/bin" "$2/bin"`, "", repository, to)
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// unpacked is a folder with the program's archive in it.
func unpacked(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	output(t, "tar", "xzf", filepath.Join(dist(t), "browserhook_"+release+"_linux_amd64.tar.gz"), "-C", to)
	return filepath.Join(to, "browserhook_"+release+"_linux_amd64")
}

// TestProgram: it needs nothing else, begins lean, says its version, and the SBOM has each module
// that is in it.
func TestProgram(t *testing.T) {
	program := filepath.Join(unpacked(t), "browserhook")
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it has a %s: it isn't static", p.Type)
		}
	}
	if got := output(t, program, "--version"); got != "browserhook "+release+"\n" {
		t.Errorf("--version says %q", got)
	}
	beginsLean(t, program)
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dist(t), "browserhook_"+release+"_linux_amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		BomFormat string
		Metadata  struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal(raw, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BomFormat != "CycloneDX" || bom.Metadata.Component.Version != "v"+release {
		t.Errorf("%s of %+v", bom.BomFormat, bom.Metadata.Component)
	}
	known := map[string]string{}
	for _, c := range bom.Components {
		known[c.Name] = c.Version
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if known[m.Path] != m.Version {
			t.Errorf("%s is %s in the program and %q in the SBOM", m.Path, m.Version, known[m.Path])
		}
	}
	if known["std"] == "" {
		t.Error("the SBOM lacks Go's own library")
	}
}

// TestDeb is what a package must say of itself, and where its files go.
func TestDeb(t *testing.T) {
	deb := filepath.Join(dist(t), "browserhook_"+release+"_amd64.deb")
	for field, want := range map[string]string{
		"Package": "browserhook", "Version": release, "Architecture": "amd64",
	} {
		if got := strings.TrimSpace(output(t, "dpkg-deb", "--field", deb, field)); got != want {
			t.Errorf("%s: %q", field, got)
		}
	}
	if got := output(t, "dpkg-deb", "--info", deb, "conffiles"); got != "/etc/browserhook/browserhook.yaml\n" {
		t.Errorf("conffiles: %q", got)
	}
	listed := output(t, "dpkg-deb", "--contents", deb)
	for name, mode := range map[string]string{
		"./usr/bin/browserhook":                        "-rwxr-xr-x root/root",
		"./usr/lib/systemd/system/browserhook.service": "-rw-r--r-- root/root",
		"./usr/lib/sysusers.d/browserhook.conf":        "-rw-r--r-- root/root",
		"./etc/browserhook/browserhook.yaml":           "-rw-r----- root/root", // the group is made with it
		"./usr/share/doc/browserhook/copyright":        "-rw-r--r-- root/root",
		"./usr/share/doc/browserhook/CHANGELOG.md.gz":  "-rw-r--r-- root/root",
	} {
		found := false
		for line := range strings.Lines(listed) {
			found = found || strings.HasPrefix(line, mode) && strings.HasSuffix(line, " "+name+"\n")
		}
		if !found {
			t.Errorf("no %s %s in\n%s", mode, name, listed)
		}
	}
	control := t.TempDir()
	output(t, "dpkg-deb", "--control", deb, control)
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		output(t, "sh", "-n", filepath.Join(control, script))
	}
	// The settings that it comes with are some.
	data := t.TempDir()
	output(t, "dpkg-deb", "--extract", deb, data)
	program := filepath.Join(data, "usr/bin/browserhook")
	got := output(t, "sh", "-c", `"$1" --config "$2" keys list --data "$3" 2>&1 || true`, "", program, filepath.Join(data, "etc/browserhook/browserhook.yaml"), data)
	if !strings.Contains(got, "there is no database") {
		t.Errorf("with the package's settings: %s", got)
	}
}
