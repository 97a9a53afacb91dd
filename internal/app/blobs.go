package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"github.com/browserhook/browserhook/internal/domain"
)

// openBlobs opens the folder of artifacts, and sees that it can be written.
func openBlobs(setting, folder string) (*blobs, error) {
	flag := "--data"
	if setting != "" {
		folder, flag = strings.TrimPrefix(setting, "file://"), "--artifacts-url"
	}
	probe := func() error {
		f, err := os.CreateTemp(folder, ".probe-*")
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
	b, err := fileblob.OpenBucket(folder, &fileblob.Options{CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err == nil {
		if err = probe(); err != nil {
			_ = b.Close()
		}
	}
	if err != nil {
		return nil, folderError("folder of artifacts", folder, flag, err)
	}
	return &blobs{b, folder}, nil
}

// blobs is the bucket as the services see it.
type blobs struct {
	bucket *blob.Bucket
	folder string
}

// Close gives the bucket back.
func (b *blobs) Close() error { return b.bucket.Close() }

func (b *blobs) WriteAll(ctx context.Context, key string, content []byte, contentType string) error {
	return b.bucket.WriteAll(ctx, key, content, &blob.WriterOptions{ContentType: contentType})
}

func (b *blobs) ReadAll(ctx context.Context, key string) ([]byte, error) {
	return b.bucket.ReadAll(ctx, key)
}

func (b *blobs) Delete(ctx context.Context, key string) error { return b.bucket.Delete(ctx, key) }

// Remove removes one, or with a key that ends with a slash all below it.
func (b *blobs) Remove(ctx context.Context, key string) error {
	keys := []string{key}
	if strings.HasSuffix(key, "/") {
		keys = nil
		for all := b.bucket.List(&blob.ListOptions{Prefix: key}); ; {
			one, err := all.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("list artifacts: %w", err)
			}
			keys = append(keys, one.Key)
		}
	}
	for _, k := range keys {
		if err := b.bucket.Delete(ctx, k); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fmt.Errorf("remove artifact: %w", err)
		}
	}
	// What is left of it are empty folders, which a listing doesn't show.
	for dir := path.Dir(key + "x"); dir != "." && os.Remove(filepath.Join(b.folder, filepath.FromSlash(dir))) == nil; {
		dir = path.Dir(dir)
	}
	return nil
}

func (b *blobs) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := b.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, domain.ErrNotFound // forgotten since its row was read, or in another server's own folder
	}
	return r, err
}
