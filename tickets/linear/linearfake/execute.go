package linearfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A fault is an error as Linear answers with one.
type fault struct {
	status              int // of the HTTP answer
	code, kind          string
	message, forPersons string
	path                string
}

func (f *fault) Error() string { return f.message }

// misuse is a document that does not fit the schema.
func misuse(format string, args ...any) *fault {
	return &fault{status: 400, code: "GRAPHQL_VALIDATION_FAILED", kind: "graphql error", message: fmt.Sprintf(format, args...)}
}

// run is one document being executed.
type run struct {
	w         *Workspace
	schema    schema
	declared  map[string]string
	variables map[string]any
}

// execute checks a document against the schema, and then does what it says.
// The first error makes all data null: every field here is of a type that is
// never null, so that it would be anyhow.
func (w *Workspace) execute(text string, variables map[string]any) (map[string]any, *fault) {
	d, err := parse(text)
	if err != nil {
		return nil, &fault{status: 400, code: "GRAPHQL_PARSE_FAILED", kind: "graphql error", message: err.Error()}
	}
	r := &run{w: w, schema: w.schema, declared: map[string]string{}, variables: map[string]any{}}
	for _, v := range d.variables {
		r.declared[v.name] = v.of
		given, ok := variables[v.name]
		if err := r.fits(given, v.of, "$"+v.name); err != nil {
			return nil, err
		}
		if ok {
			r.variables[v.name] = given
		}
	}
	root := strings.ToUpper(d.kind[:1]) + d.kind[1:]
	if err := r.validate(d.fields, root); err != nil {
		return nil, err
	}
	out, failed := r.object(d.fields, root, nil, "")
	if failed != nil {
		return nil, failed
	}
	return out, nil
}

// resolve is what an argument is.
func (r *run) resolve(v value) any {
	if v.variable != "" {
		return r.variables[v.variable]
	}
	switch l := v.literal.(type) {
	case []value:
		out := []any{}
		for _, item := range l {
			out = append(out, r.resolve(item))
		}
		return out
	case map[string]value:
		out := map[string]any{}
		for name, item := range l {
			out[name] = r.resolve(item)
		}
		return out
	}
	return v.literal
}

// object executes the fields of one object.
func (r *run) object(fields []selection, of string, from any, path string) (map[string]any, *fault) {
	out := map[string]any{}
	for _, s := range fields {
		if include, ok := s.directives["include"]; ok && r.resolve(include["if"]) != true {
			continue
		}
		f := r.schema.types[of][s.name]
		args := map[string]any{}
		for name, v := range s.args {
			if _, given := r.variables[v.variable]; given || v.variable == "" {
				args[name] = r.resolve(v)
			}
		}
		at := strings.TrimPrefix(path+"."+s.key, ".")
		got, err := f.get(r.w, from, args)
		if err != nil {
			return nil, blame(err, at)
		}
		var failed *fault
		if out[s.key], failed = r.complete(s.fields, f.of, got, at); failed != nil {
			return nil, failed
		}
	}
	return out, nil
}

func (r *run) complete(fields []selection, of string, got any, path string) (any, *fault) {
	if got == nil || fields == nil {
		return got, nil
	}
	list, ok := got.([]any)
	if !ok {
		return r.object(fields, base(of), got, path)
	}
	out := []any{}
	for _, item := range list {
		o, failed := r.object(fields, base(of), item, path)
		if failed != nil {
			return nil, failed
		}
		out = append(out, o)
	}
	return out, nil
}

func blame(err error, path string) *fault {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{status: 500, code: "INTERNAL_SERVER_ERROR", kind: "internal error", message: err.Error()}
	}
	f.path = path
	return f
}

// encode is the answer's body.
func encode(data map[string]any, f *fault) []byte {
	answer := map[string]any{"data": data}
	if f != nil {
		answer = map[string]any{"data": nil, "errors": []any{f.show()}}
	}
	b, _ := json.Marshal(answer)
	return b
}
