// Command image makes the container's image without a container engine: it does what the
// last stage of the Dockerfile says in a Debian root, and writes root and program as an
// archive that docker load, podman load and skopeo read. It needs root, for chroot.
//
//	go run ./image -root FOLDER -program bin/browserhook -version 0.1.0 -o image.tar
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

var (
	dockerfile = flag.String("dockerfile", "Dockerfile", "what to do")
	root       = flag.String("root", "", "Debian root to begin with, for the image of FROM; it is changed")
	program    = flag.String("program", "", "program for what is copied from the stage that builds")
	version    = flag.String("version", "", "tag of the image, and its label")
	output     = flag.String("o", "", "archive to write")
	arch       = flag.String("arch", runtime.GOARCH, "architecture of root and program")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	text, err := os.ReadFile(*dockerfile)
	if err != nil {
		log.Fatal(err)
	}
	s, err := parse(string(text))
	if err != nil {
		log.Fatal(err)
	}
	if err := build(s); err != nil {
		log.Fatal(err)
	}
}

func build(s stage) error {
	at := time.Unix(0, 0).UTC()
	if epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		at = time.Unix(epoch, 0).UTC()
	}
	for _, command := range s.runs {
		log.Println("RUN", command)
		run := exec.Command("chroot", *root, "/bin/sh", "-ec", command)
		run.Env = []string{"PATH=" + path, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}
		run.Stdout, run.Stderr = io.Discard, os.Stderr
		if err := run.Run(); err != nil {
			return fmt.Errorf("RUN %s: %w", command, err)
		}
	}
	added, err := copied(s)
	if err != nil {
		return err
	}
	defer os.RemoveAll(added)
	img := v1.Image(empty.Image)
	for _, folder := range []string{*root, added} {
		var raw bytes.Buffer
		if err := layer(&raw, folder, at); err != nil {
			return err
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw.Bytes())), nil }, tarball.WithCompressedCaching)
		if err != nil {
			return err
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{Created: v1.Time{Time: at}}}); err != nil {
			return err
		}
	}
	if img, err = mutate.ConfigFile(img, config(img, s, at)); err != nil {
		return err
	}
	tag, err := name.NewTag("browserhook:" + strings.ReplaceAll(*version, "+", "-"))
	if err != nil {
		return err
	}
	return tarball.WriteToFile(*output, tag, img)
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// copied is a folder with what comes from the stage that builds: the program.
func copied(s stage) (string, error) {
	folder, err := os.MkdirTemp("", "image-")
	if err != nil {
		return "", err
	}
	for _, c := range s.copies {
		raw, err := os.ReadFile(*program)
		if err != nil {
			return "", err
		}
		to := filepath.Join(folder, c[1])
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(to, raw, 0o755); err != nil {
			return "", err
		}
	}
	return folder, nil
}

func config(img v1.Image, s stage, at time.Time) *v1.ConfigFile {
	file, err := img.ConfigFile()
	if err != nil {
		log.Fatal(err)
	}
	file = file.DeepCopy()
	file.Architecture, file.OS, file.Created = *arch, "linux", v1.Time{Time: at}
	file.Config = v1.Config{
		User: s.user, WorkingDir: s.dir, StopSignal: s.signal, Entrypoint: s.entrypoint, Cmd: s.cmd,
		Env:     slices.Concat([]string{"PATH=" + path}, s.env),
		Volumes: set(s.volumes, ""), ExposedPorts: set(s.ports, "/tcp"),
		Labels: map[string]string{
			"org.opencontainers.image.title":    "browserhook",
			"org.opencontainers.image.version":  *version,
			"org.opencontainers.image.source":   "https://github.com/browserhook/browserhook",
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return file
}

func set(all []string, suffix string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, a := range all {
		m[a+suffix] = struct{}{}
	}
	return m
}
