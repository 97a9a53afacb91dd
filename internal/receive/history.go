package receive

// remembered is how many webhooks and sessions the receiver knows at a time.
const remembered = 10_000

// history is what came before, as far as it is remembered.
type history struct {
	webhooks bounded[attempts]
	sessions bounded[int64] // the highest sequence of each
}

type attempts struct {
	n     int
	taken bool // one was answered with 2xx
}

func newHistory() *history {
	return &history{
		webhooks: bounded[attempts]{values: map[string]attempts{}},
		sessions: bounded[int64]{values: map[string]int64{}},
	}
}

// place says of a request what it is to those before it, and remembers it.
func (p *history) place(r *record) {
	before := p.webhooks.values[r.ID]
	r.Attempt, r.Duplicate = before.n+1, before.taken
	p.webhooks.set(r.ID, attempts{before.n + 1, before.taken || r.Status/100 == 2})
	session := r.event.SessionID
	if session == "" {
		return
	}
	highest := p.sessions.values[session]
	if r.event.Sequence < highest {
		r.Overtaken = highest
		return
	}
	p.sessions.set(session, r.event.Sequence)
}

// bounded is a map that forgets its oldest keys.
type bounded[V any] struct {
	values map[string]V
	order  []string
}

func (b *bounded[V]) set(key string, v V) {
	if _, known := b.values[key]; !known {
		if len(b.order) == remembered {
			delete(b.values, b.order[0])
			b.order = b.order[1:]
		}
		b.order = append(b.order, key)
	}
	b.values[key] = v
}
