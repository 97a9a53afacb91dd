package browserhook_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	browserhook "github.com/browserhook/browserhook/client"
)

// buy is the README's sample.
func buy(ctx context.Context) error {
	client, err := browserhook.New(browserhook.Options{}) // $BROWSERHOOK_URL and $BROWSERHOOK_KEY
	if err != nil {
		return err
	}
	session, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{})
	if err != nil {
		return err
	}
	defer session.Close(ctx)

	price := browserhook.Extract(".price")
	if _, err := session.Run(ctx, browserhook.Goto("https://shop.example"), browserhook.Click("text=Buy"), price); err != nil {
		return err
	}
	fmt.Println(string(price.Result))
	return nil
}

// TestReadme: what it shows is the function above, which does what it is for.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(readme), "```go\n")
	sample, _, _ = strings.Cut(sample, "```")
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "func buy(ctx context.Context) error {\n")
	body, _, _ = strings.Cut(body, "\treturn nil\n}\n")
	if body = strings.ReplaceAll("\n"+body, "\n\t", "\n"); strings.TrimSpace(body) != strings.TrimSpace(sample) {
		t.Errorf("the sample isn't\n%s", body)
	}
	t.Setenv("BROWSERHOOK_URL", server.URL)
	t.Setenv("BROWSERHOOK_KEY", "bh_readme00000000000000000000000000")
	if err := buy(t.Context()); err != nil {
		t.Error(err)
	}
}
