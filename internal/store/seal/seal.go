// Package seal encrypts what the database holds and must be read back: the
// secrets that sign webhooks, and the headers that are sent with them. The key
// is outside the database, so that a copy of that alone opens nothing.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

const (
	keyBytes = 32
	idBytes  = 4
	version  = 1
)

// Box seals with its first key, and opens with any.
type Box struct {
	keys  map[[idBytes]byte]cipher.AEAD
	tags  map[[idBytes]byte][]byte
	roots [][]byte // of keys for other purposes, one of each master key, in their order
	first [idBytes]byte
}

// ErrNoKey is a value that was sealed with a key that the box doesn't have.
var ErrNoKey = errors.New("it was encrypted with another master key")

// NewKey makes a master key: 32 random bytes in base64.
func NewKey() string {
	raw := make([]byte, keyBytes)
	rand.Read(raw) // never fails: see crypto/rand
	return base64.StdEncoding.EncodeToString(raw)
}

// New makes a box of master keys, separated by space or lines: the first for
// what is written from now on, the others for what was written before.
func New(keys string) (*Box, error) {
	b := &Box{keys: map[[idBytes]byte]cipher.AEAD{}, tags: map[[idBytes]byte][]byte{}}
	for i, text := range strings.Fields(keys) {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) != keyBytes {
			return nil, fmt.Errorf("master key %d is not %d bytes in base64", i+1, keyBytes)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		id := keyID(raw)
		b.keys[id], b.tags[id] = aead, tagKey(raw)
		root, err := hkdf.Extract(sha256.New, raw, nil)
		if err != nil {
			return nil, err
		}
		b.roots = append(b.roots, root)
		if i == 0 {
			b.first = id
		}
	}
	if len(b.keys) == 0 {
		return nil, errors.New("there is no master key")
	}
	return b, nil
}

// Load makes a box of the keys in a file, which is made with a new one, for its
// owner alone, when there is none. The error says what to do, as an
// [advice.Error].
func Load(path string) (*Box, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(NewKey() + "\n")
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			_ = os.Remove(path) // half a key is none
		}
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return nil, advice.Add(fmt.Errorf("the master key can't be made: %w", err),
			"See that the data folder can be written and its disk has room.")
	}
	return Read(path)
}

// Read is [Load] for a file that is there.
func Read(path string) (*Box, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, advice.Add(fmt.Errorf("the master key can't be read: %w", err),
			fmt.Sprintf("Give %s, a file, to the user who runs the server: user id %d.", path, os.Getuid()))
	}
	b, err := New(string(raw))
	if err != nil {
		return nil, advice.Add(fmt.Errorf("the master key in %s is damaged: %w", path, err),
			"Restore the file from a backup. Without it the webhook secrets in the database can't be read any more.")
	}
	return b, nil
}

// Derive makes keys of 32 bytes for another purpose, one of each master key, the first
// first. From one nobody learns another.
func (b *Box) Derive(purpose string) ([][]byte, error) {
	keys := make([][]byte, len(b.roots))
	for i, root := range b.roots {
		var err error
		if keys[i], err = hkdf.Expand(sha256.New, root, "browserhook "+purpose, keyBytes); err != nil {
			return nil, fmt.Errorf("derive a key: %w", err)
		}
	}
	return keys, nil
}

// keyID tells keys apart and says nothing of them.
func keyID(key []byte) (id [idBytes]byte) {
	sum := sha256.Sum256(append([]byte("browserhook key id "), key...))
	copy(id[:], sum[:])
	return id
}

// Seal encrypts a value. What it belongs to must be said again to open it, so
// that a value can't be moved to another row.
func (b *Box) Seal(value []byte, belongsTo string) []byte {
	aead := b.keys[b.first]
	out := make([]byte, 1+idBytes+aead.NonceSize(), 1+idBytes+aead.NonceSize()+len(value)+aead.Overhead())
	out[0] = version
	copy(out[1:], b.first[:])
	rand.Read(out[1+idBytes:])
	return aead.Seal(out, out[1+idBytes:], value, []byte(belongsTo))
}

// Open is what Seal was given.
func (b *Box) Open(sealed []byte, belongsTo string) ([]byte, error) {
	if len(sealed) < 1+idBytes || sealed[0] != version {
		return nil, errors.New("it is not an encrypted value")
	}
	aead, ok := b.keys[[idBytes]byte(sealed[1:])]
	if !ok {
		return nil, ErrNoKey
	}
	rest := sealed[1+idBytes:]
	if len(rest) < aead.NonceSize() {
		return nil, errors.New("it is not an encrypted value")
	}
	value, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], []byte(belongsTo))
	if err != nil {
		return nil, errors.New("it was changed since it was encrypted")
	}
	return value, nil
}

// Current says whether a value was sealed with the first key.
func (b *Box) Current(sealed []byte) bool {
	return len(sealed) > idBytes && bytes.Equal(sealed[1:1+idBytes], b.first[:])
}

// endpointSecrets is what is sealed of an endpoint.
type endpointSecrets struct {
	Secrets []domain.Secret `json:"secrets"`
	Headers []domain.Header `json:"headers,omitempty"`
}

// SealEndpoint encrypts the secrets and headers of an endpoint.
func (b *Box) SealEndpoint(e *domain.Endpoint) ([]byte, error) {
	raw, err := json.Marshal(endpointSecrets{e.Secrets, e.Headers})
	if err != nil {
		return nil, fmt.Errorf("seal endpoint: %w", err)
	}
	return b.Seal(raw, e.ProjectID+" "+e.ID), nil
}

// ForgetEndpoint is what is kept of an endpoint's secrets and headers when it is
// no more: none of them.
func (b *Box) ForgetEndpoint(ref domain.EndpointRef) ([]byte, error) {
	return b.SealEndpoint(&domain.Endpoint{ProjectID: ref.ProjectID, ID: ref.ID})
}

// OpenEndpoint fills them in again.
func (b *Box) OpenEndpoint(sealed []byte, e *domain.Endpoint) error {
	raw, err := b.Open(sealed, e.ProjectID+" "+e.ID)
	if err != nil {
		err = fmt.Errorf("open the secrets of endpoint %s: %w", e.ID, err)
		if errors.Is(err, ErrNoKey) {
			err = advice.Add(err, "Give the server the master key that it had before, as master.key in the data folder or as --master-key.")
		}
		return err
	}
	var s endpointSecrets
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("open the secrets of endpoint %s: %w", e.ID, err)
	}
	e.Secrets, e.Headers = s.Secrets, s.Headers
	return nil
}

// Row is a row of an endpoint, with what is sealed of it.
type Row struct {
	Num         int64
	Project, ID string
	Sealed      []byte
}

// ScanRow scans the number, project, id and sealed column of an endpoint.
func ScanRow(r codec.Scanner) (row Row, err error) {
	err = r.Scan(&row.Num, &row.Project, &row.ID, &row.Sealed)
	return row, err
}

// Reseal has what was sealed with another key than the first written anew, and
// says how many that were, and the number of the last row.
func (b *Box) Reseal(rows []Row, write func(num int64, sealed []byte) error) (done int, last int64, err error) {
	for _, r := range rows {
		if last = r.Num; b.Current(r.Sealed) {
			continue
		}
		e := domain.Endpoint{ID: r.ID, ProjectID: r.Project}
		if err := b.OpenEndpoint(r.Sealed, &e); err != nil {
			return done, last, err
		}
		sealed, err := b.SealEndpoint(&e)
		if err != nil {
			return done, last, err
		}
		if err := write(r.Num, sealed); err != nil {
			return done, last, err
		}
		done++
	}
	return done, last, nil
}
