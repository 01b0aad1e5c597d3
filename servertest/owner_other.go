//go:build !unix

package servertest

import "syscall"

func giveAway(string) error { return nil }

func unprivileged() *syscall.SysProcAttr { return nil }
