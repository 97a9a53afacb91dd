// Package rowid makes public ids of rows that are keyed by two numbers. The
// numbers count what all projects do, so an id shows them to nobody: it is the
// two of them encrypted as one block of AES.
package rowid

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
)

// Codec turns numbers into ids and back.
type Codec struct {
	prefix domain.Prefix
	block  cipher.Block
}

// New makes a codec of ids with the prefix. The key has 16 bytes and belongs
// to the database: with another the same rows have other ids.
func New(prefix domain.Prefix, key []byte) (*Codec, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of %s ids: %w", prefix, err)
	}
	return &Codec{prefix, block}, nil
}

// Encode makes the id of the row that is keyed by the two numbers.
func (s *Codec) Encode(a, b int64) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(a))
	binary.BigEndian.PutUint64(raw[8:], uint64(b))
	s.block.Encrypt(raw[:], raw[:])
	return domain.EncodeID(s.prefix, raw)
}

// Decode is what Encode was given. What it didn't make gives numbers that no row
// has.
func (s *Codec) Decode(id string) (a, b int64) {
	raw, ok := domain.DecodeID(s.prefix, id)
	if !ok {
		return -1, -1
	}
	s.block.Decrypt(raw[:], raw[:])
	return int64(binary.BigEndian.Uint64(raw[:8])), int64(binary.BigEndian.Uint64(raw[8:]))
}
