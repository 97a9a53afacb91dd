// Command seccomp writes the seccomp profile of browserhook's containers to a file: the
// one that containers usually have, and the calls that Chromium's sandbox makes, which
// that allows to none but who has CAP_SYS_ADMIN or CAP_SYS_CHROOT in the container.
//
//	go run ./seccomp ../helm/browserhook/seccomp.json
package main

import (
	"encoding/json"
	"log"
	"os"
	"slices"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func main() {
	log.SetFlags(0)
	// In a user namespace of its own a process has capabilities over what is in that
	// alone, a network namespace without a way out for example.
	names := []string{"chroot", "clone", "clone3", "setns", "unshare"}
	profile := seccomp.DefaultProfile()
	// What it says of them to those without the capability would contradict.
	profile.Syscalls = slices.DeleteFunc(profile.Syscalls, func(s *seccomp.Syscall) bool {
		return s.Excludes != nil && slices.Contains(s.Excludes.Caps, "CAP_SYS_ADMIN") &&
			!slices.ContainsFunc(s.Names, func(name string) bool { return !slices.Contains(names, name) })
	})
	profile.Syscalls = append(profile.Syscalls, &seccomp.Syscall{LinuxSyscall: specs.LinuxSyscall{Names: names, Action: specs.ActAllow}})
	raw, err := json.MarshalIndent(profile, "", "  ")
	if err == nil {
		err = os.WriteFile(os.Args[1], append(raw, '\n'), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
