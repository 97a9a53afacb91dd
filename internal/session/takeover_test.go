package session_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

// told remembers the events of a store's sessions in the order in which they are decided,
// which is not that in which those who have decided go on.
type told struct {
	session.Store
	news chan string
}

func (s *told) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	return s.Store.ChangeSession(ctx, project, id, func(c *domain.SessionChange) error {
		if err := fn(c); err != nil {
			return err
		}
		for _, d := range c.Drafts {
			said := string(d.Data.EventType)
			if d.Data.Controller != "" {
				said += " by " + d.Data.Controller
			}
			s.news <- said
		}
		return nil
	})
}

// TestWhoTakesASessionOverHasItAlone: the step that runs goes on, no other begins until
// it is given back, and nobody else has it meanwhile but who comes again.
func TestWhoTakesASessionOverHasItAlone(t *testing.T) {
	finish := make(chan struct{})
	run := func(ctx context.Context, _ *browser.Page, _ *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
		select {
		case <-finish:
			return []byte(`{}`), nil
		case <-ctx.Done():
			return nil, &domain.Failure{Code: step.CodeCanceled}
		}
	}
	var store *told
	n := start(t, overSQLite(t), run, func(n *node) session.Store {
		store = &told{n.store, make(chan string, 100)}
		return store
	})
	project := n.newProject(t)
	id, _ := n.newSession(t, project, 3)
	// hears waits for events.
	hears := func(want ...string) {
		t.Helper()
		var got []string
		for range want {
			select {
			case said := <-store.news:
				got = append(got, said)
			case <-time.After(20 * time.Second):
				t.Fatalf("heard %v, want %v", got, want)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("heard %v, want %v", got, want)
		}
	}
	ada := domain.Control{StreamID: "str_a", Name: "Ada", Viewer: "view_1", Resume: "tab", Artifact: "art_did"}
	take := func(by domain.Control) error {
		_, err := n.TakeOver(t.Context(), project, id, by)
		return err
	}
	hears("browser_ready", "step_started")
	if err := take(ada); err != nil {
		t.Fatal(err)
	}
	hears("browser_takeover_started by Ada")
	other := domain.Control{StreamID: "str_b", Name: "Bob", Viewer: "view_2", Resume: "tab"}
	if held, ok := errors.AsType[*session.HeldError](take(other)); !ok || held.Held() != "Ada controls the session." {
		t.Errorf("another is told %v", held)
	}
	again := ada
	again.Viewer, again.Artifact = "view_3", "art_other" // it goes on with the first
	if err := take(again); err != nil {
		t.Error(err)
	}
	nobody := ada
	nobody.Viewer, nobody.Resume = "view_4", ""
	if _, held := errors.AsType[*session.HeldError](take(nobody)); !held {
		t.Error("who can't be told apart has it too")
	}
	finish <- struct{}{}
	hears("step_completed")
	for _, gone := range []string{ada.Viewer, other.Viewer} { // it is not theirs any more, or never was
		if err := n.GiveBack(t.Context(), project, id, gone); err != nil {
			t.Error(err)
		}
	}
	if _, err := n.AddSteps(t.Context(), project, id, []step.Spec{{Action: "reload"}}, domain.OnErrorStop, nil); err != nil {
		t.Fatal(err)
	}
	s, err := n.Session(t.Context(), project, id)
	if err != nil || s.Control == nil || s.Control.Viewer != again.Viewer || s.Control.Name != "Ada" {
		t.Fatalf("controlled by %+v; %v", s.Control, err)
	}
	select {
	case heard := <-store.news:
		t.Fatalf("heard %s while it is controlled", heard)
	default:
	}
	for _, did := range []string{`{"steps":[1]}`, `{"steps":[1,2]}`} {
		for _, artifact := range []string{"art_did", "art_other"} {
			if err := n.SaveManualActions(t.Context(), project, id, artifact, []byte(did)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := n.GiveBack(t.Context(), project, id, again.Viewer); err != nil {
		t.Fatal(err)
	}
	kept, err := n.ArtifactsPage(t.Context(), project, id, "", 10)
	if err != nil || len(kept) != 1 || kept[0].ID != "art_did" || kept[0].Kind != domain.KindTakeover || kept[0].Size != 15 {
		t.Fatalf("kept %+v; %v", kept, err)
	}
	if err := n.SaveManualActions(t.Context(), project, id, "art_did", []byte("late")); err != nil {
		t.Fatal(err)
	}
	content, err := n.OpenArtifact(t.Context(), kept[0])
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if raw, err := io.ReadAll(content); string(raw) != `{"steps":[1,2]}` {
		t.Errorf("kept %s; %v", raw, err)
	}
	hears("browser_takeover_ended by Ada", "step_started")
	if err := take(other); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Close(t.Context(), project, id); err != nil {
		t.Fatal(err)
	}
	hears("browser_takeover_started by Bob", "browser_takeover_ended by Bob")
	var rest []string
	for len(rest) == 0 || rest[len(rest)-1] != "browser_closed" {
		rest = append(rest, <-store.news)
	}
	if slices.ContainsFunc(rest, func(said string) bool { return strings.HasPrefix(said, "browser_takeover") }) {
		t.Errorf("heard %v", rest)
	}
	if err := take(ada); err == nil {
		t.Error("a session that has ended was taken over")
	}
}
