package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// Tag is what a value is recognized by. Nobody without the master key learns
// anything from it, not even whether a guess of the value is right.
func (b *Box) Tag(value string) string { return tag(b.tags[b.first], value) }

// MatchesTag says whether what is stored is a tag of the value, by any of the keys, or
// the value itself: it may have been stored before there were tags.
func (b *Box) MatchesTag(stored, value string) bool {
	if stored == value {
		return true
	}
	for _, key := range b.tags {
		if hmac.Equal([]byte(stored), []byte(tag(key, value))) {
			return true
		}
	}
	return false
}

func tag(key []byte, value string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// tagKey is the key of tags that goes with a master key.
func tagKey(master []byte) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("browserhook tags"))
	return mac.Sum(nil)
}
