package browser

import (
	"bufio"
	"encoding/json"
	"io"
)

// asks is a command, as a browser reads it.
type asks struct {
	ID                int64
	Method, SessionID string
	Params            struct{ BrowserContextID string }

	raw string
}

// answering is a browser at the other end of a wire, until that is closed: it says what
// it is told to for each command, and nothing for "".
func answering(wire io.ReadWriter, says func(asks) string) {
	in := bufio.NewReader(wire)
	for {
		raw, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		m := asks{raw: string(raw)}
		if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
			return
		}
		if answer := says(m); answer != "" {
			_, _ = io.WriteString(wire, answer+"\x00")
		}
	}
}
