package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// secret marks what an action types as one.
var secret = member{
	name: "secret",
	tag:  `doc:"The value is a secret: it is kept encrypted, shown to nobody, taken out of what steps answer and why they fail, and fields that hold it are covered in pictures."`,
}

// marked are the texts in the step that are marked as secrets.
func (s *Spec) marked() (all []*string) {
	if s.Secret && s.Value != nil {
		all = append(all, s.Value)
	}
	for i := range s.Cookies {
		if s.Cookies[i].Secret {
			all = append(all, &s.Cookies[i].Value)
		}
	}
	return all
}

// concealed is what is encrypted of a step.
type concealed struct {
	Texts []string      `json:"texts,omitempty"`
	State *StorageState `json:"storageState,omitempty"`
}

// Conceal takes the secrets out of the step, and answers what is to be encrypted
// of it, to be kept as Sealed: nil if there is nothing.
func (s *Spec) Conceal() []byte {
	if s.Value != nil {
		s.Value = new(*s.Value)
	}
	s.Cookies = slices.Clone(s.Cookies)
	var c concealed
	for _, one := range s.marked() {
		c.Texts = append(c.Texts, *one)
		*one = Mask
	}
	if s.StorageState != nil {
		c.State, s.StorageState = s.StorageState, &StorageState{}
	}
	if c.Texts == nil && c.State == nil {
		return nil
	}
	raw, err := json.Marshal(c)
	if err != nil { // it came as JSON
		panic(err)
	}
	return raw
}

// Reveal gives the step back what Conceal has taken.
func (s *Spec) Reveal(raw []byte) error {
	var c concealed
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	marked := s.marked()
	if len(c.Texts) != len(marked) {
		return errors.New("the step has other secrets than it was stored with")
	}
	for i, one := range marked {
		*one = c.Texts[i]
	}
	s.StorageState = c.State
	s.Sealed = nil
	return nil
}

// Shown is a stored spec for whoever gave it: without what is sealed.
func Shown(params json.RawMessage) json.RawMessage {
	var s Spec
	if err := json.Unmarshal(params, &s); err != nil || s.Sealed == nil {
		return params
	}
	s.Sealed = nil
	return s.Params()
}

// remembered has the session's secrets known before any of them can be told.
func (s *Spec) remembered(secrets *domain.Secrets) *domain.Failure {
	marked := s.marked()
	if len(marked) == 0 {
		return nil
	}
	if len(secrets.Known())+len(marked) > domain.MaxSecrets {
		return &domain.Failure{Code: "too_many_secrets", Message: fmt.Sprintf("A session can keep at most %d secrets from being told.", domain.MaxSecrets)}
	}
	for _, one := range marked {
		secrets.Add(*one)
	}
	return nil
}

// learns is how long a page may take to say how it writes them.
const learns = 500 * time.Millisecond

// learn has the session's secrets known as the fields of the page hold them now:
// grouped, cut, in capitals.
func (r *run) learn() {
	if !r.spec.Secret || r.spec.DryRun {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), learns)
	defer cancel()
	for _, v := range (&run{ctx: ctx, page: r.page}).eachFrame("spelled", object{"secrets": r.page.Secrets.Known()}) {
		r.page.Secrets.Add(v.Values...)
	}
}

// lay has every frame cover something in it, and answers what each said. A
// frame that doesn't answer is the failure hung.
func (r *run) lay(fn string, args object, hung *domain.Failure) (in []verdict, err error) {
	every := r.page.Frames()
	within := r.ctx
	if r.severalProcesses(every) {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(r.ctx, hangs)
		defer cancel()
	}
	for _, f := range documents(every) {
		v, err := (&run{ctx: within}).call(f, fn, args)
		v.frame = f
		in = append(in, v)
		switch {
		case err != nil && within.Err() != nil && r.ctx.Err() == nil:
			return in, hung
		case err != nil && !lost(err):
			return in, err
		case err == nil && !v.OK:
			return in, r.refused(v)
		}
	}
	return in, nil
}

// lift takes covers off. Nothing that follows meets them: the page hears of this
// first.
func (r *run) lift(fn string, in []verdict) {
	for _, v := range slices.Backward(in) {
		_, _ = v.frame.Session.Send("Runtime.evaluate", object{"expression": "bh." + fn + "()", "contextId": v.frame.Context})
	}
}

// late says whether covers that were laid aren't on the screen. A frame that is
// out of view shows nothing.
func late(laid, not []verdict) bool {
	return slices.ContainsFunc(not, func(v verdict) bool {
		return v.Why != "target_out_of_view" && slices.ContainsFunc(laid, func(l verdict) bool { return l.Covers && l.frame.ID == v.frame.ID })
	})
}

// covered does something while the fields of the page that hold secrets, in
// every frame, are covered, and all that is in view is on the screen as it is
// now. It is told which frames are not drawn.
func (r *run) covered(do func(not []verdict) error) error {
	hung := &domain.Failure{Code: "secrets_not_covered", Message: "A frame does not answer, so that its secrets can't be covered in the picture."}
	var in []verdict
	if known := r.page.Secrets.Known(); len(known) > 0 {
		var err error
		in, err = r.lay("cover", object{"secrets": known}, hung)
		defer r.lift("uncover", in)
		if err != nil {
			return err
		}
	}
	not, err := r.drawn()
	if err != nil {
		return err
	}
	if late(in, not) {
		return hung
	}
	return do(not)
}
