package config

import (
	"context"
	"errors"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/postgres"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// Registry says where the registry is: exactly one of its fields.
type Registry struct {
	Postgres *Postgres `yaml:"postgres"`
	SQLite   *SQLite   `yaml:"sqlite"`
}

// Postgres is a registry in PostgreSQL, for production.
type Postgres struct {
	// URLFile holds the connection URL, because it holds the password.
	URLFile string `yaml:"url_file"`
}

// SQLite is a registry in one file, for one machine.
type SQLite struct {
	Path string `yaml:"path"`
}

// Open opens the registry and brings its schema up to date.
func (r Registry) Open(ctx context.Context) (registry.Store, error) {
	switch {
	case r.Postgres != nil && r.SQLite == nil:
		url, err := Secret(r.Postgres.URLFile)
		if err != nil {
			return nil, err
		}
		return postgres.Open(ctx, url.Expose())
	case r.SQLite != nil && r.Postgres == nil:
		return sqlite.Open(ctx, r.SQLite.Path)
	}
	return nil, errors.New("registry: set exactly one of registry.postgres.url_file and registry.sqlite.path")
}
