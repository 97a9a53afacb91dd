package sessionlog

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/browserhook/browserhook/internal/domain"
)

// Page reads a part of a log. Of a line that is not in it only the beginning is looked
// at, and of the others no more than they are is held.
func Page(r io.Reader, q domain.LogQuery) (page domain.LogPage, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var found [][]byte // the lines that count, in order
	at := map[int64]int{}
	var line []byte
	var all read
	for {
		line, err = readLine(in, line[:0], &all)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return page, fmt.Errorf("read a log: %w", err)
		}
		number, kind, ok := headOf(line)
		if !ok {
			var note dropped
			if json.Unmarshal(line, &note) == nil {
				page.Dropped += note.Count
			}
			continue
		}
		i, known := at[number]
		more := q.Limit == 0 || len(found) <= q.Limit // one more says that there are more
		if number <= q.After || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kind) || !known && !more || !json.Valid(line) {
			continue
		}
		if known {
			found[i] = append(found[i][:0], line...)
			continue
		}
		at[number] = len(found)
		found = append(found, bytes.Clone(line))
	}
	if page.More = q.Limit > 0 && len(found) > q.Limit; page.More {
		found = found[:q.Limit]
	}
	for _, line := range found {
		var e domain.LogEntry
		if json.Unmarshal(line, &e) == nil {
			page.Entries = append(page.Entries, e)
		}
	}
	slices.SortFunc(page.Entries, func(a, b domain.LogEntry) int { return cmp.Compare(a.Number, b.Number) })
	return page, nil
}

// headOf reads how the line of an entry begins.
func headOf(line []byte) (number int64, kind domain.LogKind, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"n":`))
	digits, rest, follows := bytes.Cut(rest, []byte(`,"kind":"`))
	name, _, ends := bytes.Cut(rest, []byte{'"'})
	number, err := strconv.ParseInt(string(digits[:min(len(digits), 20)]), 10, 64)
	return number, domain.LogKind(name), ok && follows && ends && err == nil && number > 0
}
