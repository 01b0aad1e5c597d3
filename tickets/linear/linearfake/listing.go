package linearfake

import (
	"slices"
	"strings"
)

// A page is some of a listing.
type page struct {
	nodes []any
	more  bool
}

// listing is a field that lists what is kept, of a type, the first of it that
// pass a filter. Pages are of 50 unless first says otherwise, and of at most
// 250 (developers/pagination).
func listing[T any](name, filter string, all func(w *Workspace, from any) []*T) field {
	args := map[string]string{"first": "Int"}
	if filter != "" {
		args["filter"] = filter
	}
	return field{of: name + "Connection!", args: args, get: func(w *Workspace, from any, args map[string]any) (any, error) {
		size := 50
		if n, ok := args["first"].(float64); ok {
			size = int(n)
		}
		if size < 1 || size > 250 {
			return nil, unfit("first must be between 1 and 250")
		}
		size = min(size, w.o.PageSize)
		wanted, _ := args["filter"].(map[string]any)
		p := &page{nodes: []any{}}
		for _, one := range all(w, from) {
			if !w.passes(name, one, wanted) {
				continue
			}
			if p.more = len(p.nodes) == size; p.more {
				break
			}
			p.nodes = append(p.nodes, one)
		}
		return p, nil
	}}
}

func only[T any](all []*T, is func(*T) bool) []*T {
	return slices.DeleteFunc(slices.Clone(all), func(x *T) bool { return !is(x) })
}

// passes reports whether one of a type passes a filter. All fields of a filter
// must hold; nil as one stands for something that is not there.
func (w *Workspace) passes(name string, one any, filter map[string]any) bool {
	for key, want := range filter {
		switch key {
		case "and", "or":
			some := 0
			list, _ := want.([]any)
			for _, f := range list {
				f, _ := f.(map[string]any)
				if w.passes(name, one, f) {
					some++
				}
			}
			if key == "and" && some < len(list) || key == "or" && some == 0 && len(list) > 0 {
				return false
			}
		case "null":
			if want != (one == nil) {
				return false
			}
		default:
			f := w.schema.types[name][key]
			var got any
			if one != nil {
				got, _ = f.get(w, one, nil)
			}
			nested, _ := want.(map[string]any)
			if isScalar(f.of) && !compares(got, nested) || !isScalar(f.of) && !w.passes(base(f.of), got, nested) {
				return false
			}
		}
	}
	return true
}

// compares reports whether a value is as a comparator wants it.
func compares(got any, want map[string]any) bool {
	for how, v := range want {
		ok := false
		switch how {
		case "eq":
			ok = got == v
		case "eqIgnoreCase":
			a, isText := got.(string)
			b, _ := v.(string)
			ok = isText && strings.EqualFold(a, b)
		case "in":
			list, _ := v.([]any)
			ok = slices.Contains(list, got)
		}
		if !ok {
			return false
		}
	}
	return true
}
