package recording

import (
	"errors"
	"io"
)

// Chain reads the pictures of segments one after the other, and has one of them open at
// a time.
type Chain struct {
	open    func() (io.ReadCloser, error)
	segment io.Closer
	reader  *Reader
}

// NewChain makes a chain; open opens the next segment, or says [io.EOF] after the last.
func NewChain(open func() (io.ReadCloser, error)) *Chain { return &Chain{open: open} }

// Next is the next picture; [io.EOF]: there are no more.
func (c *Chain) Next() (p Picture, err error) {
	for {
		if c.reader == nil {
			segment, err := c.open()
			if err != nil {
				return p, err
			}
			c.segment = segment
			if c.reader, err = NewReader(segment); err != nil {
				c.Close()
				return p, err
			}
		}
		if p, err = c.reader.Next(); !errors.Is(err, io.EOF) {
			return p, err
		}
		c.Close()
	}
}

// Close closes the segment that is open.
func (c *Chain) Close() {
	if c.segment != nil {
		_ = c.segment.Close()
	}
	c.segment, c.reader = nil, nil
}
