package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"go.temporal.io/server/common/dynamicconfig"

	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/workflows"
)

// checkDependencies asks of everything a service waits for that the wait can
// end: what must be healthy says when it is, what must have ended does end.
func (s *stack) checkDependencies(p *problems, name string, service types.ServiceConfig) {
	for other, dependency := range service.DependsOn {
		on, ok := s.project.Services[other]
		if !ok {
			p.add("%s waits for %s, which does not exist", name, other)
			continue
		}
		check := on.HealthCheck
		switch dependency.Condition {
		case types.ServiceConditionHealthy:
			if check == nil || check.Disable || len(check.Test) < 2 {
				p.add("%s waits until %s is healthy, which has no health check", name, other)
			}
		case types.ServiceConditionCompletedSuccessfully:
			if !strings.HasPrefix(on.Restart, "on-failure:") {
				p.add("%s waits for the end of %s, whose restart policy is %q", name, other, on.Restart)
			}
		default:
			p.add("%s waits for %s only to be %s, which proves nothing", name, other, dependency.Condition)
		}
	}
}

// checkFiles looks for everything that is mounted, and at every script.
func (s *stack) checkFiles(p *problems, name string, service types.ServiceConfig) {
	for _, v := range service.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(v.Source); err != nil {
			p.add("%s mounts %s: no such file", name, v.Source)
		}
		if !v.ReadOnly {
			p.add("%s mounts %s writable", name, v.Source)
		}
	}
	for _, arg := range service.Entrypoint {
		if !strings.HasSuffix(arg, ".sh") {
			continue
		}
		script, ok := s.onHost(service, arg)
		if !ok {
			p.add("%s runs %s, which is not mounted", name, arg)
			continue
		}
		checkScript(p, script)
	}
}

func checkScript(p *problems, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		p.add("script %s: no such file", path)
		return
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
		p.add("script %s is not executable", path)
	}
	if !strings.HasPrefix(string(text), "#!/bin/sh\n") || !strings.Contains(string(text), "\nset -eu\n") {
		p.add("script %s must start with #!/bin/sh and set -eu", path)
	}
	for _, file := range append([]string{path}, sourced(path, string(text))...) {
		if out, err := exec.Command("sh", "-n", file).CombinedOutput(); err != nil {
			p.add("script %s: %s", file, out)
		}
	}
}

// sourced lists the files a script takes in from beside it.
func sourced(path, text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^\. "\$\(dirname "\$0"\)/([^"]+)"$`).FindAllStringSubmatch(text, -1) {
		out = append(out, filepath.Join(filepath.Dir(path), m[1]))
	}
	return out
}

