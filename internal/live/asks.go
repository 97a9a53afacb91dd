package live

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/browser"
)

// What the page asks, and its pictures don't show: every viewer is told, and who has
// control answers.

// ask is what the viewer is told of it.
type ask struct {
	Type string       `json:"type"` // ask
	Ask  *browser.Ask `json:"ask"`  // null: the page asks nothing any more
}

// sendAsk tells the viewer what the page asks, if it was told something else.
func (v *viewer) sendAsk(ctx context.Context) error {
	message := ask{Type: "ask"}
	var number int64
	if v.page != nil {
		if message.Ask = v.page.Ask(); message.Ask != nil {
			number = message.Ask.Number
		}
	}
	if number == v.asked {
		return nil
	}
	v.asked = number
	return v.sendJSON(ctx, message)
}

const (
	maxReplies = 8  // that wait
	maxGiven   = 32 // files at once
)

// fitsAsk says whether the message is within its bounds.
func (in input) fitsAsk() bool {
	if in.Type == "answer" {
		return in.Number > 0 && in.Option >= 0 && in.Option < browser.MaxOptions && (in.Value == nil || len(*in.Value) <= 60_000)
	}
	var size int64
	for _, f := range in.Files {
		if f.Name == "" || len(f.Name) > 255 || strings.ContainsAny(f.Name, "/\\\x00") || f.Size < 0 || f.Size > browser.MaxUpload {
			return false
		}
		size += f.Size
	}
	return in.Number > 0 && len(in.Files) > 0 && len(in.Files) <= maxGiven && size <= browser.MaxUpload
}

// reply is what a viewer with control says to what the page asks.
type reply struct {
	input
	given *browser.Upload // the files, when all have come
}

// takeAsks has what the page asks wait for the viewer, who has control now.
func (c *controller) takeAsks() {
	if page, ok := c.sessions.Page(c.session); ok && c.detach == nil && page.Tabs() != nil {
		c.detach = page.Tabs().Attended()
	}
	c.attends.Store(true)
}

func (c *controller) stopAsks() {
	c.attends.Store(false)
	if c.detach != nil {
		c.detach()
		c.detach = nil
	}
}

// reply answers the page, beside what else the viewer does: the input that made the page
// ask is over when it is answered.
func (c *controller) reply(ctx context.Context) {
	for {
		select {
		case r := <-c.replies:
			one, cancel := context.WithTimeout(ctx, inputWithin)
			if err := c.answerPage(one, r); err != nil {
				c.log.Debug("viewer's answer", "session", c.session, "err", err)
				if !errors.Is(err, browser.ErrAnswered) {
					_ = c.sendJSON(ctx, notice{Type: "refused", Message: "The page did not take it."})
				}
			}
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

func (c *controller) answerPage(ctx context.Context, r reply) error {
	page, ok := c.asking(int64(r.Number))
	if !ok || !c.attends.Load() {
		return browser.ErrAnswered
	}
	c.sessions.Touch(c.session)
	defer c.trackInput()()
	if r.given != nil {
		return page.GiveFiles(ctx, int64(r.Number), r.given.Paths)
	}
	if a, t := page.Ask(), c.takeover.Load(); a != nil && t != nil {
		t.tracker.AnswerDialog(a.Kind, r.Accept, r.Value)
	}
	return page.Answer(ctx, int64(r.Number), browser.Answer{Accept: r.Accept, Text: r.Value, Option: r.Option})
}

// asking is the tab that asks that: what one asks behind another has to be answered too.
func (v *viewer) asking(number int64) (*browser.Page, bool) {
	page, ok := v.sessions.Page(v.session)
	if !ok || page.Tabs() == nil {
		return nil, false
	}
	all := page.Tabs().Open()
	i := slices.IndexFunc(all, func(p *browser.Page) bool { a := p.Ask(); return a != nil && a.Number == number })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

// upload is what comes of files that a viewer gives. Only who reads its messages knows it.
type upload struct {
	number int
	given  *browser.Upload
}

// ready tells the viewer that it may send the bytes of the files.
type ready struct {
	Type   string `json:"type"` // ready
	Number int    `json:"number"`
}

// begin takes files from a viewer who has control, when the page asks for some.
func (v *viewer) begin(ctx context.Context, in input) error {
	v.upload.discard()
	v.gives = true
	page, ok := v.asking(int64(in.Number))
	if !ok || !v.attends.Load() {
		return v.sendJSON(ctx, notice{Type: "refused", Message: "The page asks for no files any more."})
	}
	given, err := page.Tabs().BeginUpload(in.Files)
	if err != nil {
		v.log.Debug("take files", "session", v.session, "err", err)
		why := "The server can't take the files right now."
		if errors.Is(err, browser.ErrUploadTooLarge) {
			why = "The session takes no more files."
		}
		return v.sendJSON(ctx, notice{Type: "refused", Message: why})
	}
	v.upload = upload{in.Number, given}
	if err := v.sendJSON(ctx, ready{"ready", in.Number}); err != nil {
		return err
	}
	v.receive(ctx, nil) // they may all be empty
	return nil
}

// receive takes more of the files. What comes when none are awaited was on its way when they
// were refused.
func (v *viewer) receive(ctx context.Context, raw []byte) {
	given := v.upload.given
	if given == nil {
		return
	}
	if _, err := given.Write(raw); err != nil {
		v.log.Warn("files that a viewer gave could not be kept", "session", v.session, "err", err)
		v.upload.discard()
		_ = v.sendJSON(ctx, notice{Type: "refused", Message: "The server can't keep the files."})
		return
	}
	if !given.Whole() {
		return
	}
	given.Close()
	select {
	case v.replies <- reply{input: input{Type: "files", Number: v.upload.number}, given: given}:
	default:
	}
	v.upload = upload{}
}

func (u *upload) discard() {
	if u.given != nil {
		u.given.Discard()
		*u = upload{}
	}
}
