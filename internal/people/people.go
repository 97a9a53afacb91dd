// Package people is the commands for who works with a server from a terminal or a script:
// sessions, steps, events, endpoints, deliveries, artifacts. Each calls the API. A
// person gets tables, a program with --json what the API answers, and both an exit code
// that says what kind of thing went wrong.
package people

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/browserhook/browserhook/internal/apiclient"
	"github.com/browserhook/browserhook/internal/terminal"
	"github.com/browserhook/browserhook/internal/weburl"
)

// Codes that a command ends with, beside 0, 1 for anything else and 2 for a command
// line that can't be read.
const (
	exitDenied      = 3 // the key isn't known, or may not
	exitMissing     = 4 // there is no such thing
	exitRefused     = 5 // the request can't be done as it is
	exitUnavailable = 6 // no answer, or not now: try again
	exitStep        = 7 // a step failed
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

// kind gives an error the code of its kind.
func kind(err error) error {
	refused, ok := errors.AsType[*apiclient.RefusedError](err)
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case !ok:
		return &Error{exitUnavailable, err}
	}
	said := err
	if refused.Code != "" {
		said = fmt.Errorf("%s (%s)", terminal.CleanLines(refused.Detail), refused.Code)
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &Error{exitDenied, said}
	case http.StatusNotFound:
		return &Error{exitMissing, said}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		return &Error{exitUnavailable, said}
	}
	return &Error{exitRefused, said}
}

// Server is which server, and as whom: by flags, the environment, or what
// browserhook login has kept.
type Server struct {
	URL  string `help:"Address of the server. Default: that of browserhook login, or http://127.0.0.1:8080." placeholder:"URL"`
	Key  string `help:"API key. Default: that of browserhook login." placeholder:"KEY"`
	JSON bool   `name:"json" help:"Print what the API answers, for programs."`
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

// begins is how long an answer may take to begin; steps are waited for longer.
const begins = 90 * time.Second

// Client calls the server.
func (s *Server) client() (*apiclient.Client, error) {
	kept, err := remembered()
	if err != nil {
		return nil, err
	}
	if s.Key == "" && s.URL != "" && s.URL != kept.URL {
		kept.Key = "" // it is another server's
	}
	url, key := cmp.Or(s.URL, kept.URL, "http://127.0.0.1:8080"), cmp.Or(s.Key, kept.Key)
	if key == "" {
		return nil, &Error{exitDenied, errors.New("there is no API key for " + url + ": use browserhook login, --key or $BROWSERHOOK_KEY")}
	}
	return apiclient.New(url, key, begins), nil
}

// call asks the API and decodes its answer, which it returns as it came too.
func (s *Server) call(ctx context.Context, method, path string, header http.Header, in, out any) (raw json.RawMessage, err error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if header == nil {
		header = http.Header{}
	}
	res, err := c.Send(ctx, method, path, header, in)
	if err != nil {
		return nil, kind(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return nil, kind(apiclient.Refusal(res))
	}
	if raw, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer)); err != nil {
		return nil, kind(err)
	}
	if len(raw) == 0 || out == nil {
		return raw, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, &Error{exitUnavailable, errors.New("the server's answer can't be read: is --url the address of a browserhook server?")}
	}
	return raw, nil
}

const maxAnswer = 64 << 20

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
