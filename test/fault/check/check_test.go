package check

import (
	"slices"
	"strings"
	"testing"
)

// good is a world in which all is well: one event failed once, and one was
// sent again because its sender died.
func good() *World {
	return &World{
		Endpoints: []Endpoint{{ID: "we_o", Ordered: true}, {ID: "we_p"}},
		Events:    []Event{{"e1", "s", 3, ""}, {"e2", "s", 4, ""}, {"e3", "t", 1, ""}},
		Before:    map[string]int64{"s": 2},
		Said:      []Said{{"s", 4}, {"t", 1}},
		Died:      map[string]int{"b": 7},
		Requests: []Request{
			{"we_o", "e1", "s", 3, 500, "a", 7, "1"},
			{"we_o", "e1", "s", 3, 204, "a", 7, "1"},
			{"we_p", "e2", "s", 4, 204, "b", 7, "2"},
			{"we_o", "e2", "s", 4, 204, "a", 7, "2"},
			{"we_p", "e1", "s", 3, 204, "a", 7, "1"},
			{"we_o", "e3", "t", 1, 204, "a", 7, "3"},
			{"we_p", "e3", "t", 1, 204, "a", 7, "3"},
			{"we_p", "e2", "s", 4, 204, "a", 7, "2"},
		},
		Deliveries: []Delivery{
			{"e1", "we_o", "DELIVERED", 2, []int{500, 204}},
			{"e1", "we_p", "DELIVERED", 1, []int{204}},
			{"e2", "we_o", "DELIVERED", 1, []int{204}},
			{"e2", "we_p", "DELIVERED", 1, []int{204}}, // the first one's record died
			{"e3", "we_o", "DELIVERED", 1, []int{204}},
			{"e3", "we_p", "DELIVERED", 1, []int{204}},
		},
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*World)
		says  string // "" for nothing
	}{
		{"all is well", func(*World) {}, ""},
		{"a lost event", func(w *World) { w.Requests = slices.Delete(w.Requests, 6, 7) }, "never arrived at we_p"},
		{"an event that only failed", func(w *World) { w.Requests[6].Status = 500 }, "never arrived at we_p"},
		{"an acknowledged event that is not in the log", func(w *World) { w.Said = append(w.Said, Said{"s", 5}) }, "number 5 was acknowledged"},
		{"a session of which nothing is left", func(w *World) { w.Said = append(w.Said, Said{"u", 1}) }, `session "u": number 1 was acknowledged`},
		{"a gap", func(w *World) { w.Events[1].Sequence, w.Requests[2].Sequence = 5, 5 }, "is number 5 after 3"},
		{"a gap after what was there before", func(w *World) { w.Before["s"] = 1 }, "is number 3 after 1"},
		{"a number given twice", func(w *World) { w.Events[1].Sequence = 3 }, "is number 3 after 3"},
		{"an event twice in the log", func(w *World) { w.Events = append(w.Events, w.Events[0]) }, "in the log twice"},
		{"a wrong order", func(w *World) {
			w.Requests[1], w.Requests[3] = w.Requests[3], w.Requests[1]
		}, "number 4 came to ordered we_o when only 2 had been taken"},
		{"a later event sent before the failed one was sent again", func(w *World) {
			w.Requests = slices.Insert(w.Requests, 1, Request{"we_o", "e2", "s", 4, 500, "b", 7, "2"})
		}, "number 4 came to ordered we_o"},
		{"an event again after a later one is in order", func(w *World) {
			w.Requests = append(w.Requests, Request{"we_o", "e1", "s", 3, 204, "b", 7, "1"})
		}, ""},
		{"a missing attempt", func(w *World) {
			w.Deliveries[0].Attempts, w.Deliveries[0].Count = []int{204}, 1
		}, "answered 500 to 1 requests (0 of them by processes that died), and 0 attempts"},
		{"a record lost in another round than its sender", func(w *World) { w.Died["b"] = 8 }, "and 1 attempts are recorded"},
		{"an attempt that nobody saw", func(w *World) {
			w.Deliveries[3].Attempts, w.Deliveries[3].Count = []int{204, 204, 204}, 3
		}, "3 attempts with status 204, and the receiver saw 2"},
		{"an attempt without an answer", func(w *World) {
			w.Deliveries[3].Attempts, w.Deliveries[3].Count = []int{204, 0}, 2
		}, "have no answer"},
		{"attempts miscounted", func(w *World) { w.Deliveries[0].Count = 1 }, "counts 1 attempts and has 2"},
		{"a delivery that does not end", func(w *World) { w.Deliveries[0].Status = "SENDING" }, "is SENDING"},
		{"a delivery that was never made", func(w *World) { w.Deliveries = w.Deliveries[1:] }, "has no delivery to we_o"},
		{"two deliveries of one event", func(w *World) { w.Deliveries = append(w.Deliveries, w.Deliveries[0]) }, "two deliveries"},
		{"an event that is not in the log", func(w *World) { w.Requests[0].Event = "e9" }, "e9 came to we_o in round 7 and is not in the log"},
		{"an event under another number", func(w *World) { w.Requests[5].Sequence = 2 }, "came as number 2"},
		{"news of an endpoint to itself", func(w *World) { w.Events[2].About = "we_p" }, "went to we_p, which it is about"},
		{"news of an endpoint to the others", func(w *World) {
			w.Events[2].About = "we_p"
			w.Requests, w.Deliveries = slices.Delete(w.Requests, 6, 7), w.Deliveries[:5]
		}, ""},
		{"two bodies of one event", func(w *World) { w.Requests[1].Body = "other" }, "two different bodies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := good()
			c.spoil(w)
			got := strings.Join(Check(w), "\n")
			if c.says == "" && got != "" || !strings.Contains(got, c.says) {
				t.Errorf("got %q, want %q", got, c.says)
			}
		})
	}
}

func TestReadLog(t *testing.T) {
	all, err := ReadLog(strings.NewReader(`{"endpoint":"we_1","event":"evt_1","status":204}` + "\n" + `{"event":"evt_2","sequence":2}` + "\n"))
	if err != nil || len(all) != 2 || all[0].Endpoint != "we_1" || all[1].Sequence != 2 {
		t.Errorf("got %v, %v", all, err)
	}
	if _, err := ReadLog(strings.NewReader(`{"event":"evt_1"}` + "\n" + `{"ev`)); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a torn line: got %v", err)
	}
}
