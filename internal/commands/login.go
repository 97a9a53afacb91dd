package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/term"

	browserhook "github.com/browserhook/browserhook/client"
)

// login is what browserhook login keeps.
type login struct {
	URL string `yaml:"url"`
	Key string `yaml:"key"`
}

// loginFile is where it is kept: in the user's own folder of settings.
func loginFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of settings: %w", err)
	}
	return filepath.Join(dir, "browserhook", "login.yaml"), nil
}

// remembered is what was kept; nothing if there is none.
func remembered() (l login, err error) {
	path, err := loginFile()
	if err != nil {
		return l, nil //nolint:nilerr // a user without a home has flags
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err == nil {
		err = yaml.Unmarshal(raw, &l)
	}
	if err != nil {
		return l, fmt.Errorf("%s can't be read (%w): browserhook login writes it anew", path, err)
	}
	return l, nil
}

// Login is the command.
type Login struct {
	URL string `help:"Address of the server." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Key string `help:"API key. Default: a line of the standard input, which a terminal doesn't show." placeholder:"KEY"`
}

// Validate is called by kong.
func (l *Login) Validate() error {
	s := Server{URL: l.URL}
	err := s.Validate()
	l.URL = s.URL
	return err
}

// Help is what kong prints behind the rest.
func (*Login) Help() string {
	return examples(`browserhook login --url https://browsers.example`, `cat key | browserhook login`)
}

// readKey reads a line; from a terminal without showing what is typed.
func readKey(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		return bufio.NewReader(in).ReadString('\n')
	}
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	// Nothing ends the read but a line: who interrupts it gets the terminal back as it was.
	defer context.AfterFunc(ctx, func() {
		_ = term.Restore(fd, before)
		fmt.Fprintln(out)
		os.Exit(exitInterrupted)
	})()
	fmt.Fprint(out, prompt)
	line, err := term.ReadPassword(fd)
	fmt.Fprintln(out)
	return string(line), err
}

// Run keeps a key that the server knows.
func (l *Login) Run(ctx context.Context, out io.Writer) error {
	if l.Key == "" {
		line, err := readKey(ctx, os.Stdin, os.Stderr, "API key for "+l.URL+": ")
		if l.Key = strings.TrimSpace(line); l.Key == "" {
			return errors.Join(errors.New("no key was given: --key, or a line of the standard input"), err)
		}
	}
	client, err := (&Server{URL: l.URL, Key: l.Key}).Client(retries)
	if err != nil {
		return err
	}
	if _, err := client.Sessions.Page(ctx, browserhook.ListSessionsParams{Limit: 1}); err != nil {
		return Kind(err)
	}
	path, err := loginFile()
	if err != nil {
		return err
	}
	raw, err := yaml.Marshal(login{l.URL, l.Key})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// Written beside and moved: the key is never in a file that others read, whatever
	// was there before.
	beside, err := os.CreateTemp(filepath.Dir(path), "login-*")
	if err != nil {
		return err
	}
	_, err = beside.Write(raw)
	if err = errors.Join(err, beside.Close()); err == nil {
		err = os.Rename(beside.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(beside.Name()))
	}
	fmt.Fprintf(out, "Logged in to %s; kept in %s.\n", l.URL, path)
	return nil
}
