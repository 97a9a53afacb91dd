package step

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the formats of pictures
	_ "image/png"
	"math"

	"github.com/browserhook/browserhook/internal/domain"
)

var picturing = []action{
	{
		name: "screenshot",
		does: "Takes a picture of what is in view, of an element, in a frame too, or of the whole page however tall it is, and keeps it as an artifact.",
		members: []member{
			target,
			{name: "fullPage", tag: `doc:"The whole page, not only what is in view."`},
			{name: "mask", tag: `doc:"What all that match these targets, in every frame, is covered in the picture." maxItems:"100"`, check: checkMask},
			{name: "format", tag: `doc:"png is the default." enum:"png,jpeg"`},
			{name: "quality", tag: `doc:"Of a jpeg." minimum:"1" maximum:"100"`},
			{name: "scale", tag: `doc:"A pixel of the picture for one of the screen (device, the default) or for one of CSS. They differ where the session has a deviceScaleFactor." enum:"device,css"`},
		},
		answers: "the artifact, and how large the picture is, in its own pixels. partial says that an element is larger than what its frame shows, and the picture only of that, or that a picture of more than is in view lacks what frames of other sites don't draw while they are out of view: a picture of such a frame's element has it. Where something is covered, a frame that has not drawn its new page yet is left out, too.",
		gives:   pictureResult{},
		examples: []example{
			{
				step:   `{"action":"screenshot","target":"#logo"}`,
				result: `{"artifactId":"art_…","contentType":"image/png","height":40,"size":330,"width":120}`,
			},
			{
				step:   `{"action":"screenshot","mask":["label=E-mail"],"format":"jpeg","quality":60}`,
				result: `{"artifactId":"art_…","contentType":"image/jpeg","height":720,"size":49000,"width":1280}`,
			},
		},
		check: func(s *Spec, at pathTo) error {
			if s.Quality != nil && s.Format != "jpeg" {
				return domain.Invalid(at("quality"), "is for jpeg only")
			}
			if s.FullPage && s.Target != "" {
				return domain.Invalid(at("fullPage"), "can't go with a target")
			}
			return nil
		},
		run: (*run).screenshot,
	},
	{
		name: "pdf",
		does: "Prints the page, as its style for print has it, and keeps the PDF as an artifact.",
		members: []member{
			{name: "format", tag: `doc:"The paper; A4 is the default." enum:"A3,A4,A5,Letter,Legal,Tabloid"`},
			{name: "landscape", tag: `doc:"The paper lies on its longer side."`},
			{name: "background", tag: `doc:"Backgrounds are printed too."`},
			{name: "pageRanges", tag: `doc:"Which pages; all by default." maxLength:"256" pattern:"^ *[0-9]+( *- *[0-9]+)?( *, *[0-9]+( *- *[0-9]+)?)* *$" patternDescription:"pages and ranges such as 1-5, 8" example:"1-5, 8"`},
		},
		answers: "the artifact.",
		gives:   artifactResult{},
		examples: []example{{
			step:   `{"action":"pdf","format":"A4","background":true}`,
			result: `{"artifactId":"art_…","contentType":"application/pdf","size":26000}`,
		}},
		run: (*run).pdf,
	},
}

func checkMask(s *Spec, field string) error {
	for i, raw := range s.Mask {
		at := fmt.Sprintf("%s[%d]", field, i)
		t, err := ParseTarget(raw)
		if err != nil {
			return domain.Invalid(at, "%s", err)
		}
		if t.Frames != nil {
			return domain.Invalid(at, "at 1: every frame is looked at, frame= is for the step's own target")
		}
	}
	return nil
}

// maxPixels bounds a picture: Chromium has all of it in memory at once.
const maxPixels = 100e6

// maxJPEG is how many pixels a side of a JPEG can have.
const maxJPEG = 65535

func (r *run) screenshot() (any, error) {
	for {
		area, err := r.area()
		if err != nil {
			return nil, err
		}
		format := cmp.Or(r.spec.Format, "png")
		args := object{"format": format}
		if r.spec.Quality != nil {
			args["quality"] = *r.spec.Quality
		}
		pixels := area.device
		if r.spec.Scale == "css" {
			pixels = 1
		}
		width, height := area.Width*pixels, area.Height*pixels
		if width*height > maxPixels || format == "jpeg" && max(width, height) > maxJPEG {
			return nil, &domain.Failure{Code: "picture_too_large", Message: fmt.Sprintf(
				"The picture would have %.0f × %.0f pixels; at most %.0f million are taken, and a jpeg has at most %d a side. A target is a part of the page.", width, height, maxPixels/1e6, maxJPEG)}
		}
		if r.spec.Target != "" || r.spec.FullPage || pixels != area.device {
			args["clip"] = clip(rect{area.X, area.Y, area.Width, area.Height}, pixels/area.device)
			args["captureBeyondViewport"] = !area.inView()
		}
		content, lacks, err := r.taken(area, pixels, args)
		if errors.Is(err, errBare) && r.rests() {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch again, err := r.again(area, lacks); {
		case err != nil:
			return nil, err
		case again:
			continue
		}
		is, _, err := image.DecodeConfig(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("decode the picture: %w", err)
		}
		if float64(is.Width) < math.Floor(width)-1 || float64(is.Height) < math.Floor(height)-1 {
			return nil, &domain.Failure{Code: "picture_too_large", Message: fmt.Sprintf("Chromium cut the picture to %d × %d pixels of %.0f × %.0f.", is.Width, is.Height, width, height)}
		}
		lacking, err := r.lacking(area, lacks, width*height)
		if err != nil {
			return nil, err
		}
		result, err := r.kept("screenshot", "image/"+format, content)
		if err != nil {
			return nil, err
		}
		result["width"], result["height"] = is.Width, is.Height
		if area.partial || lacking {
			result["partial"] = true
		}
		return result, nil
	}
}

// taken is a picture with what is to be covered in it, and the frames that aren't
// drawn.
func (r *run) taken(a area, pixels float64, args object) (content []byte, lacks []verdict, err error) {
	with, err := r.covers(r.spec.Mask)
	if err != nil {
		return nil, nil, err
	}
	err = r.pictured(with, func(not []verdict) (err error) {
		lacks = not
		if args["captureBeyondViewport"] == true && r.composes(a.Width*a.Height*pixels*pixels) {
			content, err = r.composed(a, pixels, args)
		} else {
			content, err = r.capture(args)
		}
		return err
	})
	return content, lacks, err
}

// kept keeps what the step made and answers what is told of it.
func (r *run) kept(kind, contentType string, content []byte) (object, error) {
	a, err := r.save(r.ctx, kind, contentType, content)
	if err != nil {
		return nil, &domain.Failure{Code: "artifact_not_saved", Message: "What the step made could not be kept."}
	}
	return object{"artifactId": a.ID, "contentType": a.ContentType, "size": a.Size}, nil
}
