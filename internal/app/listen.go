package app

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/browserhook/browserhook/internal/advice"
)

func listenError(address string, err error) error {
	do := "Choose another address with --listen."
	why := err
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		why = e.Err
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		do = "Another program has the port, perhaps another browserhook: stop it, or choose another port with --listen."
	case errors.Is(err, syscall.EACCES):
		do = "Ports below 1024 are for root: choose another with --listen."
	}
	return advice.Add(fmt.Errorf("can't listen on %s: %w", address, why), do)
}
