package step

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// papers are the sizes of paper, in inches.
var papers = map[string][2]float64{
	"A3": {11.69, 16.54}, "A4": {8.27, 11.69}, "A5": {5.83, 8.27}, "Letter": {8.5, 11}, "Legal": {8.5, 14}, "Tabloid": {11, 17},
}

func (r *run) pdf() (any, error) {
	size := papers[cmp.Or(r.spec.Format, "A4")]
	var res struct {
		Data string `json:"data"`
	}
	args := object{
		"paperWidth": size[0], "paperHeight": size[1], "landscape": r.spec.Landscape, "printBackground": r.spec.Background,
		"pageRanges": r.spec.PageRanges, "generateTaggedPDF": true,
	}
	with, err := r.covers(nil)
	if err != nil {
		return nil, err
	}
	for {
		err = r.covered(with, func([]browser.Frame, covering) error {
			r.waitedFor = "the page to be printed"
			return r.command("Page.printToPDF", args, &res)
		})
		if !errors.Is(err, errBare) || !r.rests() {
			break
		}
	}
	if lost(err) && r.ctx.Err() == nil {
		return nil, &domain.Failure{Code: "pdf_failed", Message: "The page can't be printed so: " + err.Error() + "."}
	}
	if err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.DecodeString(res.Data)
	if err != nil {
		return nil, fmt.Errorf("decode the PDF: %w", err)
	}
	return r.kept("pdf", "application/pdf", content)
}
