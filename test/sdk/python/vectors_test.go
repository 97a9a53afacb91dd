package python

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
)

// ofGo are webhooks that client/webhook verifies.
func ofGo(t *testing.T) (all []map[string]any) {
	t.Helper()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Unix()
	for _, body := range []string{"{}", "\x00\x7f", "a.b"} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("evt_1." + strconv.FormatInt(at, 10) + "." + body))
		one := map[string]any{"package": "client/webhook", "secret": secret, "id": "evt_1", "timestamp": at, "body": body, "signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}
		header := http.Header{}
		header.Set(webhook.HeaderID, "evt_1")
		header.Set(webhook.HeaderTimestamp, strconv.FormatInt(at, 10))
		header.Set(webhook.HeaderSignature, one["signature"].(string))
		if err := webhook.Verify([]byte(body), header, secret); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}
