package mux

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// overrides are the commands by which a client has a target say that the browser is
// another one, or speaks another language.
var overrides = []string{"Emulation.setUserAgentOverride", "Network.setUserAgentOverride"}

// override sees that a target has one override: a program's before the server's.
// Of two Chromium believes the one that it heard last, or, in a frame that has
// changed its process, the one of who was attached last, which is chance. What a
// program leaves out is as the server has said. It returns what is to be sent before
// the command, or that this is not sent at all. mu is held.
func (m *Mux) override(c *client, cmd *command, to string) (first [][]byte, instead bool) {
	s := m.sessions[to]
	if !slices.Contains(overrides, cmd.method) || s.target == "" {
		return nil, false
	}
	if c.server() {
		m.agent = cmd.params
		s.overrides = !m.programOverrides(s.target)
		return nil, !s.overrides
	}
	if m.agent == nil {
		return nil, false
	}
	whole, ok := completed(cmd.params, m.agent)
	if !ok {
		return nil, false
	}
	cmd.params = whole
	s.overrides = true
	for id, other := range m.sessions {
		if other.target != s.target || !other.owner.server() || !other.overrides {
			continue
		}
		other.overrides = false
		m.lastID++
		m.calls[m.lastID] = &call{then: func(answer) {}}
		first = append(first, command{method: overrides[0], params: jsontext.Value(`{"userAgent":""}`)}.pieces(m.lastID, id)...)
	}
	return first, false
}

func (m *Mux) programOverrides(target string) bool {
	for _, s := range m.sessions {
		if s.target == target && s.overrides && !s.owner.server() {
			return true
		}
	}
	return false
}

// overridesNoMore has the server's override in force again, where those of the
// sessions that have ended were. mu is held.
func (m *Mux) overridesNoMore(ended []*session) {
	for _, was := range ended {
		if !was.overrides || was.owner.server() || m.programOverrides(was.target) {
			continue
		}
		for id, s := range m.sessions {
			if s.target == was.target && s.owner.server() && !s.overrides {
				s.overrides = true
				m.sendTo(id, overrides[0], m.agent, func(answer) {})
			}
		}
	}
}

// completed is a program's override with what it leaves out: who says what the user
// agent is says what its hints are. It isn't ok when the browser refuses it, which does
// so only as it is.
func completed(programs, servers jsontext.Value) (whole jsontext.Value, ok bool) {
	said, all := Params{}, Params{}
	if json.Unmarshal(programs, &said) != nil || json.Unmarshal(servers, &all) != nil {
		return nil, false
	}
	for name, kind := range map[string]jsontext.Kind{"userAgent": '"', "acceptLanguage": '"', "platform": '"', "userAgentMetadata": '{'} {
		switch value, there := said[name]; {
		case name != "userAgent" && (!there || value.Kind() == 'n'):
			delete(said, name)
		case !there || value.Kind() != kind:
			return nil, false
		}
	}
	if said.text("userAgent") != "" {
		delete(all, "userAgentMetadata")
	}
	for name, value := range said {
		if string(value) != `""` {
			all[name] = value
		}
	}
	raw, err := json.Marshal(all, json.Deterministic(true))
	return raw, err == nil
}
