package postgres

import (
	"time"
)

const (
	// burst is the part of a second whose deliveries may go at once.
	burst = 10
	// roomAgain is when an endpoint is looked at again whose requests are all
	// under way at other nodes.
	roomAgain = 200 * time.Millisecond
)

// allowed says how many deliveries an endpoint with limits may be sent now by
// all nodes together, and if that is fewer than asked for, how long it takes
// until it may be more. It locks the endpoint's limits for this transaction.
//
// The rate is kept by the generic cell rate algorithm: pace is the time up to
// which the rate is used up, by the database's clock, which is one for all.
func (t *tx) allowed(c claim) (n int, wait time.Duration, err error) {
	if c.as.RateLimit == 0 && c.as.Concurrency == 0 {
		return c.limit, 0, nil
	}
	if err := t.exec(`INSERT INTO endpoint_paces VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING`, c.endpoint); err != nil {
		return 0, 0, err
	}
	var ahead float64 // seconds that pace is ahead of now
	if err := t.row(`SELECT GREATEST(0, EXTRACT(EPOCH FROM pace - clock_timestamp()))::float8 FROM endpoint_paces
		WHERE endpoint = $1 FOR UPDATE`, c.endpoint).Scan(&ahead); err != nil {
		return 0, 0, err
	}
	n = c.limit
	if c.as.RateLimit > 0 {
		n, wait = paced(c.as.RateLimit, n, time.Duration(ahead*float64(time.Second)))
	}
	if c.as.Concurrency == 0 {
		return n, wait, nil
	}
	var leased int
	if err := t.row(`SELECT COUNT(*) FROM deliveries WHERE endpoint = $1 AND node <> 0`, c.endpoint).Scan(&leased); err != nil {
		return 0, 0, err
	}
	if room := max(0, c.as.Concurrency-leased); room < n {
		n, wait = room, max(wait, roomAgain)
	}
	return n, wait, nil
}

// paced is how many of n may go now at a rate per second whose use is ahead of
// the time, and if not all, how long until the next may.
func paced(perSecond, n int, ahead time.Duration) (now int, wait time.Duration) {
	each := time.Second / time.Duration(perSecond)
	atOnce := max(1, perSecond/burst)
	free := atOnce - int((ahead+each-1)/each)
	if free >= n {
		return n, 0
	}
	free = max(0, free)
	// The next is free when the use is no further ahead than all but one.
	return free, max(ahead+time.Duration(free)*each-time.Duration(atOnce-1)*each, time.Millisecond)
}

// spend takes n deliveries off the endpoint's rate.
func (t *tx) spend(c claim, n int) error {
	if c.as.RateLimit == 0 || n == 0 {
		return nil
	}
	return t.exec(`UPDATE endpoint_paces SET pace = GREATEST(pace, clock_timestamp()) + $2 * interval '1 microsecond' WHERE endpoint = $1`,
		c.endpoint, float64(n)*1e6/float64(c.as.RateLimit))
}
