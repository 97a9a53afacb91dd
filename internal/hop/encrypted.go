package hop

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// Encrypting is what a server says of itself (domain.Node.Hops) that takes requests encrypted:
// path, query, key and body are for it alone to read, whoever else answers at its address.
const Encrypting = 2

// encryptedPath is where an encrypted request goes, whatever it is for.
const encryptedPath = "/hops/pass"

// maxEncrypted bounds an encrypted body; what is in it is bounded again by who reads that.
const maxEncrypted = 2 << 20

// confidential is what of a request only the other server reads.
type confidential struct {
	URI           string   `json:"uri"`
	Authorization []string `json:"authorization,omitempty"`
	Digest        []byte   `json:"digest"`        // of its body, as Hop.Body
	Key           []byte   `json:"key,omitempty"` // that its body is encrypted with; empty: it has none
}

// encrypt makes a request one that says nothing to who lacks the keys, but its method and
// the headers beside Authorization.
func (s *Servers) encrypt(out *httputil.ProxyRequest, h *Hop, body []byte) {
	r := out.Out
	what := confidential{URI: out.In.URL.RequestURI(), Authorization: r.Header["Authorization"], Digest: h.Body[:]}
	r.Header.Del("Authorization")
	r.Header.Del("Referer") // it may be a link
	r.Body, r.ContentLength = http.NoBody, 0
	if len(body) > 0 {
		what.Key = make([]byte, sha256.Size)
		_, _ = rand.Read(what.Key) // it never fails
		hidden := encrypt(what.Key, body)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(hidden)), int64(len(hidden))
	}
	text, err := json.Marshal(what)
	if err != nil {
		panic(err) // of texts and bytes alone
	}
	all := make([]string, len(s.Keys))
	for i, key := range s.Keys { // as with signatures
		all[i] = base64.RawURLEncoding.EncodeToString(encrypt(encryptionKey(key), text))
	}
	h.encrypted = strings.Join(all, ",")
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = encryptedPath, "", ""
}

// decrypt has a request that came encrypted be what it was.
func (h *Hop) decrypt(keys [][]byte, r *http.Request) error {
	if h.encrypted == "" {
		return nil
	}
	var what confidential
	if err := json.Unmarshal(decryptAny(keys, h.encrypted), &what); err != nil || len(what.Digest) != len(h.Body) {
		return errForged
	}
	u, err := url.ParseRequestURI(what.URI)
	if err != nil {
		return errForged
	}
	h.Body = [sha256.Size]byte(what.Digest)
	r.URL, r.RequestURI = u, what.URI
	r.Header.Del("Authorization")
	if len(what.Authorization) > 0 {
		r.Header["Authorization"] = what.Authorization
	}
	if len(what.Key) > 0 {
		r.Body = &encryptedBody{ReadCloser: r.Body, key: what.Key}
		r.ContentLength = -1
	}
	return nil
}

// encryptedBody is a body that is decrypted when it is read.
type encryptedBody struct {
	io.ReadCloser
	key  []byte
	text io.Reader
}

func (b *encryptedBody) Read(p []byte) (int, error) {
	if b.text == nil {
		raw, err := io.ReadAll(io.LimitReader(b.ReadCloser, maxEncrypted))
		if err != nil {
			return 0, err
		}
		text, err := decrypt(b.key, raw)
		if err != nil {
			return 0, errForged
		}
		b.text = bytes.NewReader(text)
	}
	return b.text.Read(p)
}

// encryptionKey is the key that confidential parts are encrypted with, made of one that signs.
func encryptionKey(key []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("sealed"))
	return m.Sum(nil)
}

// decryptAny is what was encrypted with one of the keys; nil: it was not.
func decryptAny(keys [][]byte, all string) []byte {
	for one := range strings.SplitSeq(all, ",") {
		raw, err := base64.RawURLEncoding.DecodeString(one)
		if err != nil {
			return nil
		}
		for _, key := range keys {
			if text, err := decrypt(encryptionKey(key), raw); err == nil {
				return text
			}
		}
	}
	return nil
}

func encrypt(key, text []byte) []byte { return aead(key).Seal(nil, nil, text, nil) }

func decrypt(key, raw []byte) ([]byte, error) { return aead(key).Open(nil, nil, raw, nil) }

// aead is AES-GCM with random nonces. The key has 32 bytes.
func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return a
}
