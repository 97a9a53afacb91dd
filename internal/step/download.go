package step

import (
	"errors"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

var download = member{name: "download", tag: `doc:"It starts a download: wait for its end and keep the file as an artifact."`}

const answersFile = "the file: the artifact, its name, type, size and SHA-256, and where it came from."

var downloading = []action{{
	name: "download", does: "Answers with a file that a page has the browser download, which is kept as an artifact: the first that no step has taken yet, or the next to come. With url it opens that address, which must be a download.",
	members: []member{
		{name: "url", tag: `doc:"The address of a file." maxLength:"65536" example:"https://example.com/report.pdf"`, check: checkGoto},
	},
	answers: answersFile, gives: fileResult{},
	examples: []example{
		{
			step:   `{"action":"download","url":"https://shop.example/invoice.csv"}`,
			result: `{"artifactId":"…","name":"invoice.csv","contentType":"text/csv; charset=utf-8","size":20,"sha256":"…","url":"https://shop.example/invoice.csv"}`,
		},
		{
			before: `{"action":"click","target":"text=Invoice"}`,
			step:   `{"action":"download"}`,
			result: `{"artifactId":"…","name":"invoice.csv","contentType":"text/csv; charset=utf-8","size":20,"sha256":"…","url":"https://shop.example/invoice.csv"}`,
		},
	},
	beside: func(s *Spec) bool { return s.URL == "" },
	run:    (*run).download,
}}

func (r *run) download() (any, error) {
	after, which := 0, (func(*browser.Download) bool)(nil)
	if r.spec.URL != "" {
		after = r.page.Tabs().Downloads()
		main := r.page.Main().ID
		which = func(d *browser.Download) bool { return d.Frame == main }
		r.waitedFor = "the file"
		_, err := r.navigate()
		f, ok := errors.AsType[*domain.Failure](err)
		switch {
		case err == nil:
			return nil, &domain.Failure{Code: "download_not_started", Message: "The address is a page, not a file.", Seen: "a page at " + r.page.Main().Document.URL}
		case !ok || f.Code != CodeIsDownload:
			return nil, err
		}
	}
	return r.takeDownload(after, which)
}

// takeDownload waits for a download after the first so many that is one of which,
// or any if that is nil, and until it is kept.
func (r *run) takeDownload(after int, which func(*browser.Download) bool) (any, error) {
	r.waitedFor = "a download"
	one, err := r.page.Tabs().Download(r.whole, after, which)
	switch {
	case err == nil && one.Failure != nil:
		return nil, one.Failure
	case err == nil:
		return object{
			"artifactId": one.ArtifactID, "name": one.Name, "contentType": one.ContentType, "size": one.Size, "sha256": one.SHA256, "url": cut(one.URL),
		}, nil
	case one != nil:
		r.seen = verdict{Why: "timeout", Seen: one.Name + " is still being downloaded"}
	default:
		r.seen = verdict{Why: "download_not_started", Seen: "no download began"}
	}
	return nil, err
}
