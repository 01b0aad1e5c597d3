// Package e2e holds the tests that run the whole platform: the real worker as
// a process of its own, a real Temporal server, a real PostgreSQL and the real
// Vault core, with the vendors' wire formats spoken by fakes that keep state.
// The worker is killed before and after every side effect, and afterwards the
// world is compared with what was promised.
package e2e
