package linearfake

import "strings"

// validate sees that every field and argument exists, before any is executed.
func (r *run) validate(fields []selection, of string) *fault {
	for _, s := range fields {
		f, ok := r.schema.types[of][s.name]
		switch {
		case !ok:
			return misuse("Cannot query field %q on type %q.", s.name, of)
		case isScalar(f.of) && s.fields != nil:
			return misuse("Field %q must not have a selection since type %q has no subfields.", s.name, f.of)
		case !isScalar(f.of) && s.fields == nil:
			return misuse("Field %q of type %q must have a selection of subfields.", s.name, f.of)
		}
		for name, of := range f.args {
			if _, given := s.args[name]; !given && strings.HasSuffix(of, "!") {
				return misuse("Field %q argument %q of type %q is required, but it was not provided.", s.name, name, of)
			}
		}
		for name, v := range s.args {
			want, ok := f.args[name]
			if !ok {
				return misuse("Unknown argument %q on field %q.", name, of+"."+s.name)
			}
			if err := r.checkValue(v, want, name); err != nil {
				return err
			}
		}
		for name, args := range s.directives {
			if name != "include" || len(args) != 1 {
				return misuse("Unknown directive %q.", "@"+name)
			}
			if err := r.checkValue(args["if"], "Boolean!", "if"); err != nil {
				return err
			}
		}
		if err := r.validate(s.fields, base(f.of)); err != nil {
			return err
		}
	}
	return nil
}

// checkValue sees that an argument is of its type. A variable must be declared
// as that type, and not as one that may be null where this may not.
func (r *run) checkValue(v value, want, name string) *fault {
	if v.variable == "" {
		return r.fits(r.resolve(v), want, name)
	}
	declared, ok := r.declared[v.variable]
	if !ok {
		return misuse("Variable %q is not defined.", "$"+v.variable)
	}
	if declared != want && declared != want+"!" {
		return misuse("Variable %q of type %q used in position expecting type %q.", "$"+v.variable, declared, want)
	}
	return nil
}

// fits reports what is wrong with a value for a type.
func (r *run) fits(v any, of, name string) *fault {
	bad := misuse("Variable %q got invalid value; expected type %q.", name, of)
	if v == nil {
		if strings.HasSuffix(of, "!") {
			return bad
		}
		return nil
	}
	of = strings.TrimSuffix(of, "!")
	if strings.HasPrefix(of, "[") {
		list, ok := v.([]any)
		if !ok {
			return bad
		}
		for _, item := range list {
			if err := r.fits(item, of[1:len(of)-1], name); err != nil {
				return err
			}
		}
		return nil
	}
	ok := false
	switch of {
	case "ID", "String", "DateTime", "TimelessDate":
		_, ok = v.(string)
	case "Boolean":
		_, ok = v.(bool)
	case "Float":
		_, ok = v.(float64)
	case "Int":
		n, isNumber := v.(float64)
		ok = isNumber && n == float64(int(n))
	default:
		return r.fitsInput(v, of, name)
	}
	if !ok {
		return bad
	}
	return nil
}

func (r *run) fitsInput(v any, of, name string) *fault {
	fields, known := r.schema.inputs[of]
	object, ok := v.(map[string]any)
	if !known || !ok {
		return misuse("Variable %q got invalid value; expected type %q to be an object.", name, of)
	}
	for key, item := range object {
		if _, ok := fields[key]; !ok {
			return misuse("Variable %q got invalid value; field %q is not defined by type %q.", name, key, of)
		}
		if err := r.fits(item, fields[key], name+"."+key); err != nil {
			return err
		}
	}
	for key, of := range fields {
		if _, ok := object[key]; !ok && strings.HasSuffix(of, "!") {
			return misuse("Variable %q got invalid value; field %q of required type %q was not provided.", name, key, of)
		}
	}
	return nil
}
