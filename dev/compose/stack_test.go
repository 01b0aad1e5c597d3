// Package compose checks docker-compose.temporal.yml, and everything it
// mounts, without Docker: it reads them with Compose's own loader and
// Temporal's own.
package compose_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const composeFile = "docker-compose.temporal.yml"

// A stack is what the compose file describes.
type stack struct {
	root    string
	project *types.Project
}

// load reads the file as compose would with every profile on, in an
// environment that sets nothing but env.
func load(root string, env ...string) (*stack, error) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, composeFile)},
		cli.WithWorkingDirectory(root), cli.WithProfiles([]string{"*"}), cli.WithEnv(env))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return &stack{root: root, project: project}, nil
}

// onHost finds the file that a container of the service sees at path.
func (s *stack) onHost(service types.ServiceConfig, path string) (string, bool) {
	for _, v := range service.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		if rest, ok := strings.CutPrefix(path, v.Target); ok {
			return v.Source + rest, true
		}
	}
	return "", false
}

// problems are what the checks find.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// inspect loads the stack at root and runs every check.
func inspect(root string) problems {
	var p problems
	s, err := load(root)
	if err != nil {
		p.add("load: %v", err)
		return p
	}
	for name, service := range s.project.Services {
		s.checkDependencies(&p, name, service)
		s.checkFiles(&p, name, service)
		s.checkImage(&p, name, service)
		checkPorts(&p, name, service)
		checkPasswords(&p, name, service)
	}
	s.checkUI(&p)
	s.checkDynamicConfig(&p)
	s.checkSearchAttributes(&p)
	s.checkConfiguration(&p)
	return p
}

// root is the checkout this test is part of.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyStack copies what the checks look at, so that a test can break it.
func copyStack(t *testing.T) string {
	t.Helper()
	from, to := root(t), t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "deploy"), os.DirFS(filepath.Join(from, "deploy"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{composeFile, "go.mod"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(to, name), string(text), 0o644)
	}
	return to
}

// replace changes the one place in a file where old stands.
func replace(t *testing.T, path, old, now string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not contain %q", path, old)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.Replace(string(text), old, now, 1), info.Mode())
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
