package main

import (
	"errors"

	"github.com/keyturn/keyturn/fleet"
)

// Brake says when a provider account is paused by itself: when more than Share of
// the last operations there failed. What a person called off does not count, nor
// what ended before the account was last resumed.
type Brake struct {
	Share float64 `yaml:"share"` // from 0 to 1; default 0.2. With 1 it never is.
	Last  int     `yaml:"last"`  // how many operations are looked at; default 50
	Least int     `yaml:"least"` // how many there must be; default 10
}

func (b Brake) brake() fleet.Brake { return fleet.Brake{Share: b.Share, Last: b.Last, Least: b.Least} }

func (b Brake) check() error {
	whole := b.brake().WithDefaults()
	switch {
	case b.Share < 0 || b.Share > 1:
		return errors.New("brake.share: write a share between 0 and 1, such as 0.2")
	case b.Last < 0 || b.Least < 0:
		return errors.New("brake: last and least cannot be negative")
	case whole.Least > whole.Last:
		return errors.New("brake.least: it cannot be above brake.last, or the brake would never be applied")
	}
	return nil
}
