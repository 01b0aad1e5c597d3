//go:build race

package scan

// raced is set under the race detector.
const raced = true
