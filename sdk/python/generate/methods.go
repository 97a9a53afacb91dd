package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// resources are the groups of methods of the client, and the operations of each:
// the method's name, and the operation's id. What is written by hand, in
// _async, has a star.
var resources = []struct{ class, doc, methods string }{
	{"Sessions", "sessions", "create=create-session list=list-sessions get=get-session close=close-session forget=forget-session rotate_connect_url=rotate-connect-url"},
	{"Steps", "steps", "add=add-steps* list=list-steps get=get-step cancel=cancel-step"},
	{"Streams", "live", "create=create-stream get=get-stream revoke=revoke-stream viewers=list-viewers"},
	{"Recordings", "live", "get=get-recording video=export-recording*"},
	{"Artifacts", "files", "list=list-artifacts get=get-artifact*"},
	{"Logs", "files", "list=read-logs"},
	{"Events", "events", "list=list-events get=get-event explain=explain-event types=list-event-types"},
	{"Endpoints", "webhooks", "create=create-endpoint list=list-endpoints get=get-endpoint update=update-endpoint delete=delete-endpoint enable=enable-endpoint disable=disable-endpoint pause=pause-endpoint resume=resume-endpoint rotate_secret=rotate-secret test=test-endpoint stats=get-endpoint-stats send_example=send-example recover=recover-endpoint"},
	{"Deliveries", "webhooks", "list=list-deliveries get=get-delivery attempts=list-attempts explain=explain-delivery retry=retry-delivery cancel=cancel-delivery retry_many=retry-deliveries cancel_many=cancel-deliveries"},
	{"Keys", "keys", "create=create-key list=list-keys get=get-key revoke=revoke-key"},
	{"Projects", "keys", "create=create-project list=list-projects get=get-project update=update-project"},
	{"Nodes", "nodes", "list=list-nodes drain=drain-node"},
}

// method is an operation on its way to being one.
type method struct {
	op        *operation
	name      string
	path      string // with the arguments in it
	arguments []argument
	keyword   int
	query     []parameter
	body      *schema
	repeats   bool // under an Idempotency-Key
	answer    string
}

// methods writes _async/resources.py.
func methods(api *description, p *params, m *models) string {
	all := api.operations()
	var body, table source
	delete(all, "read-metrics")
	table.linef("    %q: %q,", "read-metrics", "metrics") // the client's own
	elsewhere := others(all)
	for _, r := range resources {
		body.linef("\nclass Async%s(AsyncResource):", r.class)
		for _, tag := range api.Tags {
			if tag.Name == r.doc {
				body.docstring("    ", tag.Description)
			}
		}
		body.linef("")
		for entry := range strings.FieldsSeq(r.methods + elsewhere[r.class]) {
			name, id, _ := strings.Cut(entry, "=")
			id, byHand := strings.CutSuffix(id, "*")
			op := all[id]
			if op == nil {
				panic("there is no operation " + id)
			}
			delete(all, id)
			table.linef("    %q: %q,", id, strings.ToLower(r.class)+"."+name)
			if !byHand {
				newMethod(op, name, api, p).write(&body, m)
			}
		}
	}
	for id, op := range all {
		panic(fmt.Sprintf("no resource has the operation %s, of %v", id, op.Tags))
	}
	m.of(&schema{Ref: "#/components/schemas/Event"})
	m.of(&schema{Ref: "#/components/schemas/StepRun"})
	m.of(&schema{Ref: "#/components/schemas/FieldError"})
	var out source
	out.linef(`"""A method for each operation of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from .. import models
from .._step import AnyStep
from .._wire import Omit, joined, omit, quote
from ..params import %s
from .pager import AsyncPager
from .resource import AsyncResource

if TYPE_CHECKING:
    from .session import AsyncSession

OPERATIONS = {
%s}
"""The method for each operation of the description."""
`, strings.Join(usedIn(&body, p), ", "), table.String())
	return out.String() + body.String()
}

// others are the operations that no resource names: they go, by their own names, to the
// first that is of their tag.
func others(all map[string]*operation) map[string]string {
	first := map[string]string{}
	var named strings.Builder
	for _, r := range resources {
		if first[r.doc] == "" {
			first[r.doc] = r.class
		}
		named.WriteString(r.methods + " ")
	}
	where := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if !regexp.MustCompile(`=` + id + `[* ]`).MatchString(named.String()) {
			where[first[all[id].Tags[0]]] += " " + snake(id) + "=" + id
		}
	}
	return where
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

