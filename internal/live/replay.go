package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Recordings is what there is of a session to be seen again.
type Recordings interface {
	Recording(ctx context.Context, project, session string) ([]domain.Segment, error)
	// OpenSegment reads a part of it: domain.ErrNotFound if there is none here.
	OpenSegment(ctx context.Context, project, session, id string) (domain.Segment, io.ReadSeekCloser, error)
	ReadLog(ctx context.Context, project, session string, q domain.LogQuery) (domain.LogPage, error)
	// LastEvents are those of the session before a sequence (0: all), the last first, up to
	// limit or fewer.
	LastEvents(ctx context.Context, project, session string, before int64, limit int) ([]domain.Event, error)
	// Files are those that steps made and pages downloaded, but for what may hold
	// secrets; OpenFile reads one of them.
	Files(ctx context.Context, project, session string) ([]domain.Artifact, error)
	OpenFile(ctx context.Context, project, session, id string) (domain.Artifact, io.ReadSeekCloser, error)
	// Opens says whether the link may be used by who has a resume token: one that is for
	// one is that one's.
	Opens(link domain.Stream, resume string) bool
}

// What a time line has at most: the latest.
const (
	lineSteps  = 1000
	lineEvents = 1000
	lineLogs   = 3000
)

// replayRoutes are for links with replay alone.
func (h *Handler) replayRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /streams/recording", h.replaying(h.recording))
	mux.HandleFunc("GET /streams/recording/{segment}", h.replaying(h.segment))
	mux.HandleFunc("GET /streams/timeline", h.replaying(h.timeline))
	mux.HandleFunc("GET /streams/results/{step}", h.replaying(h.resultOf))
	mux.HandleFunc("GET /streams/files/{file}", h.replaying(h.file))
}

// replaying answers who has a link with replay, on the server that runs the session.
func (h *Handler) replaying(answer func(http.ResponseWriter, *http.Request, domain.Stream, domain.Session) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		link, session, err := h.sessions.OpenStream(r.Context(), token(r))
		if err == nil && (h.Recordings == nil || !link.Replay || !h.Recordings.Opens(link, r.URL.Query().Get("viewer"))) {
			err = domain.ErrNotFound
		}
		if err == nil && h.Servers != nil && !session.Status.Ended() && h.Servers.Forward(w, r, session.ProjectID, session.ID) {
			return
		}
		head := w.Header()
		head.Set("Cache-Control", "no-store")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Content-Type-Options", "nosniff")
		if err == nil {
			err = answer(w, r, link, session)
		}
		switch {
		case err == nil:
		case opensNothing(err):
			h.refuse(w, domain.CodeNotFound, "This link shows no recording, or no longer.")
		default:
			h.log.Debug("answer a replay", "session", session.ID, "err", err)
			h.refuse(w, domain.CodeUnavailable, "The server can't read the recording right now.")
		}
	}
}

func answerJSON(w http.ResponseWriter, what any) error {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(what) // whoever has gone needs none
	return nil
}

// segment is a part of a recording, as the page is told of it.
type segment struct {
	ID   string `json:"id"`
	At   string `json:"at"` // of its first picture
	Size int64  `json:"size"`
	Open bool   `json:"open,omitempty"`
}

// recording tells what there is.
func (h *Handler) recording(w http.ResponseWriter, r *http.Request, _ domain.Stream, session domain.Session) error {
	all, err := h.Recordings.Recording(r.Context(), session.ProjectID, session.ID)
	if err != nil {
		return err
	}
	told := struct {
		Record   string    `json:"record"`
		Now      string    `json:"now"` // by the server's clock
		EndedAt  string    `json:"endedAt,omitempty"`
		Segments []segment `json:"segments"`
	}{session.Options.Record, stamp(time.Now()), stamp(session.EndedAt), make([]segment, len(all))}
	for i, one := range all {
		told.Segments[i] = segment{one.ID, stamp(one.CreatedAt), one.Size, one.Open}
	}
	return answerJSON(w, told)
}

// segment is the bytes of a part, or those that Range asks for.
func (h *Handler) segment(w http.ResponseWriter, r *http.Request, _ domain.Stream, session domain.Session) error {
	one, content, err := h.Recordings.OpenSegment(r.Context(), session.ProjectID, session.ID, r.PathValue("segment"))
	if errors.Is(err, domain.ErrNotFound) && h.Servers != nil && h.Servers.Anywhere(w, r) {
		return nil
	}
	if err != nil {
		return err
	}
	defer content.Close()
	w.Header().Set("Content-Type", one.ContentType)
	http.ServeContent(w, r, "", time.Time{}, content)
	return nil
}

// mark is an event on a time line.
type mark struct {
	Type   string `json:"type"`
	At     string `json:"at"`
	Status string `json:"status,omitempty"`
	Index  *int   `json:"index,omitempty"` // of the step that it is about
	Says   string `json:"says,omitempty"`
}

