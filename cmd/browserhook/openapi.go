package main

import (
	"io"

	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/httpapi"
)

//go:generate sh -c "go run . openapi > ../../api/openapi.yaml.new && mv ../../api/openapi.yaml.new ../../api/openapi.yaml"
//go:generate go run ../../sdk/typescript/generate ../../api/openapi.yaml ../../sdk/typescript/src/generated
//go:generate go run ../../sdk/python/generate ../../api/openapi.yaml ../../sdk/python/src/browserhook
//go:generate go run ../../internal/clientgen ../../api/openapi.yaml ../../client

type openapiCmd struct{}

func (openapiCmd) Run(out io.Writer) error {
	raw, err := httpapi.OpenAPI(app.Release)
	if err != nil {
		return err
	}
	_, err = out.Write(raw)
	return err
}
