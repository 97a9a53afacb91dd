package step

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestFilesThatCantBeUploaded are refused when the step is sent.
func TestFilesThatCantBeUploaded(t *testing.T) {
	for files, want := range map[string]string{
		`[{"name":"a.txt","content":"SGVsbG8="}]`: "",
		`[{"name":"empty"}]`:                      "",
		`[{"artifactId":"art_01"}]`:               "",
		`[]`:                                      "",
		`[{}]`:                                    "s.files[0]: needs a name",
		`[{"content":"SGVsbG8="}]`:                "s.files[0].name: is needed",
		`[{"name":"a"},{"name":"../b","content":""}]`:                          "s.files[1].name: is a path",
		`[{"name":"a","content":"SGVsbG8"}]`:                                   "s.files[0].content: is not base64",
		`[{"name":"a","content":"SGVsbG8=","artifactId":"art_01"}]`:            "s.files[0]: has content",
		`[{"artifactId":"step_01"}]`:                                           "s.files[0].artifactId: is not the id",
		`[{"name":"` + strings.Repeat("n", 300) + `","content":""}]`:           "s.files[0].name: ",
		`[{"name":"a","content":"` + strings.Repeat("AAAA", 1<<18) + `AAAA"}]`: "s.files[0].content: ",
	} {
		var s Spec
		err := json.Unmarshal([]byte(`{"action":"upload","target":"#f","files":`+files+`}`), &s)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		if err := s.Check("s"); err != nil {
			e, _ := errors.AsType[*domain.Error](err)
			said = e.Field + ": " + e.Message
		}
		if want == "" && said != "" || !strings.HasPrefix(said, want) {
			t.Errorf("%.80s: %s, want %s", files, said, want)
		}
	}
}

// TestArtifactsAreLoaded, with a name and a type, and no more of them than fit.
func TestArtifactsAreLoaded(t *testing.T) {
	fetch := func(ctx context.Context, id string) (domain.Artifact, []byte, error) {
		switch id {
		case "art_none":
			return domain.Artifact{}, nil, domain.ErrNotFound
		case "art_away":
			return domain.Artifact{}, nil, errors.New("the store is away")
		case "art_slow":
			<-ctx.Done()
			return domain.Artifact{}, nil, ctx.Err()
		case "art_huge":
			return domain.Artifact{ID: id, Size: MaxUpload + 1}, make([]byte, MaxUpload+1), nil
		}
		return domain.Artifact{ID: id, ContentType: "image/png", Size: 5}, []byte("Hello"), nil
	}
	for id, code := range map[string]string{"art_1": "", "art_none": CodeNoArtifact, "art_huge": CodeTooLarge, "art_away": CodeUnread, "art_slow": CodeTimeout} {
		s := Spec{Action: "upload", Target: "#f", Timeout: "100ms", Files: []File{{Name: "own.txt"}, {Artifact: id}}}
		why := s.Load(t.Context(), fetch)
		if code != "" {
			if why == nil || why.Code != code || MayWork(why) == (code == CodeNoArtifact) {
				t.Errorf("%s: %+v", id, why)
			}
			continue
		}
		r := run{spec: &s}
		files, told, err := r.files()
		if why != nil || err != nil {
			t.Fatalf("%s: %+v, %v", id, why, err)
		}
		if got := files[1]; got["name"] != "art_1.png" || got["type"] != "image/png" || got["content"] != "SGVsbG8=" {
			t.Errorf("the page is given %v", got)
		}
		if raw, _ := json.Marshal(told); string(raw) != `{"files":[{"name":"own.txt","size":0},{"name":"art_1.png","size":5}]}` {
			t.Errorf("the step tells %s", raw)
		}
		if stored := string(s.Params()); strings.Contains(stored, "Hello") || strings.Contains(stored, "SGVsbG8") {
			t.Errorf("what was loaded is stored: %s", stored)
		}
	}
	s := Spec{Action: "upload", Files: []File{{Artifact: "art_slow"}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if why := s.Load(ctx, fetch); why == nil || why.Code != CodeCanceled {
		t.Errorf("canceled: %+v", why)
	}
	// One that was not loaded is none.
	r := run{spec: &Spec{Files: []File{{Artifact: "art_1"}}}}
	if _, _, err := r.files(); err == nil {
		t.Error("an artifact that nobody loaded was uploaded")
	}
}
