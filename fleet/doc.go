// Package fleet decides how many operations start when, so that many keys are
// worked on without asking more of a vendor than it allows, or doing the same
// wrong thing to all of them. It only calculates: it reads no registry, starts
// nothing, and knows no Temporal.
package fleet
