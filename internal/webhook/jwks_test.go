package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestThumbprint is the example of RFC 8037, appendix A.3.
func TestThumbprint(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got := Thumbprint(key); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s", got)
	}
}

// signing is a store of endpoints with key pairs that can be away.
type signing struct {
	endpoints []domain.Endpoint
	away      bool
	reads     int
}

func (s *signing) SigningEndpoints(context.Context) ([]domain.Endpoint, error) {
	if s.reads++; s.away {
		return nil, errors.New("away")
	}
	return s.endpoints, nil
}

// TestPublicKeysFromMemory: a key goes out of the set when its time is over,
// without a look at the store, and while that is away the set is as it was.
func TestPublicKeysFromMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(time.Hour)
		store := &signing{away: true, endpoints: []domain.Endpoint{{Secrets: []domain.Secret{
			{Value: NewSecret()}, {Value: NewPrivateKey()}, {Value: NewPrivateKey(), ExpiresAt: end},
		}}}}
		keys := NewPublicKeys(store)
		count := func() int {
			t.Helper()
			set, err := keys.Set(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return strings.Count(set.Body, `"kid"`)
		}
		for range 100 {
			if _, err := keys.Set(t.Context()); err == nil {
				t.Fatal("there are keys")
			}
		}
		if store.reads != 1 {
			t.Errorf("a store that is away is asked %d times at once", store.reads)
		}
		time.Sleep(loadAgain)
		store.away = false
		if n := count(); n != 2 {
			t.Errorf("%d keys", n)
		}
		set, _ := keys.Set(t.Context())
		var parsed struct{ Keys []map[string]string }
		if err := json.Unmarshal([]byte(set.Body), &parsed); err != nil || len(parsed.Keys[0]) != 6 || parsed.Keys[0]["kty"] != "OKP" || parsed.Keys[0]["d"] != "" {
			t.Errorf("%s, %v", set.Body, err)
		}
		time.Sleep(time.Until(end) - time.Nanosecond)
		if n := count(); n != 2 {
			t.Errorf("%d keys just before the end of one", n)
		}
		time.Sleep(time.Nanosecond)
		if n := count(); n != 1 {
			t.Errorf("%d keys after it", n)
		}
		if store.reads != 2 {
			t.Errorf("read %d times", store.reads)
		}
		store.away = true
		keys.Notify(domain.Commit{KeyPairs: true})
		if n := count(); n != 1 || store.reads != 3 {
			t.Errorf("%d keys after %d reads while the store is away", n, store.reads)
		}
		store.away, store.endpoints = false, nil
		time.Sleep(loadAgain)
		if n := count(); n != 0 || store.reads != 4 {
			t.Errorf("%d keys after %d reads", n, store.reads)
		}
		for _, c := range []domain.Commit{{Changed: []domain.EndpointRef{{ID: "we_1"}}}, {Events: make([]domain.Event, 1)}} {
			keys.Notify(c)
		}
		if count(); store.reads != 4 {
			t.Error("read after a commit that changed no key")
		}
	})
}
