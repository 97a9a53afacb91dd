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
	"github.com/browserhook/browserhook/internal/sessionlog"
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

// Write keeps what is read as it comes. When it fails, nothing is kept.
func (b *blobs) Write(ctx context.Context, key string, content io.Reader, contentType string) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, content)
	if err != nil {
		cancel() // so that closing it keeps nothing
	}
	return n, errors.Join(err, w.Close())
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

// Open reads as much as is asked for, from anywhere.
func (b *blobs) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	r, err := b.bucket.NewReader(ctx, key, nil)
	switch {
	case gcerrors.Code(err) == gcerrors.NotFound:
		return nil, domain.ErrNotFound // forgotten since its row was read, or in another server's own folder
	case err != nil:
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	return r, nil
}

// files are what retention removes: artifacts, and logs that are still here.
type files struct {
	*blobs
	logs *sessionlog.Folder
}

// Remove removes one, or with a key that ends with a slash all of a session's.
func (f files) Remove(ctx context.Context, key string) error {
	session, name := path.Split(key)
	var err error
	if name == "" || name == domain.LogFile {
		err = f.logs.Remove(strings.TrimSuffix(session, "/"))
	}
	return errors.Join(err, f.blobs.Remove(ctx, key))
}
