package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func file(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestRelease: the version is everywhere the newest release's of the changelog, and of
// each release both stores keep a database, which TestUpgrade opens.
func TestRelease(t *testing.T) {
	releases := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$`).FindAllStringSubmatch(file(t, "CHANGELOG.md"), -1)
	if len(releases) == 0 {
		t.Fatal("the changelog has no release")
	}
	newest := releases[0][1]
	if newest != release {
		t.Errorf("these tests build %s, and the newest release is %s", release, newest)
	}
	for name, text := range map[string]string{
		"internal/app/version.go":            "\nconst Release = \"" + newest + "\"\n",
		"deploy/helm/browserhook/Chart.yaml": "\nversion: " + newest + "\nappVersion: " + newest + "\n",
		"sdk/typescript/package.json":        "\n  \"version\": \"" + newest + "\",\n",
		"compose.yaml":                       "image: browserhook:" + newest + "\n",
		"compose.cluster.yaml":               "image: browserhook:" + newest + "\n",
		"docs/install.md":                    "`browserhook_" + newest + "_amd64.deb`",
	} {
		if !strings.Contains(file(t, name), text) {
			t.Errorf("%s doesn't say %q", name, text)
		}
	}
	for _, r := range releases {
		for _, kept := range []string{"sqlite/testdata/kept/" + r[1] + ".db", "postgres/testdata/kept/" + r[1] + ".sql"} {
			if _, err := os.Stat(filepath.Join(repository, "internal/store", kept)); err != nil {
				t.Errorf("no database of %s is kept: go test ./internal/store/sqlite ./internal/store/postgres -run TestUpgrade -keep %s", r[1], r[1])
			}
		}
	}
}

// TestVersion is what a build is called: by the release's tag, by its commit, and without
// its history by the release.
func TestVersion(t *testing.T) {
	tree := t.TempDir()
	says := func(want string) {
		t.Helper()
		if got := strings.TrimSpace(output(t, filepath.Join(tree, "scripts/version"))); !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("it says %s, and should %s", got, want)
		}
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", tree, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	output(t, "sh", "-ec", `mkdir -p "$2/scripts" "$2/internal/app" && cp "$1/scripts/version" "$2/scripts/" && echo 'const Release = "7.8.9"' >"$2/internal/app/version.go"`, "", repository, tree)
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(tree))
	says(`7\.8\.9`)
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "--message=one")
	says(`7\.8\.9\+g[0-9a-f]{10}`)
	git("tag", "v7.8.8")
	says(`7\.8\.9\+g[0-9a-f]{10}`)
	git("tag", "--annotate", "--message=x", "v7.8.9")
	says(`7\.8\.9`)
	if err := os.WriteFile(filepath.Join(tree, "scripts/version"), []byte(file(t, "scripts/version")+"#\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	says(`7\.8\.9\+g[0-9a-f]{10}\.changed`)
}
