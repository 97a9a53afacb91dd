// Package recording keeps what the pages of sessions looked like: pictures with the times
// at which they were taken, in segments that stand each for itself, and that a server that
// is killed leaves readable.
//
// A segment begins with Magic. Then comes a record for each picture, the oldest first:
//
//	4 bytes  length of the JPEG, the most significant first; 0: from here on nothing is shown
//	8 bytes  when it was taken, in milliseconds since 1970, the same way
//	         the JPEG
//
// A picture is what there is to see until the next one. A last record that isn't whole was
// being written when the server ended, and is none.
package recording

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

const (
	// Magic is what a segment begins with.
	Magic = "BHREC1\r\n"
	// ContentType is the media type of a segment.
	ContentType = "application/vnd.browserhook.recording"

	head = 12
	// maxPicture bounds a picture, in bytes.
	maxPicture = 16 << 20
)

// ErrFormat is what isn't a segment.
var ErrFormat = errors.New("not a segment of a recording")

// Picture is one of a recording's.
type Picture struct {
	At   time.Time // in milliseconds
	JPEG []byte    // empty: from here on nothing is shown
}

// Append adds a picture's record to others.
func Append(b []byte, p Picture) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(p.JPEG)))
	b = binary.BigEndian.AppendUint64(b, uint64(p.At.UnixMilli()))
	return append(b, p.JPEG...)
}

// Reader reads the pictures of a segment.
type Reader struct {
	Whole int64 // bytes, of Magic and of the records that were read

	in   *bufio.Reader
	last time.Time
}

// NewReader begins to read a segment. ErrFormat: it is none.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	begin := make([]byte, len(Magic))
	if _, err := io.ReadFull(in, begin); err != nil && !over(err) {
		return nil, err
	}
	if string(begin) != Magic {
		return nil, ErrFormat
	}
	return &Reader{Whole: int64(len(Magic)), in: in}, nil
}

// Next is the next picture; io.EOF: there are no more that are whole.
func (r *Reader) Next() (Picture, error) {
	var h [head]byte
	if _, err := io.ReadFull(r.in, h[:]); err != nil {
		return Picture{}, end(err)
	}
	length, at := binary.BigEndian.Uint32(h[:4]), int64(binary.BigEndian.Uint64(h[4:]))
	p := Picture{At: time.UnixMilli(at)}
	if length > maxPicture || at <= 0 || at >= 1<<52 || p.At.Before(r.last) {
		return Picture{}, io.EOF // what a disk that lost power has instead of it
	}
	if length > 0 {
		// A length may lie: no more is set aside than there is.
		for len(p.JPEG) < int(length) {
			part := make([]byte, min(int(length)-len(p.JPEG), 256<<10))
			if _, err := io.ReadFull(r.in, part); err != nil {
				return Picture{}, end(err)
			}
			p.JPEG = append(p.JPEG, part...)
		}
		if length < 2 || p.JPEG[0] != 0xff || p.JPEG[1] != 0xd8 {
			return Picture{}, io.EOF
		}
	}
	r.last = p.At
	r.Whole += head + int64(length)
	return p, nil
}

func over(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func end(err error) error {
	if over(err) {
		return io.EOF
	}
	return err
}
