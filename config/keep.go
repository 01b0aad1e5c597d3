package config

import "errors"

// Keep says where values are kept that were found and that no entry holds, until
// their leak is closed.
type Keep struct {
	Store string `yaml:"store"` // the name of a store. Default: default
	// Path is the folder they are in. Nobody else should read it, or write to it.
	Path string `yaml:"path"` // required
}

// Check says what is wrong with it. Nil keeps nothing.
func (k *Keep) Check(stores Stores) error {
	switch {
	case k == nil:
		return nil
	case k.Path == "":
		return errors.New("leaks.keep.path: write the folder for leaked values, such as secret/keyturn/leaks")
	}
	if _, ok := stores[k.Name()]; !ok {
		return errors.New("leaks.keep.store: no store has this name; name one of stores")
	}
	return nil
}

// Name is the store's name.
func (k *Keep) Name() string {
	if k.Store == "" {
		return "default"
	}
	return k.Store
}
