//go:build unix

package servertest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// PostgreSQL refuses to run as root, so root gives its folder and its process
// to the user postgres, or to nobody.

func giveAway(dir string) error {
	owner := unprivileged().Credential
	if owner == nil {
		return nil
	}
	return os.Chown(dir, int(owner.Uid), int(owner.Gid))
}

// unprivileged is how a server process is started: never as root, and in a
// process group of its own, so that a Ctrl-C does not end its keeper before
// it has cleaned up.
func unprivileged() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return attr
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			return attr
		}
	}
	return attr
}
