package dashboard

import (
	"encoding/json"
	"net/http"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

func (h *Handler) eventPages() []page {
	return []page{
		{pattern: "GET /event-types", show: h.eventTypes},
		{pattern: "GET /event-types/{id}", show: h.eventType},
		{pattern: "POST /event-types/{id}/send", role: domain.RoleProject, show: h.sendExample},
	}
}

func (c *call) types() ([]browserhook.EventTypeDescription, error) {
	return browserhook.Collect(c.API.Events.Types(c.r.Context(), browserhook.ListParams{Limit: 100}))
}

func (h *Handler) eventTypes(c *call) (view, error) {
	all, err := c.types()
	return view{Title: "Events", Section: "/event-types", Template: "event-types", Data: all}, err
}

type eventTypeView struct {
	browserhook.EventTypeDescription
	SchemaText string
	Endpoints  []browserhook.Endpoint
	To         string // of the form: the endpoint that was chosen
	Answer     *browserhook.ExampleAnswer
}

func (h *Handler) eventType(c *call) (view, error) {
	v, err := c.eventType()
	return eventTypePage(v), err
}

func eventTypePage(v eventTypeView) view {
	return view{Title: v.Type, Section: "/event-types", Template: "event-type", Data: v}
}

// eventType is the one of the address, with the endpoints to which an example may go.
func (c *call) eventType() (eventTypeView, error) {
	all, err := c.types()
	if err != nil {
		return eventTypeView{}, err
	}
	for _, t := range all {
		if t.Type != c.r.PathValue("id") {
			continue
		}
		schema, err := json.MarshalIndent(t.Schema, "", "  ")
		if err != nil {
			return eventTypeView{}, err
		}
		v := eventTypeView{EventTypeDescription: t, SchemaText: string(schema), To: c.r.URL.Query().Get("to")}
		if c.May(domain.RoleProject) {
			got, err := c.API.Endpoints.Page(c.r.Context(), browserhook.ListEndpointsParams{Limit: 100})
			if err != nil {
				return v, err
			}
			v.Endpoints = got.Data
		}
		return v, nil
	}
	return eventTypeView{}, &browserhook.Error{Status: http.StatusNotFound, Title: "Not found", Detail: "There is no such event type."}
}

// sendExample shows what a receiver makes of it.
func (h *Handler) sendExample(c *call) (view, error) {
	v, err := c.eventType()
	if err != nil {
		return view{}, err
	}
	v.To = c.r.PostForm.Get("to")
	if v.To == "" {
		return view{}, wrong("Choose an endpoint for the example to go to.")
	}
	v.Answer, err = c.API.Endpoints.SendExample(c.r.Context(), v.To, browserhook.SendExampleRequest{EventType: v.Type})
	return eventTypePage(v), err
}
