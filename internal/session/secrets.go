package session

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/step"
)

// Box encrypts what is kept and must be read back, as the store's secrets are.
// What a value belongs to must be said again to open it.
type Box interface {
	Seal(value []byte, belongsTo string) []byte
	Open(sealed []byte, belongsTo string) ([]byte, error)
}

// CodeSecrets is a session or a step whose secrets can't be read back.
const CodeSecrets = "secrets_unreadable"

// optionSecrets is what of a session's options is secret.
type optionSecrets struct {
	Headers     []domain.Header         `json:"headers,omitempty"`
	Credentials *domain.HTTPCredentials `json:"httpCredentials,omitempty"`
	Proxy       string                  `json:"proxy,omitempty"`
}

func ofOptions(project, session string) string { return project + " " + session + " options" }

// sealOptions moves what is secret of a session's options to where only the
// server that starts the browser reads it.
func (s *Service) sealOptions(project, session string, opt domain.SessionOptions) domain.SessionOptions {
	secrets := optionSecrets{Credentials: opt.Credentials}
	opt.Headers = slices.Clone(opt.Headers)
	for i, h := range opt.Headers {
		if h.Secret {
			secrets.Headers = append(secrets.Headers, h)
			opt.Headers[i].Value = domain.Hidden
		}
	}
	if c := opt.Credentials; c != nil {
		opt.Credentials = &domain.HTTPCredentials{Username: domain.Hidden, Password: domain.Hidden, Origin: c.Origin}
	}
	if shown := egress.HideProxy(opt.Proxy); shown != opt.Proxy {
		secrets.Proxy, opt.Proxy = opt.Proxy, shown
	}
	if secrets.Headers == nil && secrets.Credentials == nil && secrets.Proxy == "" {
		return opt
	}
	raw, err := json.Marshal(secrets)
	if err != nil { // the types are ours and marshal
		panic(fmt.Sprintf("marshal secrets: %v", err))
	}
	opt.Sealed = s.Box.Seal(raw, ofOptions(project, session))
	return opt
}

// openOptions is what sealOptions was given.
func (s *Service) openOptions(project, session string, opt domain.SessionOptions) (domain.SessionOptions, error) {
	if opt.Sealed == nil {
		return opt, nil
	}
	raw, err := s.Box.Open(opt.Sealed, ofOptions(project, session))
	if err != nil {
		return opt, fmt.Errorf("open the secrets of a session: %w", err)
	}
	var secrets optionSecrets
	if err := json.Unmarshal(raw, &secrets); err != nil {
		return opt, fmt.Errorf("open the secrets of a session: %w", err)
	}
	opt.Headers = slices.Clone(opt.Headers)
	for _, secret := range secrets.Headers {
		for i := range opt.Headers {
			if opt.Headers[i].Name == secret.Name {
				opt.Headers[i] = secret
			}
		}
	}
	opt.Credentials = secrets.Credentials
	if secrets.Proxy != "" {
		opt.Proxy = secrets.Proxy
	}
	return opt, nil
}

func ofStep(project, session, id string) string { return project + " " + session + " " + id }

// sealStep encrypts what is secret of a step; what is stored of it is without.
func (s *Service) sealStep(st *domain.Step, spec step.Spec) {
	if secrets := spec.Conceal(); secrets != nil {
		spec.Sealed = s.Box.Seal(secrets, ofStep(st.ProjectID, st.SessionID, st.ID))
	}
	st.Params = spec.Params()
}

// readStep is what is to be done, with its secrets.
func (s *Service) readStep(st *domain.Step) (*step.Spec, *domain.Failure) {
	var spec step.Spec
	if err := json.Unmarshal(st.Params, &spec); err != nil {
		return nil, &domain.Failure{Code: "step_unreadable", Message: "The step was stored by another version."}
	}
	if spec.Sealed == nil {
		return &spec, nil
	}
	secrets, err := s.Box.Open(spec.Sealed, ofStep(st.ProjectID, st.SessionID, st.ID))
	if err == nil {
		err = spec.Reveal(secrets)
	}
	if err != nil {
		s.Log.Error("read a step's secrets", "session", st.SessionID, "step", st.ID, "err", err)
		return nil, &domain.Failure{Code: CodeSecrets, Message: "The step's secrets were encrypted with a master key that this server doesn't have."}
	}
	return &spec, nil
}
