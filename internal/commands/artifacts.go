package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
)

// Artifacts is the commands for files.
type Artifacts struct {
	List ArtifactsList `cmd:"" help:"List what a session's steps made and its pages downloaded."`
	Get  ArtifactsGet  `cmd:"" help:"Fetch a file."`
}

// ArtifactsList is the command.
type ArtifactsList struct {
	Command
	Session string `arg:"" help:"The session's id."`
	Limit   int    `help:"At most so many; 0 is all." default:"100" placeholder:"N"`
}

// Help is what kong prints behind the rest.
func (*ArtifactsList) Help() string {
	return examples(`browserhook artifacts list browser_iwnx132n1`)
}

// Run lists artifacts.
func (c *ArtifactsList) Run(ctx context.Context, out io.Writer) error {
	s, err := c.session(c.Session)
	if err != nil {
		return err
	}
	t := &table{head: []string{"ARTIFACT", "KIND", "TYPE", "BYTES", "CREATED", "NAME"}}
	of := s.Artifacts(ctx, browserhook.ListParams{Limit: min(c.Limit, 100)})
	return list(&c.Command, out, of, c.Limit, t, "There are no artifacts.", func(a browserhook.Artifact) json.RawMessage { return a.Raw }, func(a browserhook.Artifact) []string {
		return []string{a.ArtifactID, a.Kind, a.ContentType, strconv.FormatInt(a.Size, 10), when(a.CreatedAt), a.Name}
	})
}

// ArtifactsGet is the command.
type ArtifactsGet struct {
	Command
	Session  string `arg:"" help:"The session's id."`
	Artifact string `arg:"" help:"Its id."`
	Output   string `short:"o" help:"File to write; - is the standard output. Default: the artifact's id, with an ending." placeholder:"FILE"`
}

// Help is what kong prints behind the rest.
func (*ArtifactsGet) Help() string {
	return examples(`browserhook artifacts get browser_iwnx132n1 art_06h0vrn6b12g35g6ph5tvdtch0`, `browserhook artifacts get browser_iwnx132n1 art_06h0vrn6b12g35g6ph5tvdtch0 -o - | feh -`)
}

// endings are those of files by what they hold.
var endings = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "application/pdf": ".pdf", "application/zip": ".zip", "application/json": ".json"}

// Run writes a file, whole or not at all.
func (c *ArtifactsGet) Run(ctx context.Context, out io.Writer) error {
	s, err := c.session(c.Session)
	if err != nil {
		return err
	}
	from, err := s.Artifact(ctx, c.Artifact)
	if err != nil {
		return Kind(err)
	}
	defer from.Close()
	p := begin()
	defer p.end()
	counted := &counter{p: p, size: from.Size}
	if c.Output == "-" {
		_, err := io.Copy(out, io.TeeReader(from, counted))
		return Kind(err)
	}
	name := c.Output
	if name == "" { // never what a page has called it
		media, _, _ := strings.Cut(from.ContentType, ";")
		name = filepath.Base(c.Artifact) + endings[media]
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".browserhook-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.TeeReader(from, counted))
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		os.Remove(file.Name())
		return err
	}
	p.end()
	fmt.Fprintf(out, "%s (%d bytes)\n", name, counted.n)
	return nil
}

// counter says how much of a file has come.
type counter struct {
	p       *progress
	n, size int64
}

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	if c.size > 0 {
		c.p.say("%d of %d MiB", c.n>>20, c.size>>20)
	}
	return len(b), nil
}
