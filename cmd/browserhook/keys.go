package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/browserhook/browserhook/internal/access"
	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/domain"
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
	Role    string `help:"What it may do: viewer (read), project (also change what is in its project) or operator (also keys and projects)." default:"project" enum:"viewer,project,operator" placeholder:"ROLE"`
	Name    string `help:"What to call the key in lists." default:"" placeholder:"NAME"`
}

func (k *keysCreateCmd) Run(ctx context.Context, out io.Writer) error {
	keys, err := app.OpenKeys(ctx, k.Data, k.DatabaseURL)
	if err != nil {
		return err
	}
	defer keys.Close()
	p, err := keys.EnsureProject(ctx, k.Project)
	if err != nil {
		return err
	}
	_, key, err := keys.CreateKey(ctx, access.NewKey{Project: p.ID, Name: k.Name, Role: domain.Role(k.Role)}, "", nil)
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
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tPROJECT\tROLE\tKEY\tNAME\tCREATED\tSTATE")
	for cursor := ""; ; {
		page, next, err := keys.Keys(ctx, domain.PageFilter{Cursor: cursor})
		if err != nil {
			return err
		}
		for _, l := range page {
			p, err := keys.Project(ctx, l.ProjectID)
			if err != nil {
				return err
			}
			state := "valid"
			if !l.RevokedAt.IsZero() {
				state = "revoked"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s…\t%s\t%s\t%s\n",
				l.ID, p.Name, l.Role, l.Prefix, l.Name, l.CreatedAt.Format("2006-01-02 15:04"), state)
		}
		if cursor = next; cursor == "" {
			return w.Flush()
		}
	}
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
	// Whoever has the database can make another operator's key.
	if err := keys.Revoke(ctx, k.ID, true); errors.Is(err, domain.ErrNotFound) {
		return fmt.Errorf("there is no key %q", k.ID)
	} else if err != nil {
		return err
	}
	fmt.Fprintln(out, "revoked", k.ID)
	return nil
}
