package browserhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func runs(all ...string) string { return `{"data":[` + strings.Join(all, ",") + `]}` }

const (
	pending   = `{"stepId":"step_1","index":3,"action":"goto","status":"PENDING"}`
	opened    = `{"stepId":"step_1","index":3,"action":"goto","status":"COMPLETED","result":{"url":"https://shop.example/","title":"Shop","status":200}}`
	extracted = `{"stepId":"step_2","index":4,"action":"extract","status":"COMPLETED","result":{"price":7.5}}`
	waiting   = `{"stepId":"step_2","index":4,"action":"extract","status":"PENDING"}`
)

// slowly answers when all of Prefer's time is over.
func slowly(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		d, err := time.ParseDuration(strings.TrimPrefix(r.Header.Get("Prefer"), "wait=") + "s")
		if err != nil {
			return nil, err
		}
		select {
		case <-time.After(d):
			return answer(status, body), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// TestRun waits until all steps have ended, by one call that is repeated, and leaves the
// results in the steps.
func TestRun(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		page, price := Goto("https://shop.example"), Extract(".price")
		got, err := c.Session("browser_1").Run(t.Context(), page, price)
		if err != nil || len(got) != 2 || string(got[1].Raw) != extracted {
			t.Fatal(got, err)
		}
		if page.Result == nil || page.Result.Title != "Shop" || page.Outcome.Index != 3 || string(price.Result) != `{"price":7.5}` {
			t.Errorf("%+v, %s", page, price.Result)
		}
		var p struct{ Price float64 }
		if err := got[1].Decode(&p); err != nil || p.Price != 7.5 {
			t.Error(p, err)
		}
		for _, one := range s.asked {
			if one != s.asked[0] || !strings.HasPrefix(one, "POST /v1/sessions/browser_1/steps go-") {
				t.Errorf("it asks %q", one)
			}
		}
		// One that doesn't wait is asked again after a pause.
		if d := s.at[4].Sub(s.at[3]); d < 187*time.Millisecond {
			t.Errorf("the pause was %s", d)
		}
	}, says(202, runs(pending, waiting)), slowly(202, runs(pending, waiting)), slowly(202, runs(opened, waiting)), says(202, runs(opened, waiting)), lost, slowly(200, runs(opened, extracted)))
}

// TestAStepThatFails is the run's error, unless it may.
func TestAStepThatFails(t *testing.T) {
	const missing = `{"stepId":"step_2","index":4,"action":"click","status":"FAILED","error":{"code":"target_not_found","message":"Nothing matches.","seen":"a"}`
	const after = `{"stepId":"step_3","index":5,"action":"back","status":"CANCELED"}`
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		session, page := c.Session("browser_1"), Goto("https://shop.example")
		got, err := session.Run(t.Context(), page, Click("text=Buy"), Back())
		e, ok := errors.AsType[*StepFailedError](err)
		if !ok || e.Code != "target_not_found" || e.Seen != "a" || e.Step.StepID != "step_2" || len(got) != 3 || page.Result == nil {
			t.Errorf("%v, %v", got, err)
		}
		if err.Error() != "step 4 (click): target_not_found: Nothing matches." {
			t.Error(err)
		}
		if _, err := session.Run(t.Context(), &ClickStep{Target: "text=Buy", Optional: true}); err != nil {
			t.Error(err)
		}
		_, err = session.Run(t.Context(), Back())
		if e, ok := errors.AsType[*StepFailedError](err); !ok || e.Code != "canceled" {
			t.Error(err)
		}
	}, says(202, runs(opened, missing+"}", after)), says(202, runs(missing+`,"step":{"action":"click","optional":true}}`)), says(202, runs(after)))
}

// TestADryRun has nobody's result.
func TestADryRun(t *testing.T) {
	const dry = `{"stepId":"step_1","index":0,"action":"goto","status":"COMPLETED","result":{"dryRun":true}}`
	scripted(t, func(t *testing.T, c *Client, s *script) {
		page := Goto("https://shop.example")
		if _, err := c.Session("browser_1").RunSteps(t.Context(), AddStepsRequest{Steps: []Step{page}, DryRun: true, OnError: OnErrorContinue}, nil); err != nil || page.Result != nil || page.Outcome == nil {
			t.Error(page.Result, err)
		}
		if !strings.HasSuffix(s.asked[0], `{"steps":[{"action":"goto","url":"https://shop.example"}],"onError":"continue","dryRun":true}`) {
			t.Error(s.asked[0])
		}
	}, says(202, runs(dry)))
}

// TestARunThatIsGivenUp cancels what has not ended, the last first, and says why it was
// given up.
func TestARunThatIsGivenUp(t *testing.T) {
	mine := errors.New("mine")
	scripted(t, func(t *testing.T, c *Client, s *script) {
		ctx, end := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { end(mine) })
		if _, err := c.Session("browser_1").Run(ctx, Goto("https://shop.example"), Extract(".price")); !errors.Is(err, mine) {
			t.Error(err)
		}
		if want := []string{"POST /v1/sessions/browser_1/steps/step_2/cancel", "POST /v1/sessions/browser_1/steps/step_1/cancel"}; !slices.Equal(s.asked[2:], want) {
			t.Errorf("%q", s.asked)
		}
	}, says(202, runs(pending, waiting)), slowly(202, ""), says(200, waiting), says(200, pending))
}

// TestARunWithProgress tells how far it is each second.
func TestARunWithProgress(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		var told []string
		began := time.Now()
		_, err := c.Session("browser_1").RunSteps(t.Context(), AddStepsRequest{Steps: []Step{Goto("https://shop.example"), Extract(".price")}}, func(runs []StepRun) {
			told = append(told, time.Since(began).String()+" "+string(runs[0].Status)+" "+string(runs[1].Status))
		})
		if want := []string{"0s PENDING PENDING", "1s COMPLETED PENDING", "2s COMPLETED COMPLETED"}; err != nil || !slices.Equal(told, want) {
			t.Errorf("%q, %v", told, err)
		}
	}, says(202, runs(pending, waiting)), slowly(202, runs(opened, waiting)), slowly(200, runs(opened, extracted)))
}

// TestAnAnswerWithoutRoom is read on, step by step.
func TestAnAnswerWithoutRoom(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		price := Extract(".price")
		got, err := c.Session("browser_1").Run(t.Context(), Goto("https://shop.example"), price)
		if err != nil || len(got) != 2 || price.Result == nil {
			t.Error(got, err)
		}
		if s.asked[1] != "GET /v1/sessions/browser_1/steps?cursor=3&limit=1" {
			t.Errorf("%q", s.asked)
		}
	}, says(200, `{"data":[`+opened+`],"nextCursor":"3"}`), says(200, `{"data":[`+extracted+`],"nextCursor":"4"}`))
}

// TestTyped gives a step of a list its type.
func TestTyped(t *testing.T) {
	var r StepRun
	if err := json.Unmarshal([]byte(`{"action":"goto","step":{"action":"goto","url":"https://a"},"status":"COMPLETED","result":{"title":"A"}}`), &r); err != nil {
		t.Fatal(err)
	}
	s, err := r.Typed()
	page, ok := s.(*GotoStep)
	if err != nil || !ok || page.URL != "https://a" || page.Result.Title != "A" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := (&StepRun{Action: "future"}).Typed(); s != nil || err != nil {
		t.Error(s, err)
	}
	if err := (&StepRun{Action: "goto"}).Decode(&r); err == nil {
		t.Error("there is no result")
	}
}
