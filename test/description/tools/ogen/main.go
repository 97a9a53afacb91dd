// Command ogen runs a session by the client that ogen generates.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/browserhook/browserhook/test/description/tools/ogen/api"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type apiKey string

func (k apiKey) ApiKey(context.Context, api.OperationName) (api.ApiKey, error) {
	return api.ApiKey{Token: string(k)}, nil
}

func run(ctx context.Context, url, key, site string) error {
	client, err := api.NewClient(url, apiKey(key))
	if err != nil {
		return err
	}
	answer, err := client.CreateSession(ctx, &api.CreateSessionRequest{}, api.CreateSessionParams{})
	if err != nil {
		return err
	}
	made, ok := answer.(*api.SessionHeaders)
	if !ok {
		return fmt.Errorf("create: %+v", answer)
	}
	id := made.Response.SessionId
	added, err := client.AddSteps(ctx, &api.AddStepsRequest{Steps: []api.Step{
		{OneOf: api.NewGotoStepStepSum(api.GotoStep{Action: api.GotoStepActionGoto, URL: site})},
		{OneOf: api.NewExtractStepStepSum(api.ExtractStep{Action: api.ExtractStepActionExtract, Target: api.NewOptNilString("h1")})},
	}}, api.AddStepsParams{SessionId: id, Prefer: api.NewOptString("wait=60")})
	if err != nil {
		return err
	}
	ran, ok := added.(*api.AddStepsOK)
	if !ok {
		return fmt.Errorf("steps: %+v", added)
	}
	var title string
	var actions []string
	for _, one := range ran.Response.Data {
		if visit, ok := one.GetGotoStepRun(); ok {
			title = visit.Result.Value.PageResult.Title
			actions = append(actions, string(visit.Action))
		}
		if look, ok := one.GetExtractStepRun(); ok {
			actions = append(actions, string(look.Action))
		}
	}
	closed, err := client.CloseSession(ctx, api.CloseSessionParams{SessionId: id})
	if err != nil {
		return err
	}
	status := 0
	if _, ok := closed.(*api.CloseSessionOKHeaders); ok {
		status = 200
	}
	none, err := client.GetSession(ctx, api.GetSessionParams{SessionId: "browser_none"})
	if err != nil {
		return err
	}
	missing, ok := none.(*api.NotFoundHeaders)
	if !ok {
		return fmt.Errorf("one that there isn't: %+v", none)
	}
	fmt.Println(title, strings.Join(actions, ","), status, missing.Response.Code)
	return nil
}
