package main

import "fmt"

// A counter shows on a terminal that keys are being read.
type counter struct {
	a *app
	n int
}

func (c *counter) shown() bool { return c.a.term.Err && !c.a.env.Plain }

func (c *counter) next() {
	if c.n++; c.n%1000 == 0 && c.shown() {
		_, _ = fmt.Fprintf(c.a.err, "\r%d keys read", c.n)
	}
}

func (c *counter) clear() {
	if c.n >= 1000 && c.shown() {
		_, _ = fmt.Fprint(c.a.err, "\r\x1b[K")
	}
}
