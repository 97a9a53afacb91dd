package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// measureRecording is what it costs to be recorded.
func measureRecording(ctx context.Context) (t table, err error) {
	during := max(time.Duration(less(20))*time.Second, 2*time.Second)
	t = table{
		Title:   "Recordings: what they cost",
		Columns: []string{"the page", "browser, not recorded", "server and keeper, not recorded", "browser, recorded", "server and keeper, recorded", "what recording costs, of a core", "kB a second"},
		About: fmt.Sprintf("Pages of 1280×720 that nobody watches, for %.0f s each, once in a session that isn't recorded and once in one that is, with `\"record\": \"all\"`: the CPU of the session's browser with all its processes, and that of the server and the keeper. "+
			"The one that is worked on is another once a second, as when a program fills in a form or goes from page to page; the others change all the time.", during.Seconds()),
	}
	for _, p := range append(calmPages, movingPages...) {
		site := serving(p.page)
		row, err := recordedFor(ctx, site.URL, during)
		site.Close()
		if err != nil {
			return t, fmt.Errorf("%s: %w", p.name, err)
		}
		t.Rows = append(t.Rows, append([]string{p.name}, row...))
	}
	return t, nil
}

// calmPages are as sessions of programs mostly are, by name.
var calmPages = []struct{ name, page string }{
	{"one that stands still", moving(`document.querySelector("main").textContent = say(300);`, "")},
	{"one that is worked on", moving(`const on = () => { document.querySelector("main").textContent = n + " " + say(100 + n++ * 37 % 400); }; on(); setInterval(on, 1000);`, "")},
}

// recordedFor has a page be there for a while, not recorded and recorded.
func recordedFor(ctx context.Context, url string, during time.Duration) (row []string, err error) {
	var spent []float64
	var written float64
	for _, record := range []string{"off", "all"} {
		o, _, err := ourEnds(ctx, url, false, harness.Object{"record": record})
		if err != nil {
			return nil, err
		}
		<-time.After(2 * time.Second) // it is loaded by then, and drawn
		before, err := o.recorded()
		if err != nil {
			return nil, errors.Join(err, o.ends.stop())
		}
		w, err := o.costs(ctx, during)
		if err == nil {
			written, err = o.recorded()
		}
		if err := errors.Join(err, o.ends.stop()); err != nil {
			return nil, err
		}
		written = (written - before) / during.Seconds()
		spent = append(spent, w.spent["browser"], w.spent["server"])
	}
	for _, one := range spent {
		row = append(row, fmt.Sprintf("%.1f %%", one))
	}
	return append(row, fmt.Sprintf("%.1f %%", spent[2]+spent[3]-spent[0]-spent[1]), fmt.Sprintf("%.1f", written/1000)), nil
}
