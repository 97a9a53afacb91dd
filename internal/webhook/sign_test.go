package webhook

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	receiver "github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestReceiversVerifyWhatIsSigned signs as a delivery is signed, in the midst
// of a rotation and with a key pair, and verifies with the package for users
// and with the official library.
func TestReceiversVerifyWhatIsSigned(t *testing.T) {
	now := time.Now()
	old, current, expired, private := NewSecret(), NewSecret(), NewSecret(), NewPrivateKey()
	s, err := newSigner([]domain.Secret{
		{Value: current},
		{Value: old, ExpiresAt: now.Add(time.Hour)},
		{Value: expired, ExpiresAt: now.Add(-time.Second)},
		{Value: private},
	})
	if err != nil {
		t.Fatal(err)
	}
	public, err := PublicKey(private)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"sessionId":"browser_iwnx132n1","type":"browser","data":{"eventType":"browser_ready","status":"READY"}}`)
	h := http.Header{}
	h.Set(receiver.HeaderID, "evt_06h0vrn6b12g35g6ph5tvdtch0")
	h.Set(receiver.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	h.Set(receiver.HeaderSignature, s.sign("evt_06h0vrn6b12g35g6ph5tvdtch0", now, body))

	for name, c := range map[string]struct {
		secret string
		want   error
	}{
		"the current secret":      {current, nil},
		"the old one":             {old, nil},
		"the public key":          {domain.PublicKeyPrefix + base64.StdEncoding.EncodeToString(public), nil},
		"an expired secret":       {expired, receiver.ErrSignature},
		"a secret of another":     {NewSecret(), receiver.ErrSignature},
		"a public key of another": {publicOf(t, NewPrivateKey()), receiver.ErrSignature},
	} {
		if err := receiver.Verify(body, h, c.secret); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("by %s: %v", name, err)
		}
	}
	for _, secret := range []string{current, old} {
		official, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := official.Verify(body, h); err != nil {
			t.Errorf("by the official library: %v", err)
		}
	}
}

func publicOf(t *testing.T, private string) string {
	t.Helper()
	public, err := PublicKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return domain.PublicKeyPrefix + base64.StdEncoding.EncodeToString(public)
}