func newMethod(op *operation, name string, api *description, p *params) *method {
	m := &method{op: op, name: name, arguments: []argument{{name: "self"}}, keyword: 1}
	for _, found := range inPath.FindAllStringSubmatch(op.path, -1) {
		m.arguments = append(m.arguments, argument{name: snake(found[1]), kind: "str"})
		m.keyword++
	}
	m.path = inPath.ReplaceAllStringFunc(op.path, func(s string) string { return "{quote(" + snake(s[1:len(s)-1]) + ")}" })
	var later []argument
	if op.RequestBody != nil {
		ref := op.RequestBody.Content["application/json"].Schema
		m.body = api.Components.Schemas[ref.name()]
		for _, name := range m.body.members() {
			member := m.body.Properties[name]
			a := argument{name: snake(name), kind: p.kind(member, name), doc: member.Description}
			switch {
			case m.body.requires(name):
				m.arguments = append(m.arguments, a)
				m.keyword++
				continue
			case op.method == "PATCH": // null clears it
				a.kind, a.absent = a.kind+" | None | Omit", "omit"
			default:
				a.kind, a.absent = a.kind+" | None", "None"
			}
			later = append(later, a)
		}
	}
	for _, one := range op.Parameters {
		if one.In == "header" && one.Name == "Idempotency-Key" {
			m.repeats = true
		}
		if one.In != "query" || one.Name == "after" || one.Name == "format" { // an older name of cursor; JSON is what is read
			continue
		}
		m.query = append(m.query, one)
		kind := p.kind(one.Schema, one.Name)
		if one.Schema.kind() == "string" && strings.Contains(one.Schema.Description, "separated by commas") {
			kind = "Sequence[str] | str"
		}
		later = append(later, argument{name: snake(one.Name), kind: kind + " | None", absent: "None", doc: one.Description})
	}
	m.arguments = append(m.arguments, later...)
	if m.repeats {
		m.arguments = append(m.arguments, argument{name: "idempotency_key", kind: "str | None", absent: "None",
			doc: "Of all calls with the same one, only one is made, within 24 hours; a new one by default."})
	}
	for status, answer := range op.Responses {
		if strings.HasPrefix(status, "2") {
			if c, ok := answer.Content["application/json"]; ok {
				m.answer = c.Schema.name()
			}
		}
	}
	return m
}

func (m *method) write(out *source, types *models) {
	text := m.op.Summary + ".\n\n" + m.op.Description
	if strings.HasSuffix(m.answer, "Page") {
		item := types.api.Components.Schemas[m.answer].Properties["data"].Items.name()
		types.of(&schema{Ref: "#/components/schemas/" + item})
		m.list(out, item, text)
		return
	}
	returns, made := "None", ""
	switch m.answer {
	case "":
	case "Session":
		returns, made = "AsyncSession", "self._client._session(%s)"
		types.of(&schema{Ref: "#/components/schemas/Session"})
	default:
		d := types.of(&schema{Ref: "#/components/schemas/" + m.answer})
		returns, made = "models."+d.kind, "models."+d.function+"(%s)"
	}
	arguments := slices.Clone(m.arguments)
	out.signature("    ", "async def "+m.name, arguments, m.keyword, returns)
	out.docstring("        ", explained(text, arguments))
	if m.op.method == "DELETE" && made == "" {
		out.linef("        await self._client._delete(%s)\n", m.formatted())
		return
	}
	call := fmt.Sprintf("await self._client._call(\n            %q,\n            %s,\n", m.op.method, m.formatted())
	if m.body != nil {
		call += "            body={\n"
		for _, name := range m.body.members() {
			call += fmt.Sprintf("                %q: %s,\n", name, snake(name))
		}
		call += "            },\n"
	}
	if m.repeats {
		call += "            idempotency_key=idempotency_key or self._client._key(),\n"
	}
	call += "        )"
	out.linef("        answer = %s\n        return %s\n", call, fmt.Sprintf(made, "answer"))
}

func (m *method) formatted() string {
	if strings.Contains(m.path, "{") {
		return fmt.Sprintf("f%q", m.path)
	}
	return fmt.Sprintf("%q", m.path)
}

// list writes a method that answers with all pages of a list.
func (m *method) list(out *source, item, text string) {
	kind, decode := "models."+item, "models."+item+".decode"
	if item == "StepRun" {
		decode = "models.decode_step_run"
	}
	if item == "Session" {
		kind, decode = "AsyncSession", "self._client._session"
	}
	if item == "Event" { // the log, which has a cursor behind its last page too
		decode += ",\n            log=True"
	}
	out.signature("    ", "def "+m.name, m.arguments, m.keyword, "AsyncPager["+kind+"]")
	out.docstring("        ", explained(text+"\n\nGoes over all pages, and asks for each when it gets there; limit is the length of a page.", m.arguments))
	out.linef("        return AsyncPager(\n            self._client,\n            %s,\n            {", m.formatted())
	for _, one := range m.query {
		value := snake(one.Name)
		if one.Schema.kind() == "string" && strings.Contains(one.Schema.Description, "separated by commas") {
			value = "joined(" + value + ")"
		}
		out.linef("                %q: %s,", one.Name, value)
	}
	out.linef("            },\n            %s,\n        )\n", decode)
}
