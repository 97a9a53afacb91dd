package step

var choosing = []action{
	{
		name: "select", does: "Chooses options of a select, or of a list that the page makes itself: role=combobox, which is opened by a click, or role=listbox.",
		members: []member{
			target.must(),
			{name: "value", tag: `doc:"An option's value or label." maxLength:"262144"`, secret: true},
			{name: "label", tag: `doc:"An option's label, whatever the values are." maxLength:"262144"`, secret: true},
			{name: "values", tag: `doc:"Several options, or none." maxItems:"1000"`, secret: true},
			{name: "index", tag: `doc:"The option at this place; the first is 0." minimum:"0"`},
		},
		oneOf:   []string{"value", "label", "values", "index"},
		answers: "the values that are chosen; of a list of the page's own, the labels.",
		gives:   selectResult{},
		examples: []example{{
			step:   `{"action":"select","target":"label=Size","value":"Large"}`,
			result: `{"values":["l"]}`,
		}},
		run: (*run).choose,
	},
	{
		name: "check", does: "Checks a checkbox or chooses a radio button, by a click, through its label too. One that is checked stays so.",
		members: []member{target.must(), position},
		examples: []example{{
			step: `{"action":"check","target":"label=Gift wrap"}`,
			then: `document.querySelector("#gift").checked`,
		}},
		run: func(r *run) (any, error) { return nil, r.setChecked(true) },
	},
	{
		name: "uncheck", does: "Unchecks a checkbox, by a click. One that is unchecked stays so.",
		members: []member{target.must(), position},
		examples: []example{{
			step: `{"action":"uncheck","target":"label=Newsletter"}`,
			then: `!document.querySelector("#news").checked`,
		}},
		run: func(r *run) (any, error) { return nil, r.setChecked(false) },
	},
}

func (r *run) choose() (any, error) {
	v, err := r.act(needs{Visible: true, Enabled: true}, "select", object{"wants": r.spec.wanted()})
	if err == nil && v.Custom {
		return r.chooseInList(v)
	}
	return object{"values": v.Values}, err
}

// setChecked clicks, and waits for the state. When the page has put another element
// in the place of the clicked one, and that isn't in the state, it is clicked too.
func (r *run) setChecked(want bool) error {
	state := map[bool]string{true: "checked", false: "unchecked"}[want]
	for {
		v, err := r.act(needs{}, "checked", object{"want": want})
		if err != nil || v.Checked == want {
			return err
		}
		if err := r.click(1); err != nil {
			return err
		}
		if v, err = r.judge("be "+state, object{"state": state, "replaced": rewrites.Milliseconds()}); err != nil || !v.Again {
			return err
		}
	}
}
