package domain

import (
	"fmt"
	"time"
)

// What SessionOptions.Record is beside a duration, which keeps the last so long.
const (
	RecordOff = "off"
	RecordAll = "all"
)

// The shortest and the longest that a recording can be told to keep.
const minRecord, maxRecord = 10 * time.Second, 24 * time.Hour

// ParseRecord reads how much of a session is recorded: RecordOff or nothing, RecordAll, or
// the last so long.
func ParseRecord(s string) (on bool, last time.Duration, err error) {
	switch s {
	case "", RecordOff:
		return false, 0, nil
	case RecordAll:
		return true, 0, nil
	}
	last, err = time.ParseDuration(s)
	if err != nil || last < minRecord || last > maxRecord {
		return false, 0, fmt.Errorf("%q is not %s, %s or a duration from 10s to 24h, such as 5m", s, RecordOff, RecordAll)
	}
	return true, last, nil
}

// KindRecording is the kind of the artifact that is a segment of a session's recording.
// When it was made is when its first picture was.
const KindRecording = "recording"

// Segment is a part of a session's recording.
type Segment struct {
	Artifact

	Open bool // pictures are added still
}

// RecordingURL is where it is told what there is of a session's recording, with a key.
func RecordingURL(publicURL, session string) string {
	return publicURL + "/v1/sessions/" + session + "/recording"
}
