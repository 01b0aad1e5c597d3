package embedded_test

import (
	"testing"
	"time"

	"go.temporal.io/server/common/dynamicconfig"
	"gopkg.in/yaml.v3"

	"github.com/keyturn/keyturn/dev/embedded"
)

func TestEverySettingIsKnownToTemporalAndExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range embedded.DynamicConfig() {
		if s.Why == "" {
			t.Errorf("%s: no reason given", s.Key)
		}
		if seen[s.Key] {
			t.Errorf("%s: listed twice", s.Key)
		}
		seen[s.Key] = true
		value := s.Value
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		text, err := yaml.Marshal(map[string]any{s.Key: []map[string]any{{"value": value}}})
		if err != nil {
			t.Fatal(err)
		}
		loader := dynamicconfig.LoadYamlFile(text)
		for _, problem := range append(loader.Warnings, loader.Errors...) {
			t.Errorf("%s: %v", s.Key, problem)
		}
	}
}
