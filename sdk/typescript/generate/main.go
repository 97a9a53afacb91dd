// Command generate writes what the TypeScript SDK has from the API's description: the
// types, the operations, and a constructor for each action of a step.
//
//	generate api/openapi.yaml sdk/typescript/src/generated
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "use: generate openapi.yaml folder")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

const mark = "// Code generated from api/openapi.yaml by make generate; DO NOT EDIT.\n"

func generate(description, folder string) error {
	raw, err := os.ReadFile(description)
	if err != nil {
		return err
	}
	var d document
	if err := yaml.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("%s: %w", description, err)
	}
	for name, write := range map[string]func(*document) (string, error){
		"schemas.ts": schemas, "operations.ts": operations, "steps.ts": steps,
	} {
		text, err := write(&d)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(mark+text), 0o666); err != nil { //nolint:gosec // as git writes it
			return err
		}
	}
	return nil
}
