package step

// option is one that is to be chosen, as the injected engine takes it.
type option struct {
	Value string  `json:"value,omitempty"`
	Label *string `json:"label,omitempty"`
	Index *int    `json:"index,omitempty"`
}

// wanted are the options that the step names.
func (s *Spec) wanted() []option {
	all := []option{}
	for _, v := range s.Values {
		all = append(all, option{Value: v})
	}
	switch {
	case s.Value != nil:
		all = append(all, option{Value: *s.Value})
	case s.Label != nil:
		all = append(all, option{Label: s.Label})
	case s.Index != nil:
		all = append(all, option{Index: s.Index})
	}
	return all
}

// chooseInList chooses in a list that the page has made itself, as a user does:
// by clicks on its options.
func (r *run) chooseInList(v verdict) (any, error) {
	wants := r.spec.wanted()
	if !v.Open {
		if err := r.click(1); err != nil {
			return nil, err
		}
		var err error
		if v, err = r.act(needs{}, "list", nil); err != nil {
			return nil, err
		}
	}
	if !v.Several && len(wants) != 1 {
		return nil, r.refused(verdict{Why: "target_not_editable", Seen: "the list takes one option"})
	}
	chosen := []string{}
	pick := func(o option, want bool) error {
		option := object{"option": o}
		got, err := r.look(needs{Visible: true, Enabled: true}, option, "picked", nil)
		if err != nil {
			return err
		}
		if want {
			chosen = append(chosen, got.Values...)
		}
		if got.Checked == want && v.Several {
			return nil
		}
		r.part = option
		err = r.click(1)
		r.part = nil
		if err != nil {
			return err
		}
		r.waitedFor = "the option to be selected"
		_, err = r.poll("picked", object{"target": r.target, "want": want})
		return err
	}
	if v.Several {
		others, err := r.call(v.frame, "others", object{"target": r.target, "wants": wants})
		if err != nil {
			return nil, err
		}
		for _, label := range others.Values {
			if err := pick(option{Label: &label}, false); err != nil {
				return nil, err
			}
		}
	}
	for _, o := range wants {
		if err := pick(o, true); err != nil {
			return nil, err
		}
	}
	return object{"values": chosen}, nil
}
