package webhook

import "slices"

const (
	maxInFlight = 512 // requests at once, to all endpoints
	maxSuspect  = 384 // of them, to those that are suspect
)

// scheduler says whose request goes next: of the share with the fewest in
// flight, the lane that has waited longest for its turn. A project has two
// shares, one for endpoints that answer and one for those that are suspect.
type scheduler struct {
	shares   map[shareKey]*share
	ready    []*share // that have a lane that is ready
	inFlight int
	suspect  int // of them
}

type shareKey struct {
	project string
	suspect bool
}

type share struct {
	key      shareKey
	inFlight int
	ready    []*turn
}

// turn is a lane as the scheduler sees it.
type turn struct {
	of       *scheduled
	share    *share
	inFlight int
	ready    bool // it waits for its turn
}

func newScheduler() scheduler { return scheduler{shares: map[shareKey]*share{}} }

func (s *scheduler) share(key shareKey) *share {
	sh, ok := s.shares[key]
	if !ok {
		sh = &share{key: key}
		s.shares[key] = sh
	}
	return sh
}

// join puts a lane among the suspect of its project, as which it begins.
func (s *scheduler) join(t *turn, project string) {
	t.share = s.share(shareKey{project, true})
}

// set says whether a lane is suspect, and whether it waits for its turn.
func (s *scheduler) set(t *turn, suspect, ready bool) {
	if t.share.key.suspect != suspect {
		s.remove(t)
		n := t.inFlight
		s.count(t, -n)
		t.share = s.share(shareKey{t.share.key.project, suspect})
		s.count(t, n)
	}
	switch {
	case t.ready == ready:
	case ready:
		t.ready = true
		if len(t.share.ready) == 0 {
			s.ready = append(s.ready, t.share)
		}
		t.share.ready = append(t.share.ready, t)
	default:
		s.remove(t)
	}
}

func (s *scheduler) remove(t *turn) {
	if !t.ready {
		return
	}
	t.ready = false
	t.share.ready = slices.DeleteFunc(t.share.ready, func(other *turn) bool { return other == t })
	if len(t.share.ready) == 0 {
		s.ready = slices.DeleteFunc(s.ready, func(other *share) bool { return other == t.share })
	}
}

// next takes the turn that has come; nil: none has, or there is no room for a
// request.
func (s *scheduler) next() *turn {
	if s.inFlight >= maxInFlight {
		return nil
	}
	at := -1
	for i, sh := range s.ready {
		if sh.key.suspect && s.suspect >= maxSuspect {
			continue
		}
		if at < 0 || sh.inFlight < s.ready[at].inFlight {
			at = i
		}
	}
	if at < 0 {
		return nil
	}
	sh := s.ready[at]
	t := sh.ready[0]
	sh.ready[0] = nil
	sh.ready = sh.ready[1:]
	t.ready = false
	if len(sh.ready) == 0 {
		last := len(s.ready) - 1
		s.ready[at] = s.ready[last]
		s.ready = s.ready[:last]
	}
	return t
}

// sends counts a request that begins.
func (s *scheduler) sends(t *turn) { s.count(t, 1) }

// sent counts one that has ended.
func (s *scheduler) sent(t *turn) { s.count(t, -1) }

func (s *scheduler) count(t *turn, n int) {
	t.inFlight += n
	t.share.inFlight += n
	s.inFlight += n
	if t.share.key.suspect {
		s.suspect += n
	}
}
