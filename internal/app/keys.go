package app

import (
	"context"

	"github.com/browserhook/browserhook/internal/access"
)

// Keys is the API keys in a server's database, whether the server runs or not.
type Keys struct {
	*access.Service
	store keyStore
}

type keyStore interface {
	access.Store
	Close() error
}

// OpenKeys opens the database in a data folder, or with a URL that one; it
// doesn't make a new one.
func OpenKeys(ctx context.Context, data, url string) (*Keys, error) {
	store, err := openKeyStore(ctx, data, url)
	if err != nil {
		return nil, err
	}
	return &Keys{Service: access.New(store), store: store}, nil
}

// Close closes the database.
func (k *Keys) Close() error { return k.store.Close() }
