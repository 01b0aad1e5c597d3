package entry

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Read yields what the files at paths hold, one document at a time, so that
// any number of them fits in memory: an entry, or the findings that keep the
// document from being one. Of a folder it reads every *.yaml and *.yml at any
// depth, in the order of their names; hidden files and folders are left out.
// What cannot be read is a finding.
func Read(paths ...string) iter.Seq2[Entry, []Finding] {
	return func(yield func(Entry, []Finding) bool) {
		for _, path := range paths {
			info, err := os.Stat(path)
			switch {
			case err != nil:
				if !yield(Entry{}, []Finding{unreadable(path, 1)}) {
					return
				}
			case info.IsDir():
				if !readFolder(path, yield) {
					return
				}
			case !readFile(path, yield):
				return
			}
		}
	}
}

// readFolder reports whether the caller wants more.
func readFolder(root string, yield func(Entry, []Finding) bool) bool {
	more, some := true, false
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			some = true
			more = yield(Entry{}, []Finding{unreadable(path, 1)})
		case strings.HasPrefix(d.Name(), ".") && path != root:
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && isYAML(path) && isFile(path, d):
			some = true
			more = readFile(path, yield)
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	})
	if more && !some {
		return yield(Entry{}, []Finding{{File: root, Line: 1, Column: 1, Problem: "holds no *.yaml file", Mend: "check the path"}})
	}
	return more
}

func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}

// isFile reports whether d is a file, or a link to one.
func isFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular() // a broken link is a finding when it is read
}

func readFile(path string, yield func(Entry, []Finding) bool) bool {
	file, err := os.Open(path)
	if err != nil {
		return yield(Entry{}, []Finding{unreadable(path, 1)})
	}
	defer func() { _ = file.Close() }()
	for e, findings := range parse(path, file) {
		if !yield(e, findings) {
			return false
		}
	}
	return true
}
