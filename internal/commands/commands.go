// Package commands is the commands for who works with a server from a terminal or a script:
// sessions, steps, events, endpoints, deliveries, artifacts. Each calls the API. A
// person gets tables, a program with --json what the API answers, and both an exit code
// that says what kind of thing went wrong.
package commands

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
	"github.com/browserhook/browserhook/internal/weburl"
)

// Codes that a command ends with, beside 0, and 1 for anything else.
const (
	exitUsage       = 2 // the command line can't be read
	exitDenied      = 3 // the key isn't known, or may not
	exitMissing     = 4 // there is no such thing
	exitRefused     = 5 // the request can't be done as it is
	exitUnavailable = 6 // no answer, or not now: try again
	exitStep        = 7 // a step failed

	exitInterrupted = 130 // at a prompt
)

// Error is what a command ends with that has a code of its own.
type Error struct {
	code int
	err  error
}

func (e *Error) Error() string { return e.err.Error() }
func (e *Error) Unwrap() error { return e.err }

// ExitCode is the process's.
func (e *Error) ExitCode() int { return e.code }

// Kind gives an error of the API the code of its kind.
func Kind(err error) error {
	refused, ok := errors.AsType[*browserhook.Error](err)
	_, bare := err.(*browserhook.Error) // what wraps it says more
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case !ok:
		return &Error{exitUnavailable, unanswered(err)}
	}
	said := err
	if refused.Code != "" && bare {
		said = fmt.Errorf("%s (%s)", terminal.CleanLines(refused.Detail), refused.Code)
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &Error{exitDenied, said}
	case http.StatusNotFound:
		return &Error{exitMissing, said}
	}
	if refused.Temporary() || refused.Status == http.StatusOK {
		return &Error{exitUnavailable, said}
	}
	return &Error{exitRefused, said}
}

// unanswered says who didn't answer, and why.
func unanswered(err error) error {
	asked, ok := errors.AsType[*url.Error](err)
	if !ok {
		return sender.Plain(err)
	}
	u, parsed := url.Parse(asked.URL)
	if parsed != nil {
		return sender.Plain(err)
	}
	return fmt.Errorf("no answer from %s://%s: %w", u.Scheme, u.Host, sender.Plain(err))
}

// Server is which server, and as whom: by flags, the environment, or what
// browserhook login has kept.
type Server struct {
	URL string `help:"Address of the server. Default: that of browserhook login, or http://127.0.0.1:8080." placeholder:"URL"`
	Key string `help:"API key. Default: that of browserhook login." placeholder:"KEY"`
}

// Validate is called by kong.
func (s *Server) Validate() error {
	if s.URL == "" {
		return nil
	}
	u, err := weburl.Parse(s.URL)
	if err != nil {
		return fmt.Errorf("--url takes an http or https address, not %q", s.URL)
	}
	s.URL = u.String()
	return nil
}

// Command is one that prints what the API of a server answers.
type Command struct {
	Server
	JSON bool `name:"json" help:"Print what the API answers, for programs."`
}

// retries is how often a call is made again: a person would rather know.
const retries = 2

// Find fills in what no flag and no variable says.
func (s *Server) Find() error {
	kept, err := remembered()
	if err != nil {
		return err
	}
	if s.Key == "" && s.URL != "" && s.URL != kept.URL {
		kept.Key = "" // it is another server's
	}
	s.URL, s.Key = cmp.Or(s.URL, kept.URL, browserhook.DefaultURL), cmp.Or(s.Key, kept.Key)
	if s.Key == "" {
		return &Error{exitDenied, errors.New("there is no API key for " + s.URL + ": use browserhook login, --key or $BROWSERHOOK_KEY")}
	}
	return nil
}

// Client calls the server, again so often when there is no answer.
func (s *Server) Client(retries int) (*browserhook.Client, error) {
	if err := s.Find(); err != nil {
		return nil, err
	}
	return browserhook.New(browserhook.Options{URL: s.URL, Key: s.Key, Retries: retries})
}

// client calls the server.
func (c *Command) client() (*browserhook.Client, error) { return c.Client(retries) }

// session is one of the server's, by its id.
func (c *Command) session(id string) (*browserhook.Session, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	return client.Session(id), nil
}

// one makes a call that answers with one thing, and shows that; its answer as it came for
// a program.
func one[T any](s *Command, out io.Writer, call func(*browserhook.Client) (*T, error), raw func(*T) json.RawMessage, write func(io.Writer, *T)) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	got, err := call(c)
	if err != nil {
		return Kind(err)
	}
	if s.JSON {
		return printJSON(out, raw(got))
	}
	write(out, got)
	return nil
}

// list shows so many of a list; 0 is all.
func list[T any](s *Command, out io.Writer, of iter.Seq2[T, error], limit int, t *table, none string, raw func(T) json.RawMessage, row func(T) []string) error {
	all := []json.RawMessage{}
	for one, err := range of {
		if err != nil {
			return Kind(err)
		}
		if s.JSON {
			all = append(all, raw(one))
		} else {
			t.add(row(one)...)
		}
		if limit--; limit == 0 {
			break
		}
	}
	if s.JSON {
		return printAll(out, all)
	}
	return t.write(out, none)
}

// printAll writes answers of the API for a program, as a list.
func printAll(out io.Writer, all []json.RawMessage) error {
	raw, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return printJSON(out, raw)
}

// printJSON writes an answer of the API for a program.
func printJSON(out io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := out.Write(b.Bytes())
	return err
}

// forPeople says whether what is written is read from a terminal.
func forPeople(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
