package scim

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/scim2/filter-parser/v2"
)

// maxOperations bounds what one PATCH may cost.
const maxOperations = 1000

// An operation is one of a PATCH.
type operation struct {
	op    string // add, remove or replace
	path  *target
	value any
}

// A target is where an operation works.
type target struct {
	place
	// where narrows a multi-valued attribute to some of its values; sub is theirs.
	where *filterOf
}

// operations reads the body of a PATCH.
func operations(body object) ([]operation, error) {
	list, ok := get(body, "Operations").([]any)
	switch {
	case !ok || len(list) == 0:
		return nil, invalid("invalidSyntax", "Operations is missing")
	case len(list) > maxOperations:
		return nil, &fault{status: http.StatusRequestEntityTooLarge, scimType: "tooLarge", detail: "there are too many operations; send at most 1000"}
	}
	var out []operation
	for _, v := range list {
		o, ok := v.(object)
		if !ok {
			return nil, invalid("invalidSyntax", "an operation is no object")
		}
		op := operation{op: strings.ToLower(text(o, "op"))} // Entra writes Add, Replace and Remove
		if op.op != "add" && op.op != "remove" && op.op != "replace" {
			return nil, invalid("invalidSyntax", "op is none of add, remove and replace")
		}
		n := name(o, "value")
		var valued bool
		op.value, valued = o[n]
		if path := strings.TrimSpace(text(o, "path")); path != "" {
			t, err := parseTarget(path)
			if err != nil {
				return nil, err
			}
			op.path = &t
		}
		switch {
		case op.op == "remove" && op.path == nil:
			return nil, invalid("noTarget", "remove needs a path")
		case op.op != "remove" && !valued:
			return nil, invalid("invalidValue", op.op+" needs a value")
		}
		out = append(out, op)
	}
	return out, nil
}

// parseTarget reads a path.
func parseTarget(path string) (target, error) {
	bad := invalid("invalidPath", "a path cannot be understood")
	if at, ok := placeOf(path); ok {
		return target{place: at}, nil
	}
	bare, literals, err := strip(path)
	if err != nil {
		return target{}, bad
	}
	p, err := filter.ParsePathNumber([]byte(bare))
	if err != nil || p.ValueExpression == nil || p.AttributePath.SubAttribute != nil {
		return target{}, bad
	}
	t := target{place: placeAt(p.AttributePath), where: &filterOf{p.ValueExpression, literals}}
	t.sub = p.SubAttributeName()
	return t, nil
}

// apply changes a resource. Who applies several brings the resource into normal
// form afterwards.
func (op operation) apply(k kind, o object) error {
	if op.path != nil {
		if op.path.extension == "" && lookup(k.attributes(""), op.path.attribute).Mutability == "readOnly" {
			return invalid("mutability", op.path.attribute+" cannot be changed")
		}
		return op.at(k, o, *op.path, op.value)
	}
	values, ok := op.value.(object)
	if !ok {
		return invalid("invalidValue", "an operation without a path needs an object")
	}
	return op.each(k, o, "", values)
}

// each applies an operation whose value names the attributes. Entra writes those
// of an object with dots, and extensions in front of their attributes.
func (op operation) each(k kind, o object, extension string, values object) error {
	for _, n := range slices.Sorted(maps.Keys(values)) {
		v := values[n]
		if inner, ok := v.(object); ok && extension == "" && isSchema(n) {
			if strings.EqualFold(n, k.schema.ID) {
				n = ""
			}
			if err := op.each(k, o, n, inner); err != nil {
				return err
			}
			continue
		}
		t, err := parseTarget(n)
		if err != nil {
			t = target{place: place{attribute: n}} // a name of its own kind stays one
		}
		if extension != "" {
			t.extension = extension
		}
		if t.extension == "" && lookup(k.attributes(""), t.attribute).Mutability == "readOnly" {
			continue // Okta sends the id along
		}
		if err := op.at(k, o, t, v); err != nil {
			return err
		}
	}
	return nil
}

// isSchema reports whether a name is that of a schema rather than of an attribute
// in one: those of resources end so.
func isSchema(name string) bool {
	l := strings.ToLower(name)
	return isURN(l) && (strings.HasSuffix(l, ":user") || strings.HasSuffix(l, ":group"))
}
