package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/zricethezav/gitleaks/v8/sources"
	"golang.org/x/sync/errgroup"
)

// files is a source of files as they lie on the disk.
type files struct {
	*scanner
	each func(yield func(file string) error) error
}

// Fragments implements sources.Source. It calls yield from several goroutines.
func (f *files) Fragments(ctx context.Context, yield sources.FragmentsFunc) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := f.each(func(file string) error {
		if !f.allows(file) {
			group.Go(func() error { return f.read(ctx, file, yield) })
		}
		return ctx.Err()
	})
	if broken := group.Wait(); broken != nil {
		return broken
	}
	return err
}

// read yields a file in pieces. One that cannot be read, and what is no text, is left
// out.
func (f *files) read(ctx context.Context, file string, yield sources.FragmentsFunc) error {
	path := filepath.Join(f.root, filepath.FromSlash(file))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // tracked and deleted, or deleted just now
	case err != nil:
		f.leave(file, "it cannot be read")
		return nil
	case !info.Mode().IsRegular() || info.Size() == 0:
		return nil // a link is scanned where it leads, if that is here
	case f.tooLarge(info.Size()):
		f.leave(file, fmt.Sprintf("it has %d bytes", info.Size()))
		return nil
	}
	opened, err := os.Open(path) //nolint:gosec // the operator names the folder
	if err != nil {
		f.leave(file, "it cannot be read")
		return nil
	}
	defer func() { _ = opened.Close() }()
	f.step()
	pieces := 0
	part := &sources.File{Content: opened, Path: file}
	err = part.Fragments(ctx, func(fragment sources.Fragment, err error) error {
		pieces++
		if err != nil {
			f.leave(file, "it cannot be read to its end")
			return nil
		}
		return yield(whole(fragment), nil)
	})
	if err == nil && pieces == 0 {
		f.leave(file, NoText)
	}
	return err
}

func (s *scanner) tooLarge(bytes int64) bool {
	return s.request.MaxBytes > 0 && bytes > s.request.MaxBytes
}

// walk yields the files below a path, named from the root. What git itself keeps is
// not among them.
func (s *scanner) walk(path string, yield func(file string) error) error {
	return filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		file := s.rel(at)
		switch {
		case err != nil:
			s.leave(file, "it cannot be read")
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() && (d.Name() == ".git" || at != path && s.allows(file+"/")):
			return fs.SkipDir
		case d.IsDir() || d.Name() == ".git":
			return nil
		}
		return yield(file)
	})
}
