package packages

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// imageConfig is how a container of the image is started.
type imageConfig struct {
	Config struct {
		User, WorkingDir     string
		Env, Entrypoint, Cmd []string
		ExposedPorts         map[string]struct{}
		Volumes              map[string]struct{}
		Labels               map[string]string
	}
}

// unpackImage lays the image's layers over one another in a folder, as an engine does.
func unpackImage(t *testing.T, archive, to string) (c imageConfig) {
	t.Helper()
	dir := t.TempDir()
	output(t, "tar", "--extract", "--file", archive, "--directory", dir)
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
	if len(manifest) != 1 || strings.Join(manifest[0].RepoTags, " ") != "browserhook:"+release || len(manifest[0].Layers) != 2 {
		t.Fatalf("the archive has %+v", manifest)
	}
	readJSON(t, filepath.Join(dir, manifest[0].Config), &c)
	for _, l := range manifest[0].Layers {
		output(t, "tar", "--extract", "--gzip", "--numeric-owner", "--preserve-permissions", "--file", filepath.Join(dir, l), "--directory", to)
	}
	return c
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestImage: what the image has, started as its configuration says with nothing but what
// compose.yaml leaves to it, has browsers with a sandbox, drains and ends in order.
func TestImage(t *testing.T) {
	if !*roots {
		t.Skip("only with -roots: make packages")
	}
	dir, err := os.MkdirTemp("/var/tmp", "browserhook-image-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // it is the container's root
		t.Fatal(err)
	}
	archive := filepath.Join(repository, "dist/browserhook_"+release+"_image.tar")
	c := unpackImage(t, archive, dir).Config
	if _, ok := c.ExposedPorts["8080/tcp"]; !ok || c.User != "10001:10001" || c.WorkingDir != "/data" || c.Labels["org.opencontainers.image.version"] != release {
		t.Errorf("its configuration is %+v", c)
	}
	if _, ok := c.Volumes["/data"]; !ok {
		t.Errorf("its volumes are %v", c.Volumes)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	// The volume, with the owner and mode that the image gives it; what it has itself can't
	// be written to.
	data, err := os.MkdirTemp("/var/tmp", "browserhook-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	output(t, "cp", "--archive", "--no-target-directory", filepath.Join(dir, "data"), data)
	words := []string{"systemd-nspawn", "--quiet", "--resolv-conf=off", "--register=no", "--keep-unit", "--directory", dir, "--read-only", "--tmpfs=/tmp:mode=1777", "--bind=" + data + ":/data",
		"--drop-capability=all", "--no-new-privileges=yes", "--user=browserhook", "--chdir=" + c.WorkingDir, "--pipe"}
	for _, e := range append(c.Env, "BROWSERHOOK_LISTEN="+address) {
		words = append(words, "--setenv="+e)
	}
	words = append(append(words, c.Entrypoint...), c.Cmd...)
	var said harness.Shell
	engine := exec.CommandContext(t.Context(), words[0], words[1:]...)
	engine.Stdout, engine.Stderr = &said, &said
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- engine.Wait() }()
	t.Cleanup(func() {
		_ = engine.Process.Kill()
		if t.Failed() {
			t.Logf("it says:\n%s", said.Output())
		}
	})
	key := regexp.MustCompile(`bh_[0-9A-Za-z]+`)
	if err := harness.Until(t.Context(), func() (bool, error) {
		select {
		case err := <-ended:
			return false, fmt.Errorf("it has ended: %w", errors.Join(err, io.ErrUnexpectedEOF))
		default:
			return strings.Contains(said.Output(), "Listening"), nil
		}
	}); err != nil {
		t.Fatal(err)
	}
	client := &harness.Client{URL: "http://" + address, Key: key.FindString(said.Output())}
	resp, err := http.Get(client.URL + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	ready, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if strings.Contains(string(ready), "sandbox") || strings.Contains(string(ready), "network namespace") || !strings.HasPrefix(string(ready), "ok\n") {
		t.Errorf("/readyz: %s", ready)
	}
	made, err := client.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	if _, err := client.WaitSession(t.Context(), id, "READY"); err != nil {
		t.Fatal(err)
	}
	// As the chart's preStop does: a signal for process 1.
	first, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", engine.Process.Pid, engine.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var one int
	if _, err := fmt.Sscan(string(first), &one); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(one, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if err := harness.Until(t.Context(), func() (bool, error) {
		nodes, err := client.Do(t.Context(), http.MethodGet, "/v1/nodes", nil)
		return err == nil && nodes.List("data")[0].String("state") == "DRAINING", err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	if err := harness.Until(t.Context(), func() (bool, error) {
		select {
		case err := <-ended:
			ended <- err
			return true, err
		default:
			return false, nil
		}
	}); err != nil {
		t.Errorf("drained, it ends with %v", err)
	}
}

// TestImageHasNothingOfTheMachine that made it.
func TestImageHasNothingOfTheMachine(t *testing.T) {
	if !*roots {
		t.Skip("only with -roots: make packages")
	}
	dir := t.TempDir()
	archive := filepath.Join(repository, "dist/browserhook_"+release+"_image.tar")
	output(t, "tar", "--extract", "--file", archive, "--directory", dir)
	layers, _ := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if len(layers) != 2 {
		t.Fatalf("%d layers", len(layers))
	}
	for _, l := range layers {
		zip := exec.CommandContext(t.Context(), "gzip", "-dc", l)
		raw, err := zip.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := zip.Start(); err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(raw); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, no := range []string{"etc/resolv.conf", "etc/machine-id", "var/lib/apt/lists/", "var/log/", "var/cache/", "root/.bash_history"} {
				if h.Name == no && !strings.HasSuffix(no, "/") || strings.HasPrefix(h.Name, no) && h.Name != no {
					t.Errorf("it has %s", h.Name)
				}
			}
		}
		if err := zip.Wait(); err != nil {
			t.Error(err)
		}
	}
}
