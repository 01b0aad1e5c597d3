package all_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn/providers/all"
)

// notProviders are the folders beside the providers that are none.
func notProviders() []string { return []string{"all", "fake", "providertest"} }

// TestFactories checks that the list and the folders are the same, so that no
// provider is written and then forgotten.
func TestFactories(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var folders, names []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(notProviders(), e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	for _, f := range all.Factories() {
		names = append(names, f.Name)
		if f.New == nil {
			t.Errorf("%s has no New", f.Name)
		}
	}
	if diff := cmp.Diff(folders, names); diff != "" {
		t.Errorf("folders in providers/ (-) and Factories, sorted by name (+):\n%s", diff)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join("..", name, "README.md")); err != nil {
			t.Errorf("%s has no README.md: %v", name, err)
		}
	}
}
