package browser

import "github.com/browserhook/browserhook/internal/browser/keeper"

// Pool is how many browsers are kept ready, and what that was good for.
type Pool struct {
	Ready, Size  int
	Hits, Misses int64 // sessions that got one that was ready or on its way, and that did not
}

// Pool tells of the browsers that no session has yet.
func (l *Launcher) Pool() Pool {
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	return Pool{Ready: len(p.spares), Size: len(p.kinds), Hits: p.hits, Misses: p.misses}
}

// Memory is how many browsers run, those that are ready too, and how many bytes of
// memory they have: what several processes share counts for each, and what they read
// from files doesn't.
func (l *Launcher) Memory() (browsers int, bytes int64) {
	var keepers []int
	for b := range l.running.Range {
		browsers++
		keepers = append(keepers, b.(*Browser).keeperPID)
	}
	if len(keepers) == 0 {
		return browsers, 0
	}
	return browsers, keeper.Memory(keepers)
}
