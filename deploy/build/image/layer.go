package main

import (
	"archive/tar"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// skipped is what no image has of a root: what belongs to a machine that runs, and what
// its making left, which is another each time.
func skipped(path string) bool {
	for _, folder := range []string{"dev", "proc", "sys", "run", "tmp", "var/cache", "var/log", "var/tmp"} {
		if strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	switch path {
	case "etc/machine-id", "etc/resolv.conf", "etc/hostname", "var/lib/dbus/machine-id":
		return true
	}
	return strings.HasSuffix(path, "-old") && strings.HasPrefix(path, "var/lib/dpkg/") || strings.HasPrefix(path, "etc/") && strings.HasSuffix(path, "-")
}

// layer writes a folder as a layer: in the order of names, with one time for all.
func layer(w io.Writer, root string, at time.Time) error {
	out := tar.NewWriter(w)
	links := map[[2]uint64]string{}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || name == "." || skipped(name) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return add(out, links, path, name, info, at)
	}); err != nil {
		return err
	}
	return out.Close()
}

func add(out *tar.Writer, links map[[2]uint64]string, path, name string, info fs.FileInfo, at time.Time) error {
	if info.Mode()&fs.ModeSocket != 0 {
		return nil
	}
	target := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	h.Name, h.ModTime, h.AccessTime, h.ChangeTime, h.Uname, h.Gname = name, at, time.Time{}, time.Time{}, "", ""
	if info.IsDir() {
		h.Name += "/"
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 && info.Mode().IsRegular() {
		key := [2]uint64{stat.Dev, stat.Ino}
		if first, seen := links[key]; seen {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
		} else {
			links[key] = name
		}
	}
	if err := out.WriteHeader(h); err != nil || h.Typeflag != tar.TypeReg {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f)
	return err
}
