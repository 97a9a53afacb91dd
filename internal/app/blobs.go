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
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
	"golang.org/x/sync/errgroup"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/sessionlog"
)

// openBlobs opens the store of artifacts, a folder or a bucket, and sees that it can be
// written.
func openBlobs(ctx context.Context, setting, folder string) (*blobs, error) {
	if strings.HasPrefix(setting, s3blob.Scheme+"://") {
		return openBucket(ctx, setting)
	}
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

// openWithin is how long a bucket may take to answer at the start.
const openWithin = 20 * time.Second

// openBucket opens a bucket of an S3-compatible store.
func openBucket(ctx context.Context, address string) (*blobs, error) {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	bucket, err := blob.OpenBucket(ctx, address)
	if err == nil {
		probe := ".probe-" + domain.NewToken()
		if err = bucket.WriteAll(ctx, probe, []byte("x"), nil); err == nil {
			err = bucket.Delete(ctx, probe)
		}
		if err != nil {
			_ = bucket.Close()
		}
	}
	if err != nil {
		name, _, _ := strings.Cut(address, "?")
		return nil, advice.Add(fmt.Errorf("the bucket of artifacts %s can't be used: %w", name, err),
			"See that it is there, that --artifacts-url has its region and, of another store than Amazon's, its endpoint, and that AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what else the machine has of AWS's ways to log in, may read, write, list and delete in it.")
	}
	return &blobs{bucket: bucket}, nil
}

// blobs is the bucket as the services see it.
type blobs struct {
	bucket *blob.Bucket
	folder string // empty: it is elsewhere
}

// Close gives the bucket back.
func (b *blobs) Close() error { return b.bucket.Close() }

// What is written to a bucket goes in parts of so many bytes, so many at once, each in
// memory. An object has 10,000 at most: the largest download fits.
const partSize, partsAtOnce = 8 << 20, 2

// Write keeps what is read as it comes. When it fails, nothing is kept; when it doesn't,
// what is kept in a folder survives a power failure.
func (b *blobs) Write(ctx context.Context, key string, content io.Reader, contentType string) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType, BufferSize: partSize, MaxConcurrency: partsAtOnce})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, content)
	if err != nil {
		cancel() // so that closing it keeps nothing
	}
	if err = errors.Join(err, w.Close()); err == nil && b.folder != "" {
		err = b.sync(key)
	}
	return n, err
}

// sync has a file on the disk, with its name and those of the folders that it is in.
func (b *blobs) sync(key string) error {
	for name := key; ; name = path.Dir(name) {
		f, err := os.Open(filepath.Join(b.folder, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("keep an artifact: %w", err)
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("keep an artifact: %w", err)
		}
		if name == "." {
			return nil
		}
	}
}

func (b *blobs) Delete(ctx context.Context, key string) error { return b.bucket.Delete(ctx, key) }

// removedAtOnce is how many artifacts of a session are removed at once.
const removedAtOnce = 8

// Remove removes one, or with a key that ends with a slash all below it.
func (b *blobs) Remove(ctx context.Context, key string) error {
	var all errgroup.Group
	all.SetLimit(removedAtOnce)
	remove := func(key string) {
		all.Go(func() error {
			if err := b.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
				return fmt.Errorf("remove artifact: %w", err)
			}
			return nil
		})
	}
	if strings.HasSuffix(key, "/") {
		for below := b.bucket.List(&blob.ListOptions{Prefix: key}); ; {
			one, err := below.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(fmt.Errorf("list artifacts: %w", err), all.Wait())
			}
			remove(one.Key)
		}
	} else {
		remove(key)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	if b.folder == "" {
		return nil
	}
	// What is left of it are empty folders, which a listing doesn't show.
	for dir := path.Dir(key + "x"); dir != "." && os.Remove(filepath.Join(b.folder, filepath.FromSlash(dir))) == nil; {
		dir = path.Dir(dir)
	}
	return nil
}

// Open reads as much as is asked for, from anywhere.
func (b *blobs) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	if b.folder == "" {
		is, err := b.bucket.Attributes(ctx, key)
		if err != nil {
			return nil, readError(err)
		}
		return &object{ctx: ctx, bucket: b.bucket, key: key, size: is.Size, next: firstPart}, nil
	}
	r, err := b.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, readError(err)
	}
	return r, nil
}

func readError(err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return domain.ErrNotFound // forgotten since its row was read, or in another server's own folder
	}
	return fmt.Errorf("read artifact: %w", err)
}

// files are what retention removes: artifacts, and logs and recordings that are still here.
type files struct {
	*blobs
	logs       *sessionlog.Folder
	recordings *recording.Folder
}

// Remove removes one, or with a key that ends with a slash all of a session's.
func (f files) Remove(ctx context.Context, key string) error {
	session, name := path.Split(key)
	var err error
	if name == "" || name == domain.LogFile {
		err = f.logs.Remove(strings.TrimSuffix(session, "/"))
	}
	if name == "" {
		err = errors.Join(err, f.recordings.Forget(strings.TrimSuffix(session, "/")))
	}
	return errors.Join(err, f.blobs.Remove(ctx, key))
}
