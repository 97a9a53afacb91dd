package config

import (
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		memory, disk string
		processes    int
		cpus         float64
		want         BrowserLimits
		wrong        string // the setting
	}{
		{"2GiB", "1GiB", 2048, 0, BrowserLimits{2 << 30, 1 << 30, 2048, 0}, ""},
		{"0", "", 0, 0, BrowserLimits{}, ""},
		{"500MB", "64 MiB", 256, 0.5, BrowserLimits{500_000_000, 64 << 20, 256, 0.5}, ""},
		{"2", "1GiB", 2048, 0, BrowserLimits{}, "browser-memory"},
		{"much", "1GiB", 2048, 0, BrowserLimits{}, "browser-memory"},
		{"-2GiB", "1GiB", 2048, 0, BrowserLimits{}, "browser-memory"},
		{"9000PiB", "1GiB", 2048, 0, BrowserLimits{}, "browser-memory"},
		{"2GiB", "1MiB", 2048, 0, BrowserLimits{}, "browser-disk"},
		{"2GiB", "1GiB", 7, 0, BrowserLimits{}, "browser-processes"},
		{"2GiB", "1GiB", -1, 0, BrowserLimits{}, "browser-processes"},
		{"2GiB", "1GiB", 2048, 0.01, BrowserLimits{}, "browser-cpus"},
		{"2GiB", "1GiB", 2048, -1, BrowserLimits{}, "browser-cpus"},
	} {
		s := Server{BrowserMemory: tt.memory, BrowserDisk: tt.disk, BrowserProcesses: tt.processes, BrowserCPUs: tt.cpus}
		got, err := s.Limits()
		if tt.wrong == "" && (err != nil || got != tt.want) {
			t.Errorf("%+v: %+v, %v", tt, got, err)
		}
		if tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
