package step

import (
	"encoding/base64"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
)

var picturing = []action{{
	name: "screenshot", does: "Takes a picture of what is in view, of an element or of the whole page, and keeps it as an artifact.",
	members: []member{
		target,
		{name: "fullPage", tag: `doc:"The whole page, not only what is in view."`},
		{name: "format", tag: `doc:"png is the default." enum:"png,jpeg"`},
		{name: "quality", tag: `doc:"Of a jpeg." minimum:"1" maximum:"100"`},
	},
	answers: "the artifact, and how large the picture is.",
	examples: []example{{
		step:   `{"action":"screenshot","target":"#logo"}`,
		result: `{"artifactId":"art_…","contentType":"image/png","height":40,"size":330,"width":120}`,
	}},
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
}}

func (r *run) screenshot() (any, error) {
	format := r.spec.Format
	if format == "" {
		format = "png"
	}
	args := object{"format": format}
	if r.spec.Quality != nil {
		args["quality"] = *r.spec.Quality
	}
	var metrics struct {
		View struct {
			Width  float64 `json:"clientWidth"`
			Height float64 `json:"clientHeight"`
		} `json:"cssLayoutViewport"`
		Content struct {
			Width  float64 `json:"width"`
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	if err := r.command("Page.getLayoutMetrics", nil, &metrics); err != nil {
		return nil, err
	}
	width, height := metrics.View.Width, metrics.View.Height
	switch {
	case r.spec.Target != "":
		v, err := r.act(needs{Visible: true, Point: true}, "box", nil)
		if err != nil {
			return nil, err
		}
		if v.frame.Parent != "" {
			return nil, &domain.Failure{Code: "target_in_frame", Message: "An element inside a frame can't be captured alone."}
		}
		width, height = v.Box.Width, v.Box.Height
		args["clip"] = object{"x": v.Box.X, "y": v.Box.Y, "width": width, "height": height, "scale": 1}
		args["captureBeyondViewport"] = true
	case r.spec.FullPage:
		// Past this Chromium's own limit the picture is cut.
		width, height = metrics.Content.Width, min(metrics.Content.Height, 16384)
		args["clip"] = object{"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
		args["captureBeyondViewport"] = true
	}
	var res struct {
		Data string `json:"data"`
	}
	r.waitedFor = "the picture"
	if err := r.covered(func() error { return r.command("Page.captureScreenshot", args, &res) }); err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.DecodeString(res.Data)
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	a, err := r.save(r.ctx, "screenshot", "image/"+format, content)
	if err != nil {
		return nil, &domain.Failure{Code: "artifact_not_saved", Message: "The picture could not be kept."}
	}
	return object{
		"artifactId": a.ID, "contentType": a.ContentType, "size": a.Size, "width": int(width), "height": int(height),
	}, nil
}