// entry is something in the log of a session's pages.
type entry struct {
	Number  int64  `json:"number"`
	Kind    string `json:"kind"`
	At      string `json:"at"`
	Type    string `json:"type,omitempty"`
	Text    string `json:"text,omitempty"`
	URL     string `json:"url,omitempty"`
	Method  string `json:"method,omitempty"`
	Status  int    `json:"status,omitempty"`
	Failure string `json:"failure,omitempty"`
	Ms      int64  `json:"ms,omitempty"`
}

// resultOf is what a step answered, when nobody can be asked on a socket any more.
func (h *Handler) resultOf(w http.ResponseWriter, r *http.Request, link domain.Stream, _ domain.Session) error {
	index, err := strconv.Atoi(r.PathValue("step"))
	if err != nil || index < 0 {
		return domain.ErrNotFound
	}
	said, err := h.answered(r.Context(), link, index)
	if err != nil {
		return err
	}
	return answerJSON(w, said)
}

// file is one of the session's. Only pictures are shown: what a page made is a stranger's.
func (h *Handler) file(w http.ResponseWriter, r *http.Request, _ domain.Stream, session domain.Session) error {
	file, content, err := h.Recordings.OpenFile(r.Context(), session.ProjectID, session.ID, r.PathValue("file"))
	if errors.Is(err, domain.ErrNotFound) && h.Servers != nil && h.Servers.Anywhere(w, r) {
		return nil
	}
	if err != nil {
		return err
	}
	defer content.Close()
	disposition := "attachment"
	if file.Kind == "screenshot" {
		disposition = "inline"
	}
	head := w.Header()
	head.Set("Content-Type", file.ContentType)
	head.Set("Content-Disposition", cmp.Or(mime.FormatMediaType(disposition, map[string]string{"filename": cmp.Or(file.Name, file.ID)}), disposition))
	head.Set("Content-Security-Policy", "sandbox")
	http.ServeContent(w, r, "", time.Time{}, content)
	return nil
}

// listed is a file of the session.
type listed struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	At   string `json:"at"`
}

// timeline tells what happened beside the pictures: it is read where it is kept.
func (h *Handler) timeline(w http.ResponseWriter, r *http.Request, link domain.Stream, session domain.Session) error {
	ctx, hide := r.Context(), hides(link.Mode)
	told := struct {
		Steps  []stepLine `json:"steps"`
		Events []mark     `json:"events"`
		Log    []entry    `json:"log"`
		Files  []listed   `json:"files"`
		Gone   bool       `json:"gone,omitempty"` // the log is not kept any more, or elsewhere
	}{[]stepLine{}, []mark{}, []entry{}, []listed{}, false}
	steps, err := h.store.LastSteps(ctx, session.ProjectID, session.ID, domain.StepsEnd, lineSteps)
	if err != nil {
		return err
	}
	for _, st := range steps {
		told.Steps = append(told.Steps, line(st, hide))
	}
	for before := int64(0); len(told.Events) < lineEvents; {
		page, err := h.Recordings.LastEvents(ctx, session.ProjectID, session.ID, before, lineEvents-len(told.Events))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			told.Events = append(told.Events, markOf(e, hide))
			before = e.Sequence
		}
		if before == 1 {
			break // the first of all
		}
	}
	slices.Reverse(told.Events)
	files, err := h.Recordings.Files(ctx, session.ProjectID, session.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		told.Files = append(told.Files, listed{f.ID, f.Kind, f.Name, f.ContentType, f.Size, stamp(f.CreatedAt)})
	}
	log, err := h.Recordings.ReadLog(ctx, session.ProjectID, session.ID, domain.LogQuery{})
	told.Gone = err != nil // what else there is, is shown
	for _, e := range log.Entries[max(0, len(log.Entries)-lineLogs):] {
		if e.Kind == domain.LogRefused {
			e.Text = e.Reason
			e.URL = e.Host
		}
		told.Log = append(told.Log, entry{
			e.Number, string(e.Kind), stamp(e.At), e.Type, hide(e.Text), hide(e.URL), e.Method, e.Status, e.Failure, int64(e.Duration),
		})
	}
	return answerJSON(w, told)
}

// markOf is an event as whoever has the link may see it: not what was answered.
func markOf(e domain.Event, hide func(string) string) mark {
	var body struct {
		Data domain.EventData `json:"data"`
	}
	_ = json.Unmarshal(e.Body, &body) // what can't be read isn't shown
	m := mark{Type: string(e.Type), At: stamp(e.CreatedAt), Status: body.Data.Status, Index: body.Data.Index}
	parts := slices.DeleteFunc([]string{body.Data.Action, body.Data.Reason, body.Data.Controller, body.Data.Name}, func(s string) bool { return s == "" })
	if len(parts) > 0 {
		m.Says = parts[0]
	}
	if body.Data.Error != nil {
		m.Says = hide(body.Data.Error.Message)
	}
	return m
}
