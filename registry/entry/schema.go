package entry

import _ "embed" // for the schema

//go:embed entry.schema.json
var schema string

// Schema is the JSON Schema (2020-12) of an entry, for editors: it completes
// fields and explains them. [Validate] checks more.
func Schema() []byte { return []byte(schema) }
