package app

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// Downloads leave so many bytes of the disk of artifacts free, or one of so many parts of
// a small one: pages decide how many there are, and the database may be there too.
const minFreeBytes, minFreePart = 512 << 20, 20

// codeDiskFull is a download for which there is too little.
const codeDiskFull = "artifact_disk_full"

// withFreeSpace keeps downloads unless the disk is nearly full.
func withFreeSpace(full func() bool, keep browser.Keep) browser.Keep {
	return func(ctx context.Context, session string, d *browser.Download, file io.Reader) error {
		if file == nil || !full() {
			return keep(ctx, session, d, file)
		}
		// A server before may have kept it.
		if err := keep(ctx, session, d, nil); !errors.Is(err, domain.ErrNotFound) {
			return err
		}
		return &domain.Failure{Code: codeDiskFull, Message: "The disk of artifacts is nearly full: no more downloads are kept.", Seen: d.Name}
	}
}

// full says whether the disk is nearly full where artifacts are kept, if that is a folder.
func (b *blobs) full() bool { return b.folder != "" && diskFull(b.folder) }

// recordingDiskFull says whether the disk of artifacts or that of the data folder is nearly
// full: recordings are in both, and where artifacts are elsewhere and can't be reached, all
// of them stay in the data folder, beside the database.
func recordingDiskFull(b *blobs, data string) func() bool {
	return func() bool { return b.full() || diskFull(data) }
}

func diskFull(folder string) bool {
	var fs syscall.Statfs_t
	return statfs(folder, &fs) == nil && nearlyFull(fs.Bavail*uint64(fs.Bsize), fs.Blocks*uint64(fs.Bsize))
}

var statfs = syscall.Statfs // which a test has answer

func nearlyFull(free, all uint64) bool { return free < min(minFreeBytes, all/minFreePart) }
