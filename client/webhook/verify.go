// Package webhook receives browserhook's webhooks: it verifies their
// signatures, decodes them, and answers them.
//
// [NewHandler] is all that most receivers need. Who has an HTTP framework of
// their own calls [Verifier.Verify] and [Parse].
//
// Signatures are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com),
// both the symmetric v1 and the asymmetric v1a. The package needs nothing but
// the standard library.
package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a webhook.
const (
	HeaderID        = "Webhook-Id"        // the event's id, the same in every retry
	HeaderTimestamp = "Webhook-Timestamp" // when this attempt was made, in seconds since 1970
	HeaderSignature = "Webhook-Signature" // one for each live secret, separated by spaces
)

// Why a request is not verified, by [errors.Is].
var (
	ErrHeader    = errors.New("a webhook header is missing or can't be read")
	ErrTooOld    = errors.New("the webhook's timestamp is too old")
	ErrTooNew    = errors.New("the webhook's timestamp is in the future")
	ErrSignature = errors.New("no signature of the webhook matches")
)

// DefaultTolerance is how far a webhook's timestamp may be from the clock here.
const DefaultTolerance = 5 * time.Minute

// maxSignatures is how many signatures of one request are looked at: a sender
// has a few live secrets, and a stranger is to cost little.
const maxSignatures = 32

// Verifier knows the secrets of an endpoint. It may be used by many goroutines
// at once.
type Verifier struct {
	// Tolerance is how far the timestamp may be from the clock here, either
	// way; 0 is [DefaultTolerance]. It limits for how long a request that was
	// overheard can be sent again.
	Tolerance time.Duration

	secrets [][]byte
	keys    []ed25519.PublicKey
	now     func() time.Time
}

// NewVerifier takes what the answer that made the endpoint has: its secret
// ("whsec_…"), its public key ("whpk_…"), or several of both while they are
// being rotated. A request is verified when any of them has signed it.
func NewVerifier(secrets ...string) (*Verifier, error) {
	if len(secrets) == 0 {
		return nil, errors.New("webhook: there is no secret")
	}
	v := &Verifier{now: time.Now}
	for i, secret := range secrets {
		if err := v.add(strings.TrimSpace(secret)); err != nil {
			return nil, fmt.Errorf("webhook: secret %d: %w", i+1, err)
		}
	}
	return v, nil
}

const (
	secretPrefix    = "whsec_"
	privatePrefix   = "whsk_"
	publicPrefix    = "whpk_"
	minSecretLength = 24 // bytes, by Standard Webhooks
)

func (v *Verifier) add(secret string) error {
	switch {
	case secret == "":
		return errors.New("is empty")
	case strings.HasPrefix(secret, privatePrefix):
		return errors.New("is a private key, which only the sender may have; the receiver needs the public one (whpk_…)")
	case strings.HasPrefix(secret, publicPrefix):
		key, err := base64.StdEncoding.DecodeString(secret[len(publicPrefix):])
		if err != nil || len(key) != ed25519.PublicKeySize {
			return errors.New("is not whpk_ and the base64 of an ed25519 public key")
		}
		v.keys = append(v.keys, key)
	default:
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if err != nil {
			return errors.New("is not whsec_ and base64")
		}
		if len(key) < minSecretLength {
			return fmt.Errorf("has %d bytes; a secret has at least %d", len(key), minSecretLength)
		}
		v.secrets = append(v.secrets, key)
	}
	return nil
}

// Verify is [Verifier.Verify] of a verifier made for this one request; the
// error is [NewVerifier]'s too.
func Verify(body []byte, header http.Header, secrets ...string) error {
	v, err := NewVerifier(secrets...)
	if err != nil {
		return err
	}
	return v.Verify(body, header)
}

// Verify says whether the sender that knows the secrets sent this body, with
// this id, at about this time. The body is to be the bytes that came, not
// decoded and encoded again. The error is one of [ErrHeader], [ErrTooOld],
// [ErrTooNew] and [ErrSignature], with what was wrong.
func (v *Verifier) Verify(body []byte, header http.Header) error {
	id, timestamp, signatures := header.Get(HeaderID), header.Get(HeaderTimestamp), header.Get(HeaderSignature)
	for _, h := range [][2]string{{HeaderID, id}, {HeaderTimestamp, timestamp}, {HeaderSignature, signatures}} {
		if h[1] == "" {
			return fmt.Errorf("%w: %s is missing", ErrHeader, strings.ToLower(h[0]))
		}
	}
	// A dot separates the signed parts: in an id it could move the border
	// between them.
	if strings.Contains(id, ".") {
		return fmt.Errorf("%w: webhook-id has a dot in it", ErrHeader)
	}
	if err := v.fresh(timestamp); err != nil {
		return err
	}
	signed := make([]byte, 0, len(id)+len(timestamp)+len(body)+2)
	signed = append(append(signed, id...), '.')
	signed = append(append(signed, timestamp...), '.')
	signed = append(signed, body...)
	return v.signed(signed, signatures)
}

func (v *Verifier) fresh(timestamp string) error {
	// What is signed is this text, so a time has only one spelling.
	at, err := strconv.ParseUint(timestamp, 10, 63)
	if err != nil || strconv.FormatUint(at, 10) != timestamp {
		return fmt.Errorf("%w: webhook-timestamp is not a number of seconds", ErrHeader)
	}
	tolerance := v.Tolerance
	if tolerance == 0 {
		tolerance = DefaultTolerance
	}
	age, limit := v.now().Unix()-int64(at), int64(tolerance/time.Second)
	switch {
	case age > limit:
		return fmt.Errorf("%w: by %s, and %s is allowed", ErrTooOld, seconds(age), tolerance)
	case -age > limit:
		return fmt.Errorf("%w: by %s, and %s is allowed", ErrTooNew, seconds(-age), tolerance)
	}
	return nil
}

func seconds(n int64) string {
	const year = 365 * 24 * 60 * 60
	if n > year {
		return "more than a year"
	}
	return (time.Duration(n) * time.Second).String()
}

// signed looks for a signature that one of the secrets or keys made.
func (v *Verifier) signed(message []byte, signatures string) error {
	wants := make([][]byte, len(v.secrets))
	for i, secret := range v.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(message)
		wants[i] = base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
	}
	looked := 0
	for one := range strings.SplitSeq(signatures, " ") {
		if looked++; looked > maxSignatures {
			return fmt.Errorf("%w: webhook-signature has more than %d signatures", ErrHeader, maxSignatures)
		}
		version, text, _ := strings.Cut(one, ",")
		switch version {
		case "v1":
			for _, want := range wants {
				if hmac.Equal([]byte(text), want) {
					return nil
				}
			}
		case "v1a":
			signature, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				continue
			}
			for _, key := range v.keys {
				if ed25519.Verify(key, message, signature) {
					return nil
				}
			}
		}
	}
	return ErrSignature
}
