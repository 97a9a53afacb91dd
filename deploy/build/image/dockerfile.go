package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// stage is what the last stage of a Dockerfile does, as far as ours uses the language:
// what has no place here is refused, so that nothing is passed over.
type stage struct {
	from   string   // the image that it begins with
	runs   []string // shell commands, in order, before what is copied
	copies [][2]string
	env    []string // NAME=value

	user, dir, signal string
	volumes, ports    []string
	entrypoint, cmd   []string
}

func parse(text string) (s stage, err error) {
	text = strings.ReplaceAll(text, "\\\n", "")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		if err := s.add(word, rest); err != nil {
			return s, fmt.Errorf("%s: %w", line, err)
		}
	}
	if s.from == "" || len(s.entrypoint) == 0 {
		return s, fmt.Errorf("no FROM or no ENTRYPOINT")
	}
	return s, nil
}

func (s *stage) add(word, rest string) error {
	if s.from == "" && word != "FROM" {
		return nil // of a stage that builds
	}
	switch word {
	case "FROM":
		if *s = (stage{}); !strings.Contains(rest, " AS ") {
			s.from = rest
		}
	case "WORKDIR":
		s.dir = rest
	case "RUN":
		if len(s.copies) > 0 {
			return fmt.Errorf("what is copied comes last, as a layer of its own")
		}
		s.runs = append(s.runs, rest)
	case "COPY":
		what := strings.Fields(strings.TrimPrefix(rest, "--from=build "))
		if len(what) != 2 {
			return fmt.Errorf("not one file to one place")
		}
		s.copies = append(s.copies, [2]string(what))
	case "ENV":
		s.env = append(s.env, strings.Fields(rest)...)
	case "USER":
		s.user = rest
	case "STOPSIGNAL":
		s.signal = rest
	case "VOLUME":
		s.volumes = append(s.volumes, strings.Fields(rest)...)
	case "EXPOSE":
		s.ports = append(s.ports, strings.Fields(rest)...)
	case "ENTRYPOINT":
		return json.Unmarshal([]byte(rest), &s.entrypoint)
	case "CMD":
		return json.Unmarshal([]byte(rest), &s.cmd)
	default:
		return fmt.Errorf("not understood")
	}
	return nil
}