// checkImage asks for a version in every image's name, and for what an image
// is built from.
func (s *stack) checkImage(p *problems, name string, service types.ServiceConfig) {
	if service.Build == nil {
		_, tag, ok := strings.Cut(service.Image, ":")
		if !ok || !regexp.MustCompile(`^v?\d+\.\d+`).MatchString(tag) {
			p.add("%s: image %q names no version", name, service.Image)
		}
		return
	}
	file := filepath.Join(service.Build.Context, service.Build.Dockerfile)
	text, err := os.ReadFile(file)
	if err != nil {
		p.add("%s: Dockerfile %s: no such file", name, file)
		return
	}
	if !regexp.MustCompile(`(?m)^FROM \S+ AS ` + regexp.QuoteMeta(service.Build.Target) + `$`).Match(text) {
		p.add("%s: %s has no stage %q", name, file, service.Build.Target)
	}
	if !regexp.MustCompile(`(?m)^USER [1-9]`).Match(text) {
		p.add("%s: %s runs as root", name, file)
	}
	mod, err := os.ReadFile(filepath.Join(s.root, "go.mod"))
	if err != nil {
		p.add("%s: %v", name, err)
		return
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(mod)
	if version == nil || !strings.Contains(string(text), "\nARG GO_VERSION="+string(version[1])+"\n") {
		p.add("%s: %s does not build with the Go version of go.mod, %s", name, file, version[1])
	}
}

func checkPorts(p *problems, name string, service types.ServiceConfig) {
	for _, port := range service.Ports {
		if port.HostIP != "127.0.0.1" {
			p.add("%s publishes port %s on %q, want 127.0.0.1", name, port.Published, port.HostIP)
		}
	}
}

// checkPasswords asks that nobody can take a default password for a real one.
func checkPasswords(p *problems, name string, service types.ServiceConfig) {
	secret := regexp.MustCompile(`PASSWORD|PWD|TOKEN`)
	for key, value := range service.Environment {
		if secret.MatchString(key) && (value == nil || *value != "local-development-only") {
			p.add("%s: %s is not the default for local development", name, key)
		}
	}
	for _, c := range service.Configs {
		if !strings.HasPrefix(c.Target, "/run/secrets/") {
			p.add("%s: %s must be in /run/secrets", name, c.Target)
		}
	}
}

func (s *stack) checkUI(p *problems) {
	for _, key := range []string{"TEMPORAL_WORKFLOW_TERMINATE_DISABLED", "TEMPORAL_DISABLE_NEWS_FETCH"} {
		if v := s.project.Services["temporal-ui"].Environment[key]; v == nil || *v != "true" {
			p.add("temporal-ui: %s must be true", key)
		}
	}
}

// checkDynamicConfig reads the file Temporal is told to read, with the loader
// Temporal reads it with. What is a warning there is a problem here: it means
// a setting has no effect.
func (s *stack) checkDynamicConfig(p *problems) {
	server := s.project.Services["temporal"]
	path := server.Environment["DYNAMIC_CONFIG_FILE_PATH"]
	if path == nil {
		p.add("temporal: DYNAMIC_CONFIG_FILE_PATH is not set, and the image has no default file")
		return
	}
	file, ok := s.onHost(server, *path)
	if !ok {
		p.add("temporal: %s is not mounted", *path)
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		p.add("temporal: %s: no such file", file)
		return
	}
	loader := dynamicconfig.LoadYamlFile(text)
	for _, found := range append(loader.Errors, loader.Warnings...) {
		p.add("%s: %v", file, found)
	}
	for _, key := range []string{"matching.rps", "frontend.enableServerVersionCheck"} {
		if len(loader.Map[dynamicconfig.MakeKey(key)]) == 0 {
			p.add("%s: %s is missing", file, key)
		}
	}
}

// checkSearchAttributes compares the script's list with the program's.
func (s *stack) checkSearchAttributes(p *problems) {
	file := filepath.Join(s.root, "deploy/temporal/create-namespace.sh")
	text, err := os.ReadFile(file)
	if err != nil {
		p.add("%v", err)
		return
	}
	list := regexp.MustCompile(`(?s)\nattributes="\n(.*?)\n"\n`).FindSubmatch(text)
	if list == nil {
		p.add("%s has no list of attributes", file)
		return
	}
	got := map[string]string{}
	for line := range strings.Lines(string(list[1])) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		got[name] = kind
	}
	want := map[string]string{}
	for name, kind := range embedded.Attributes(workflows.SearchAttributeKeys()) {
		want[name] = kind.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.add("%s: search attributes (-program +script):\n%s", file, diff)
	}
}

// checkConfiguration reads the keyturn command's configuration, strictly, and
// looks whether it points at what is there.
func (s *stack) checkConfiguration(p *problems) {
	worker := s.project.Services["worker"]
	file, ok := s.onHost(worker, "/etc/keyturn/keyturn.yaml")
	if !ok {
		p.add("worker: /etc/keyturn/keyturn.yaml is not mounted")
		return
	}
	var c struct {
		Temporal dial.Config     `yaml:"temporal"`
		Registry config.Registry `yaml:"registry"`
	}
	if err := config.Load(file, &c); err != nil {
		p.add("%v", err)
		return
	}
	if host, _, _ := strings.Cut(c.Temporal.Address, ":"); s.project.Services[host].Name == "" {
		p.add("%s: no service is called %q", file, host)
	}
	if c.Registry.Postgres == nil || !hasConfig(worker, c.Registry.Postgres.URLFile) {
		p.add("%s: registry.postgres.url_file is not a file of the worker's", file)
	}
}

func hasConfig(service types.ServiceConfig, path string) bool {
	for _, c := range service.Configs {
		if c.Target == path {
			return true
		}
	}
	return false
}
