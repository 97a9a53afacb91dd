package docsite

import (
	"fmt"
	"maps"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// stepPages has a page for each action.
func stepPages(api *description) (pages []*page) {
	for _, ref := range api.Components.Schemas["Step"].OneOf {
		s, _ := api.resolve(ref)
		action := fmt.Sprint(s.Properties["action"].Enum[0])
		pages = append(pages, &page{path: "steps/" + action, title: action, parent: "steps", wide: true, markdown: func() (string, error) {
			var b strings.Builder
			does, result, _ := strings.Cut(s.Description, " The result: ")
			fmt.Fprintf(&b, "# %s\n\n%s\n", action, does)
			side(&b, func() {
				b.WriteString("\n## What it takes\n\n")
				members := *s
				members.Properties = maps.Clone(s.Properties)
				delete(members.Properties, "action")
				api.members(&b, &members, "")
				b.WriteString("\n## What it answers\n\n")
				if result != "" {
					fmt.Fprintf(&b, "%s\n\n", strings.ToUpper(result[:1])+result[1:])
				}
				run, _ := api.resolve(&schema{Ref: ref.Ref + "Run"})
				properties, _ := api.properties(run)
				api.members(&b, properties["result"], "")
				b.WriteString("\nHow a target is found and what is waited for: [Steps](" + Root + "/steps). With which codes a step fails: [Errors](" + Root + "/errors#steps).\n")
			}, func() {
				for _, example := range s.Examples {
					fmt.Fprintf(&b, "```json title=Step\n%s\n```\n\n", pretty(example))
				}
				if run := s.Examples; len(run) > 0 {
					fmt.Fprintf(&b, "```sh title=curl\ncurl http://127.0.0.1:8080/v1/sessions/$sessionId/steps \\\n  -H \"Authorization: Bearer $BROWSERHOOK_KEY\" \\\n  -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\\n  -d '{\"steps\": [%s]}'\n```\n", strings.ReplaceAll(string(run[0]), "'", `'\''`))
				}
			})
			return b.String(), nil
		}})
	}
	return pages
}

// eventPages has a page of all events, and one for each.
func eventPages(api *description) []*page {
	first := &page{path: "events", title: "Events"}
	pages := []*page{first}
	first.markdown = func() (string, error) {
		var b strings.Builder
		b.WriteString("# Events\n\nWhat happens is told by events: as [webhooks](" + Root + "/webhooks), in the [log](" + Root + "/api/events), and as server-sent events. All of them have the same body.\n")
		for _, kind := range []struct{ prefix, title string }{{"browser_", "Sessions"}, {"step_", "Steps"}, {"", "Webhooks"}} {
			fmt.Fprintf(&b, "\n## %s\n\n", kind.title)
			for _, one := range domain.EventTypes {
				t := string(one)
				if strings.HasPrefix(t, kind.prefix) && (kind.prefix != "" || !strings.HasPrefix(t, "browser_") && !strings.HasPrefix(t, "step_")) {
					fmt.Fprintf(&b, "- [`%s`](%s/events/%s): %s\n", t, Root, t, happened(api, t))
				}
			}
		}
		return b.String(), nil
	}
	for _, one := range domain.EventTypes {
		t := string(one)
		op := api.Webhooks[t]["post"]
		media := op.RequestBody.Content["application/json"]
		pages = append(pages, &page{path: "events/" + t, title: t, parent: "events", wide: true, markdown: func() (string, error) {
			var b strings.Builder
			fmt.Fprintf(&b, "# %s\n\n%s\n", t, happened(api, t))
			side(&b, func() {
				b.WriteString("\n## The body\n\n")
				api.members(&b, media.Schema, "")
				b.WriteString("\n## Headers of the webhook\n\n")
				for _, p := range op.Parameters {
					one := *p.Schema
					one.Description = p.Description
					api.member(&b, p.Name, &one, p.Required, "")
				}
				b.WriteString("\n[Receiving webhooks](" + Root + "/webhooks) shows how to verify it, and what to answer.\n")
			}, func() {
				fmt.Fprintf(&b, "```json title=Body\n%s\n```\n", pretty(media.Example))
			})
			return b.String(), nil
		}})
	}
	return pages
}

// happened is what an event tells.
func happened(api *description, t string) string {
	says, _, _ := strings.Cut(api.Webhooks[t]["post"].Description, " It is sent to the endpoints that ask for it")
	return says
}

func errorsPage(problems []Problem) *page {
	return &page{path: "errors", title: "Errors", markdown: func() (string, error) {
		var b strings.Builder
		b.WriteString("# Errors\n\n## Of requests {#requests}\n\nA request that is refused is answered with `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `code` is stable, `detail` is a sentence for a person, `errors` has the fields that are wrong, and `requestId` finds the request in the server's log. `type` opens this page at the code.\n")
		for _, p := range problems {
			fmt.Fprintf(&b, "\n### `%s` {#%s}\n\nStatus %d. %s\n", p.Code, p.Code, p.Status, p.Says)
		}
		b.WriteString("\n## Of steps {#steps}\n\nA step that FAILED, or is INTERRUPTED, has them in `error.code`, and so has its event, [`step_failed`](" + Root + "/events/step_failed). `waitedFor` and `seen` are sentences for a person, and `artifactId` is what the page was like.\n")
		for _, group := range domain.FailureCodes {
			fmt.Fprintf(&b, "\n### %s\n\n", group.Of)
			failureTable(&b, group.Codes)
		}
		b.WriteString("\n## Of sessions {#sessions}\n\nThe `error.code` of a session that FAILED ([`browser_failed`](" + Root + "/events/browser_failed)), or whose browser was lost ([`browser_crashed`](" + Root + "/events/browser_crashed)).\n\n")
		failureTable(&b, domain.SessionFailureCodes)
		return b.String(), nil
	}}
}

func (s *Site) settingsPage() *page {
	return &page{path: "settings", title: "Settings", markdown: func() (string, error) {
		var settings []Setting
		if s.Settings != nil {
			var err error
			if settings, err = s.Settings(); err != nil {
				return "", err
			}
		}
		var b strings.Builder
		b.WriteString("# Settings\n\nA flag `--name`, the environment variable `BROWSERHOOK_NAME`, or a key in the YAML file named by `--config` or `BROWSERHOOK_CONFIG`; a flag wins over the environment, and that over the file. `browserhook config init` writes a file with all of them.\n")
		for _, s := range settings {
			fmt.Fprintf(&b, "\n## `%s` {#%s}\n\n%s\n\n- Flag: `--%s%s`\n- Variable: `%s`\n", s.Name, s.Name, s.Says, s.Name, valueOf(s), "BROWSERHOOK_"+strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")))
			if s.Default != "" {
				fmt.Fprintf(&b, "- Default: `%s`\n", s.Default)
			}
		}
		return b.String(), nil
	}}
}

func valueOf(s Setting) string {
	if s.Kind == "" {
		return ""
	}
	return "=" + s.Kind
}

func failureTable(b *strings.Builder, codes []domain.FailureCode) {
	b.WriteString("| code | means |\n|---|---|\n")
	for _, c := range codes {
		fmt.Fprintf(b, "| `%s` | %s |\n", c.Code, c.Says)
	}
}
