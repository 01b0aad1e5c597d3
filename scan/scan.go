// Package scan finds credentials in files and in git, with the rules and the engine of
// gitleaks. It names the places and hands the values on as secrets; nothing it prints,
// logs or returns as an error shows one.
package scan

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"
	"github.com/zricethezav/gitleaks/v8/sources"

	"github.com/keyturn/keyturn"
)

// What is to be scanned. The words are printed.
type What string

// What can be scanned.
const (
	Directory What = "directory" // every file below Path, or the file Path
	Tracked   What = "tracked"   // the files below Path that git tracks, as they lie there now
	History   What = "history"   // what the commits of a repository added
	Staged    What = "staged"    // what the next commit would add
)

// A Request says what to scan, and with which rules.
type Request struct {
	What What
	Path string // for git any folder of the repository
	// Range are the revisions of a History, as "git rev-list" takes them, such as
	// "origin/main..HEAD"; empty means every commit of every branch and tag.
	Range string
	// RulesFile is a file in the format of .gitleaks.toml; empty means the
	// .gitleaks.toml at the root of what is scanned, and gitleaks' own rules where
	// there is none.
	RulesFile string
	Custom    Custom // on top of either
	// Baseline is a file of findings that are known already, as WriteReport or
	// gitleaks writes it; empty means none. The values in it may be left out.
	Baseline string
	MaxBytes int64 // a larger file, or addition to one, is left out; 0 is no limit
	// Progress is told how many files or commits are done, and of how many, which is
	// -1 where nobody knows. It is called by one goroutine at a time.
	Progress func(done, of int)
}

// A Result is what a scan found.
type Result struct {
	Findings []Finding // in the order of files and lines, each once
	Scanned  int       // files, or the commits of a History
	LeftOut  []LeftOut // in the order of files
	// Shallow is set for a History of which the clone has only the end.
	Shallow bool
}

// LeftOut is a file that was not scanned, though no rule allows it.
type LeftOut struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// NoText is why binary files and archives are left out.
const NoText = "it is no text"

// A Finding is a value that looks like a credential. It prints without the value.
type Finding struct {
	Rule        string
	Description string // of the rule
	Provider    string // the vendor the rule is about; empty if it does not say
	// File is named from the root of the repository, or from the folder that was
	// scanned. A found value in it is replaced.
	File         string
	Line, Column int    // from 1, of the value; 0 where the file is found by its name alone
	Commit       string // empty outside a History
	Since        time.Time
	Value        keyturn.Secret
	// Fingerprint is gitleaks' word for the place: what .gitleaksignore takes.
	Fingerprint string
	// Report is the finding as gitleaks writes it, in JSON. It holds the value.
	Report keyturn.Secret
}

// Scan looks for credentials. A request that cannot work as it is written, such as
// rules that are no rules or a path outside every repository, is an Invalid error. It
// changes nothing, and is safe for concurrent use.
func Scan(ctx context.Context, r Request) (Result, error) {
	silence()
	s := &scanner{request: r}
	if err := s.setup(ctx); err != nil {
		return Result{}, err
	}
	return s.run(ctx)
}

// silence keeps the engine from writing to standard error: at some levels it logs
// values. What it would have to say is in the Result, or an error.
var silence = sync.OnceFunc(func() { logging.Logger = zerolog.Nop() })

// depth is how often what was encoded, such as base64, is decoded and searched again.
// It is gitleaks' default.
const depth = 5

// A scanner is one scan.
type scanner struct {
	request  Request
	root     string // what files are named from
	repo     git    // not for a Directory
	source   sources.Source
	detector *detect.Detector
	baseline baseline

	mu      sync.Mutex
	scanned int
	of      int
	leftOut []LeftOut
}

func (s *scanner) run(ctx context.Context) (Result, error) {
	found, err := s.detector.DetectSource(ctx, s.source)
	switch {
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case err != nil:
		return Result{}, err
	}
	out := Result{Findings: s.findings(found), Scanned: s.scanned, LeftOut: sortedFiles(s.leftOut)}
	if s.request.What == History {
		out.Scanned = s.of // git shows no commit that adds nothing
		out.Shallow, err = s.repo.shallow(ctx)
	}
	return out, err
}

// step counts a file or a commit.
func (s *scanner) step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scanned++
	if s.request.Progress != nil {
		s.request.Progress(s.scanned, s.of)
	}
}

// leave notes that a file is not scanned.
func (s *scanner) leave(file, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leftOut = append(s.leftOut, LeftOut{file, why})
}
