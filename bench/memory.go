package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is what the kernel says of one.
type process struct {
	pid, parent int
	command     string // its arguments, with spaces between
	ticks       int    // of CPU, 10 ms each
	pss         int64  // resident memory in bytes, what several share being divided among them
	private     int64  // that nobody shares
}

// processes lists one with all that descend from it.
func processes(root int) (all []process, err error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if fields, err := stat(pid); err == nil {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	for pid := range parents {
		for up := pid; up > 0; up = parents[up] {
			if up != root {
				continue
			}
			p, err := look(pid)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			if err == nil {
				all = append(all, p)
			}
			break
		}
	}
	return all, nil
}

// stat is /proc/pid/stat from the third field on, the state.
func stat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])), nil
}

func look(pid int) (p process, err error) {
	fields, err := stat(pid)
	if err != nil {
		return p, err
	}
	p.pid = pid
	p.parent, _ = strconv.Atoi(fields[1])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	p.ticks = user + system
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return p, err
	}
	p.command = string(bytes.ReplaceAll(args, []byte{0}, []byte{' '}))
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return p, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(rollup)); lines.Scan(); {
		var name string
		var kB int64
		if _, err := fmt.Sscan(lines.Text(), &name, &kB); err != nil {
			continue
		}
		switch name {
		case "Pss:":
			p.pss += kB << 10
		case "Private_Clean:", "Private_Dirty:":
			p.private += kB << 10
		}
	}
	return p, nil
}

// available is how much memory the machine still has, in bytes.
func available() (int64, error) {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), "MemAvailable:")
	var kB int64
	_, err = fmt.Sscan(rest, &kB)
	return kB << 10, err
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
