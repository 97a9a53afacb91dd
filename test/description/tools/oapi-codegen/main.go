// Command oapi-codegen runs a session by the client that oapi-codegen generates.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/browserhook/browserhook/test/description/tools/oapi-codegen/api"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, key, site string) error {
	client, err := api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	if err != nil {
		return err
	}
	made, err := client.CreateSessionWithResponse(ctx, nil, api.CreateSessionRequest{})
	if err != nil || made.JSON201 == nil {
		return fmt.Errorf("create: %v %s", err, made.Body)
	}
	id, wait, heading := made.JSON201.SessionId, "wait=60", "h1"
	steps := make([]api.Step, 2)
	if err := steps[0].FromGotoStep(api.GotoStep{Action: "goto", Url: site}); err != nil {
		return err
	}
	if err := steps[1].FromExtractStep(api.ExtractStep{Action: "extract", Target: &heading}); err != nil {
		return err
	}
	ran, err := client.AddStepsWithResponse(ctx, id, &api.AddStepsParams{Prefer: &wait}, api.AddStepsRequest{Steps: steps})
	if err != nil || ran.JSON200 == nil {
		return fmt.Errorf("steps: %v %s", err, ran.Body)
	}
	var title string
	var actions []string
	for _, one := range ran.JSON200.Data {
		action, err := one.Discriminator()
		if err != nil {
			return err
		}
		actions = append(actions, action)
		if action != "goto" {
			continue
		}
		visit, err := one.AsGotoStepRun()
		if err != nil {
			return err
		}
		page, err := visit.Result.AsPageResult()
		if err != nil {
			return err
		}
		title = page.Title
	}
	closed, err := client.CloseSessionWithResponse(ctx, id)
	if err != nil {
		return err
	}
	none, err := client.GetSessionWithResponse(ctx, "browser_none", nil)
	if err != nil || none.ApplicationproblemJSON404 == nil {
		return fmt.Errorf("one that there isn't: %v %s", err, none.Body)
	}
	fmt.Println(title, strings.Join(actions, ","), closed.StatusCode(), none.ApplicationproblemJSON404.Code)
	return nil
}
