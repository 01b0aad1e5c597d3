package http_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	keyturnhttp "github.com/keyturn/keyturn/providers/http"
)

// TestGuide holds the examples of docs/http-provider.md to the contract, in the
// order they stand there.
func TestGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/http-provider.md")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData([]byte(keyturnhttp.Contract()))
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```json\n(.*?)```|-d '(.*?)'").FindAllStringSubmatch(string(text), -1)
	schemas := []string{"Service", "Wish", "Minted", "Page", "Verified", "Problem"}
	if len(examples) != len(schemas) {
		t.Fatalf("the guide has %d examples, want one each of %v", len(examples), schemas)
	}
	for i, e := range examples {
		var value any
		if err := json.Unmarshal([]byte(e[1]+e[2]), &value); err != nil {
			t.Errorf("example %d is no JSON: %v", i+1, err)
			continue
		}
		if err := doc.Components.Schemas[schemas[i]].Value.VisitJSON(value, openapi3.EnableFormatValidation(), openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("example %d is no %s: %v", i+1, schemas[i], err)
		}
	}
	// The guide names each request there is.
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if path == "/keyturn/v1/keys/{id}/enable" {
				path = "`, `/enable`" // it stands behind disable
			}
			if !regexp.MustCompile(regexp.QuoteMeta(path)).Match(text) {
				t.Errorf("the guide does not mention %s %s", method, path)
			}
		}
	}
}
