package session_test

import (
	"encoding/json"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestWhatAStepKeptCanBeUploaded by a later one; what the session hasn't can't.
func TestWhatAStepKeptCanBeUploaded(t *testing.T) {
	n := start(t, overSQLite(t), nil, nil)
	n.Blobs = &blobs{}
	withChromium(t, n)
	project := n.newProject(t)
	id, steps := n.open(t, project, step.Spec{Action: "goto", URL: "data:text/html,<input type=file>"}, step.Spec{Action: "screenshot"})
	var picture struct {
		ID   string `json:"artifactId"`
		Size int    `json:"size"`
	}
	if shot := n.ended(t, project, id, steps...)[1]; json.Unmarshal(shot.Result, &picture) != nil || picture.ID == "" {
		t.Fatalf("the screenshot: %s, %+v", shot.Result, shot.Error)
	}
	upload := func(artifact string) step.Spec {
		return step.Spec{Action: "upload", Target: "input", Files: []step.File{{Artifact: artifact}}, Timeout: "10s"}
	}
	more, err := n.AddSteps(t.Context(), project, id, []step.Spec{
		upload(picture.ID), {Action: "evaluate", Expression: "(f => [f.name, f.type, f.size])(document.querySelector('input').files[0])"}, upload("art_none"),
	}, "continue", nil)
	if err != nil {
		t.Fatal(err)
	}
	all := n.ended(t, project, id, more[0].ID, more[1].ID, more[2].ID)
	want, _ := json.Marshal([]any{picture.ID + ".png", "image/png", picture.Size})
	if got := string(all[1].Result); got != string(want) {
		t.Errorf("the page has %s, want %s; the upload: %+v", got, want, all[0].Error)
	}
	if why := all[2].Error; why == nil || why.Code != step.CodeNoArtifact {
		t.Errorf("what isn't there: %+v", why)
	}
}
