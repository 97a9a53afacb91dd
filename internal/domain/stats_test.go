package domain

import (
	"testing"
	"time"
)

func TestPercentilesAreRightWithinAQuarter(t *testing.T) {
	var l Latencies
	if _, ok := l.Percentile(0.5); ok {
		t.Error("there is a percentile of nothing")
	}
	for ms := range 1000 {
		l.Note(time.Duration(ms+1) * time.Millisecond)
	}
	for _, p := range []float64{0.1, 0.5, 0.95, 0.99} {
		got, ok := l.Percentile(p)
		want := time.Duration(1000*p) * time.Millisecond
		if off := float64(got-want) / float64(want); !ok || off > 0.1 || off < -0.1 {
			t.Errorf("percentile %v: %v, want about %v", p, got, want)
		}
	}
	var slow Latencies
	slow.Note(time.Hour)
	if got, _ := slow.Percentile(1); got < 15*time.Second {
		t.Errorf("what takes longest is in the last bucket: %v", got)
	}
}

func TestStatsCountAttemptsAndWhatIsGivenUp(t *testing.T) {
	var a, b EndpointStats
	try := func(s *EndpointStats, to DeliveryStatus) {
		s.Note(&Outcome{Delivery: Delivery{Status: to}, Attempt: Attempt{ID: "att_a", Duration: 40 * time.Millisecond}})
	}
	try(&a, DeliveryDelivered)
	try(&a, DeliveryPending)
	try(&b, DeliveryFailed)
	b.Note(&Outcome{Delivery: Delivery{Status: DeliveryCanceled}}) // without an attempt
	a.Waiting, b.Waiting = 3, 2
	a.Add(&b)
	if a.Succeeded != 1 || a.Failed != 2 || a.GivenUp != 1 || a.Waiting != 3 {
		t.Errorf("counted %+v", a)
	}
	if p, ok := a.Latencies.Percentile(0.5); !ok || p < 32*time.Millisecond || p > 48*time.Millisecond {
		t.Errorf("the median of 40 ms is %v", p)
	}
}
