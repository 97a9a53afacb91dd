package step

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/browser"
)

const (
	// outlineLength is how long an outline is if nobody says otherwise: what a
	// language model can read often without having room for nothing else.
	outlineLength = 10_000
	// outlineFrames is of how many frames what is in them is told.
	outlineFrames = 20
)

var looking = []action{{
	name: "snapshot",
	does: "Tells what is on the page as an outline, for a reader who can't see it: each line has a role and a name, then states and what a field holds. The target of a line is role=ROLE[name=\"NAME\"], or what stands behind its arrow; in a frame, the frame's own line and >> come before it. A name or text that ends in … is cut.",
	members: []member{
		target,
		{name: "text", tag: `doc:"Only the lines that hold this text, in any case, and those that they are in." maxLength:"1000"`},
		{name: "from", tag: `doc:"Begin with this line; next of the snapshot before." minimum:"0"`},
		{name: "maxLength", tag: `doc:"How many characters the outline may have; 10000 is the default. next says where to go on." minimum:"500" maximum:"100000"`},
	},
	answers: "the page's address and title, the outline, how many lines the whole of it has, and, if some are left, the next one.",
	gives:   outlineResult{},
	examples: []example{
		{
			step:   `{"action":"snapshot","text":"basket"}`,
			result: `{"url":"https://shop.example/","title":"Tea shop","outline":"- text: Basket: empty\n- button \"Add to basket\"","lines":2}`,
		},
		{
			step:   `{"action":"snapshot","target":"#hours"}`,
			result: `{"url":"https://shop.example/","title":"Tea shop","outline":"- row: Day | Opens | Closes\n- row: Monday | 9:00 | 18:00\n- row: Saturday | 10:00 | 13:00","lines":3}`,
		},
	},
	run: (*run).snapshot, looks: true,
}}

// outlineLine is one of an outline.
type outlineLine struct {
	Depth int    `json:"depth"`
	Text  string `json:"text"`
}

type pageOutline struct {
	URL     string `json:"url"`
	Title   string `json:"title"`
	Outline string `json:"outline"`
	Lines   int    `json:"lines"`
	Next    int    `json:"next,omitempty"`
}

func (r *run) snapshot() (any, error) {
	args := object{"testid": r.page.TestID}
	r.waitedFor = "the page to show something"
	if r.spec.Target != "" {
		args["target"] = r.target
		r.waitedFor = r.named + " to be attached"
	}
	v, err := r.poll("outline", args)
	if err != nil {
		return nil, err
	}
	var lines []outlineLine
	if err := json.Unmarshal(v.Value, &lines); err != nil {
		return nil, fmt.Errorf("read an outline: %w", err)
	}
	lines = r.withFrames(lines, v.frame)
	if r.spec.Text != nil {
		lines = holding(lines, *r.spec.Text)
	}
	out := pageOutline{Lines: len(lines)}
	out.Outline, out.Next = written(lines, r.spec.From, cmp.Or(r.spec.MaxLength, outlineLength))
	where, err := r.about()
	out.URL, out.Title = where.URL, where.Title
	return out, err
}

// withFrames puts what is in the frames of a document behind the lines that stand for
// them. One that doesn't answer is a line alone.
func (r *run) withFrames(lines []outlineLine, in browser.Frame) []outlineLine {
	frames, asked := r.page.Frames(), 0
	for _, f := range frames {
		if f.Parent != in.ID || f.Context == 0 || f.Document.Missing != "" || asked == outlineFrames || !r.answers(f) {
			continue
		}
		asked++
		var stands string
		v, err := r.ofOwner(r.ctx, f, "frameWay")
		if err != nil || json.Unmarshal(v.Value, &stands) != nil {
			continue
		}
		at := slices.IndexFunc(lines, func(l outlineLine) bool { return l.Text == stands })
		if at < 0 {
			continue // nobody sees it
		}
		v, err = r.call(f, "outline", object{"testid": r.page.TestID, "ms": 0})
		var inside []outlineLine
		if err != nil || !v.OK || json.Unmarshal(v.Value, &inside) != nil {
			continue
		}
		inside = r.withFrames(inside, f)
		for i := range inside {
			inside[i].Depth += lines[at].Depth + 1
		}
		lines = slices.Insert(lines, at+1, inside...)
	}
	return lines
}

// holding are the lines that hold a text, and those that they are in.
func holding(lines []outlineLine, text string) []outlineLine {
	text = strings.ToLower(text)
	var kept, around []outlineLine
	for _, l := range lines {
		around = slices.DeleteFunc(around, func(a outlineLine) bool { return a.Depth >= l.Depth })
		if strings.Contains(strings.ToLower(l.Text), text) {
			kept, around = append(append(kept, around...), l), nil
			continue
		}
		around = append(around, l)
	}
	return kept
}

// written is lines as a text of so many characters, from one on; next is the first
// that has no room, 0 if all do.
func written(lines []outlineLine, from, most int) (text string, next int) {
	var b strings.Builder
	for i := from; i < len(lines); i++ {
		one := strings.Repeat("  ", min(lines[i].Depth, 30)) + "- " + lines[i].Text
		if i > from && b.Len()+len(one) >= most {
			return b.String(), i
		}
		if i > from {
			b.WriteByte('\n')
		}
		b.WriteString(one)
	}
	return b.String(), 0
}
