package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/browserhook/browserhook/internal/app"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make a key and print it, once."`
	List   keysListCmd   `cmd:"" help:"List the keys."`
	Revoke keysRevokeCmd `cmd:"" help:"Make a key invalid."`
}

// dataFlag is where the database of the server is; the server may run.
type dataFlag struct {
	Data        string `help:"The server's data folder." default:"browserhook-data" placeholder:"DIR" type:"path"`
	DatabaseURL string `help:"The server's PostgreSQL database, if it has one." placeholder:"URL"`
}

type keysCreateCmd struct {
	dataFlag
	Project string `help:"Project that the key is for; made if there is none of that name." default:"default" placeholder:"NAME"`
	Name    string `help:"What to call the key in lists." default:"" placeholder:"NAME"`
}

func (k *keysCreateCmd) Run(ctx context.Context, out io.Writer) error {
	keys, err := app.OpenKeys(ctx, k.Data, k.DatabaseURL)
	if err != nil {
		return err
	}
	defer keys.Close()
	key, err := keys.Create(ctx, k.Project, k.Name)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, key)
	return nil
}

type keysListCmd struct{ dataFlag }

func (k *keysListCmd) Run(ctx context.Context, out io.Writer) error {
	keys, err := app.OpenKeys(ctx, k.Data, k.DatabaseURL)
	if err != nil {
		return err
	}
	defer keys.Close()
	list, err := keys.List(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tPROJECT\tKEY\tNAME\tCREATED\tSTATE")
	for _, l := range list {
		state := "valid"
		if !l.RevokedAt.IsZero() {
			state = "revoked"
		}
		fmt.Fprintf(w, "%s\t%s\t%s…\t%s\t%s\t%s\n", l.ID, l.Project, l.Prefix, l.Name, l.CreatedAt.Format("2006-01-02 15:04"), state)
	}
	return w.Flush()
}

type keysRevokeCmd struct {
	dataFlag
	ID string `arg:"" help:"The key's id, as in the list."`
}

func (k *keysRevokeCmd) Run(ctx context.Context, out io.Writer) error {
	keys, err := app.OpenKeys(ctx, k.Data, k.DatabaseURL)
	if err != nil {
		return err
	}
	defer keys.Close()
	if err := keys.Revoke(ctx, k.ID); err != nil {
		return err
	}
	fmt.Fprintln(out, "revoked", k.ID)
	return nil
}
