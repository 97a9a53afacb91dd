package live

import (
	"context"
	"encoding/json"

	"github.com/browserhook/browserhook/internal/domain"
)

// maxResult bounds what is sent of a step's result, in bytes.
const maxResult = 32 << 10

// result is what a step answered, for who has asked.
type result struct {
	Type   string          `json:"type"` // result
	Number int             `json:"number"`
	Result json.RawMessage `json:"result"`        // null: there is none to be seen
	Cut    int             `json:"cut,omitempty"` // it is left out: it has so many bytes
}

// answer sends the results that are asked for, one after the other.
func (v *viewer) answer(ctx context.Context) {
	for {
		select {
		case index := <-v.wants:
			answer, err := v.answered(ctx, v.stream, index)
			if err == nil {
				err = v.stillShows(ctx)
			}
			if err != nil {
				v.log.Debug("read a step's result", "session", v.session, "err", err)
				continue
			}
			if v.sendJSON(ctx, answer) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// stillShows says whether the link still shows what was read by it: that it doesn't any more may
// be told to the store, and not yet here. Errors are those of OpenStream.
func (v *viewer) stillShows(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	_, session, err := v.sessions.OpenStream(ctx, v.token)
	select {
	case <-v.revoked:
		err = domain.ErrStreamOver
	default:
	}
	if err == nil && session.Status.Ended() && !v.stream.Replay {
		err = domain.ErrStreamOver
	}
	return err
}

// answered is what a step answered, as far as a link shows it.
func (h *Handler) answered(ctx context.Context, link domain.Stream, index int) (answer result, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	steps, err := h.store.Steps(ctx, link.ProjectID, link.SessionID, index-1, 1)
	if err != nil {
		return answer, err
	}
	answer = result{Type: "result", Number: index}
	if len(steps) == 1 && steps[0].Index == index && showsResult(link.Mode, steps[0]) {
		answer.Result = steps[0].Result
		if link.Mode != domain.StreamControl {
			answer.Result = hideIn(answer.Result)
		}
		if len(answer.Result) > maxResult {
			answer.Result, answer.Cut = nil, len(answer.Result)
		}
	}
	return answer, nil
}
