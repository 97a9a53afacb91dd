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
	tag:  `doc:"The value is a secret: it is kept encrypted, shown to nobody, taken out of what steps answer and why they fail, and what shows it of fields and texts is covered in pictures."`,
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
