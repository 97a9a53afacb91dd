package app

import (
	"context"
	"errors"
	"io"

	"gocloud.dev/blob"
)

// object reads what is in a bucket as it is asked for: at first nothing, then in parts,
// each larger than the one before, so that who wants little has little sent.
type object struct {
	ctx    context.Context //nolint:containedctx // of who reads
	bucket *blob.Bucket
	key    string
	size   int64

	at   int64 // where the next byte is read
	part *blob.Reader
	end  int64 // of the part
	next int64 // how large the next part may be
}

// The first part of what is read of an object has as many bytes, the next so many times
// as many.
const firstPart, partsGrow = 1 << 20, 8

func (o *object) Read(p []byte) (int, error) {
	for o.at < o.size {
		if o.part == nil {
			length := min(o.next, o.size-o.at)
			part, err := o.bucket.NewRangeReader(o.ctx, o.key, o.at, length, nil)
			if err != nil {
				return 0, readError(err)
			}
			o.part, o.end, o.next = part, o.at+length, partsGrow*o.next
		}
		n, err := o.part.Read(p)
		o.at += int64(n)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if o.at < o.end {
			return n, io.ErrUnexpectedEOF
		}
		if err := o.Close(); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, errors.New("seek to before the beginning of an artifact")
	}
	if offset == o.at {
		return offset, nil
	}
	o.at, o.next = offset, firstPart
	return offset, o.Close()
}

// Close gives the part back that is being read.
func (o *object) Close() error {
	if o.part == nil {
		return nil
	}
	err := o.part.Close()
	o.part = nil
	return err
}
