// Package webhook sends events to the endpoints that want them: it signs,
// sends, retries on a schedule and keeps every attempt. It also has the
// endpoints' own rules for the API.
//
// Signatures follow Standard Webhooks 1.0, so that any library of it verifies
// them: https://www.standardwebhooks.com
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// NewSecret makes a signing secret: "whsec_" and 32 random bytes in base64.
func NewSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: see crypto/rand
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

// Sign is the value of the webhook-signature header: for each secret
// "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body", separated by
// spaces. It fails for a secret that isn't one of NewSecret's.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	var out strings.Builder
	head := id + "." + strconv.FormatInt(at.Unix(), 10) + "."
	for i, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
		if err != nil {
			return "", fmt.Errorf("secret %d is not base64", i+1)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(head))
		mac.Write(body)
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString("v1,")
		out.WriteString(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return out.String(), nil
}
