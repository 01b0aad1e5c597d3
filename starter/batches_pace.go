package main

import (
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

// A pace tells from what has ended in the last minutes how long the rest takes.
type pace struct {
	// rates of accounts say it before enough has been seen. One that is not there
	// says nothing.
	rates   map[keyturn.Issuer]float64
	samples []paceSample // oldest first
}

type paceSample struct {
	at    time.Time
	ended map[keyturn.Issuer]int
}

// paceOver is how far back it looks, and paceAfter how long it has to have looked
// before that says anything.
const (
	paceOver  = 2 * time.Minute
	paceAfter = 10 * time.Second
)

// left is how long each account takes whose keys have not all ended.
func (p *pace) left(accounts []registry.BatchProgress, now time.Time) map[keyturn.Issuer]time.Duration {
	ended := map[keyturn.Issuer]int{}
	for _, a := range accounts {
		ended[a.Issuer] = a.Done + a.Failed
	}
	p.samples = append(p.samples, paceSample{now, ended})
	for now.Sub(p.samples[0].at) > paceOver {
		p.samples = p.samples[1:]
	}
	out := map[keyturn.Issuer]time.Duration{}
	first := p.samples[0]
	for _, a := range accounts {
		switch n := ended[a.Issuer] - first.ended[a.Issuer]; {
		case a.Open() == 0:
		case n > 0 && now.Sub(first.at) >= paceAfter:
			out[a.Issuer] = now.Sub(first.at) * time.Duration(a.Open()) / time.Duration(n)
		case p.rates[a.Issuer] > 0:
			out[a.Issuer] = fleet.TimeFor(a.Open(), p.rates[a.Issuer])
		}
	}
	return out
}
