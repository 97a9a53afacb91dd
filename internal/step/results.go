package step

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// What steps answer, for the API's description. What a step really answers is
// compared with it where the examples are run.

// ShownDialogs is what a result may have beside what the action answers. It is
// exported because huma describes no unexported embedded struct.
type ShownDialogs struct {
	Dialogs []dialogResult `json:"dialogs,omitempty" nullable:"false" doc:"The dialogs that pages showed meanwhile, the last 10 of them."`
}

type dialogResult struct {
	Type     string `json:"type" enum:"alert,confirm,prompt,beforeunload" doc:"What kind of dialog it was."`
	Message  string `json:"message" doc:"What it said."`
	Accepted bool   `json:"accepted" doc:"Whether it was answered with yes."`
}

// DryRunMembers are what a dry run answers. It is exported because huma describes
// no unexported embedded struct.
type DryRunMembers struct {
	DryRun bool   `json:"dryRun,omitempty" doc:"It was a dry run."`
	Found  string `json:"found,omitempty" doc:"Of a dry run: the target, as it was found."`
}

// dialogsResult is all that an action answers that has nothing to answer.
type dialogsResult struct {
	DryRunMembers
	ShownDialogs
}

type pageResult struct {
	URL    string `json:"url" doc:"The page's address."`
	Title  string `json:"title" doc:"The page's title."`
	Status int    `json:"status,omitempty" doc:"Of the HTTP answer; not there without one." example:"200"`
	ShownDialogs
}

type outlineResult struct {
	URL     string `json:"url" doc:"The page's address."`
	Title   string `json:"title" doc:"The page's title."`
	Outline string `json:"outline" doc:"A line for each thing on the page."`
	Lines   int    `json:"lines" doc:"How many lines the whole outline has."`
	Next    int    `json:"next,omitempty" doc:"The first line that is left, for from; not there when none is."`
	ShownDialogs
}

type tabResult struct {
	Index   int    `json:"index" doc:"Its place; the first is 0."`
	URL     string `json:"url" doc:"Its page's address."`
	Title   string `json:"title" doc:"Its page's title."`
	Current bool   `json:"current" doc:"Steps run in it."`
}

type tabsResult struct {
	Tab  *tabResult  `json:"tab,omitempty" doc:"The current tab."`
	Tabs []tabResult `json:"tabs,omitempty" nullable:"false" doc:"All of them, in order."`
	DryRunMembers
	ShownDialogs
}

type fileResult struct {
	ArtifactID  string `json:"artifactId" doc:"The file."`
	Name        string `json:"name" doc:"What the page calls the file, made harmless."`
	ContentType string `json:"contentType" doc:"Its media type."`
	Size        int64  `json:"size" doc:"Bytes."`
	SHA256      string `json:"sha256" doc:"In hex."`
	URL         string `json:"url" doc:"Where it came from."`
	ShownDialogs
}

// startResult is of an input that may start something.
type startResult struct {
	Tab         *tabResult `json:"tab,omitempty" doc:"With popup: the new tab."`
	ArtifactID  string     `json:"artifactId,omitempty" doc:"With download: the file, and so are the other members."`
	Name        string     `json:"name,omitempty" doc:"What the page calls the file, made harmless."`
	ContentType string     `json:"contentType,omitempty" doc:"Its media type."`
	Size        int64      `json:"size,omitempty" doc:"Bytes."`
	SHA256      string     `json:"sha256,omitempty" doc:"In hex."`
	URL         string     `json:"url,omitempty" doc:"Where it came from."`
	DryRunMembers
	ShownDialogs
}

type selectResult struct {
	Values []string `json:"values" nullable:"false" doc:"That are chosen; of a list of the page's own, the labels."`
	ShownDialogs
}

type uploadResult struct {
	Files []uploadedFile `json:"files" nullable:"false" doc:"That the page was given."`
	ShownDialogs
}

type uploadedFile struct {
	Name string `json:"name" doc:"What the page sees it called."`
	Size int64  `json:"size" doc:"Bytes."`
}

type scrollResult struct {
	X float64 `json:"x" doc:"CSS pixels."`
	Y float64 `json:"y" doc:"CSS pixels."`
	ShownDialogs
}

type artifactResult struct {
	ArtifactID  string `json:"artifactId" doc:"The file."`
	ContentType string `json:"contentType" example:"application/pdf" doc:"Its media type."`
	Size        int64  `json:"size" doc:"Bytes."`
	ShownDialogs
}

type pictureResult struct {
	ArtifactID  string `json:"artifactId" doc:"The picture."`
	ContentType string `json:"contentType" example:"image/png" doc:"Its media type."`
	Size        int64  `json:"size" doc:"Bytes."`
	Width       int    `json:"width" doc:"Its own pixels."`
	Height      int    `json:"height" doc:"Its own pixels."`
	Partial     bool   `json:"partial,omitempty" doc:"Something that was asked for is not in it."`
	ShownDialogs
}

type storageResult struct {
	ArtifactID  string `json:"artifactId,omitempty" doc:"get: what was found, as Playwright's storageState."`
	ContentType string `json:"contentType,omitempty" example:"application/json" doc:"Its media type."`
	Size        int64  `json:"size,omitempty" doc:"Bytes."`
	Cookies     int    `json:"cookies,omitempty" doc:"How many there are, or were."`
	Origins     int    `json:"origins,omitempty" doc:"How many there are, or were."`
	DryRunMembers
	ShownDialogs
}

// dryRunResult is what a dry run answers in place of what the action always does.
type dryRunResult struct {
	DryRun bool   `json:"dryRun" doc:"It was a dry run."`
	Found  string `json:"found,omitempty" doc:"The target, as it was found."`
	ShownDialogs
}

// anything is what a page says, or what is made of it.
type anything struct{}

// Results are the schemas of what steps answer, by the action.
func Results(r huma.Registry) map[string]*huma.Schema {
	of := func(v any) *huma.Schema { return r.Schema(reflect.TypeOf(v), true, "") }
	schemas := make(map[string]*huma.Schema, len(all))
	for i := range all {
		a := &all[i]
		switch gives := a.gives.(type) {
		case nil:
			schemas[a.name] = of(dialogsResult{})
		case anything:
			schemas[a.name] = &huma.Schema{Description: "Any JSON value."}
		default:
			s := of(gives)
			if len(r.SchemaFromRef(s.Ref).Required) > 0 {
				s = &huma.Schema{OneOf: []*huma.Schema{s, of(dryRunResult{})}}
			}
			schemas[a.name] = s
		}
	}
	return schemas
}
