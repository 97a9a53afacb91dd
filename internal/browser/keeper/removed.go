package keeper

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// device is the disk that files in a session's folder are on, as one of them says:
// layered file systems say something else of the folder.
func device(dir string) uint64 {
	var of unix.Stat_t
	if unix.Lstat(filepath.Join(dir, KeyFile), &of) != nil {
		_ = unix.Lstat(dir, &of)
	}
	return of.Dev
}

// removed is how much of a disk files take that processes have removed and still have
// open, as far as it can be seen: in no folder is there anything of them. As with size,
// not much more is added up than there may be.
func removed(pids []int, disk uint64, most int64) (bytes int64) {
	known := map[uint64]bool{}
	for _, pid := range pids {
		folder := "/proc/" + strconv.Itoa(pid) + "/fd"
		in, err := os.Open(folder)
		if err != nil {
			continue // it has ended, or hides what it has
		}
		names, _ := in.Readdirnames(-1)
		in.Close()
		for _, name := range names {
			var file unix.Stat_t
			if unix.Stat(folder+"/"+name, &file) != nil || file.Nlink > 0 || file.Dev != disk || known[file.Ino] {
				continue
			}
			known[file.Ino] = true
			if bytes += max(leastFile, file.Blocks*512); bytes > most {
				return bytes
			}
		}
	}
	return bytes
}
