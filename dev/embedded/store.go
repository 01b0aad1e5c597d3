package embedded

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/primitives/timestamp"
	sqlschema "go.temporal.io/server/schema/sqlite"
)

// A store is a database made ready: its schema and its namespaces are there.
type store struct {
	persistence config.Persistence
	release     func() error // lets others use it
}

// openStore makes ready the store the options ask for.
func openStore(o Options) (*store, error) {
	if o.PostgresURL != "" {
		return openPostgres(o)
	}
	return openSQLite(o)
}

func persistenceConfig(shards int, main, visibility *config.SQL) config.Persistence {
	return config.Persistence{
		NumHistoryShards: int32(shards),
		DefaultStore:     "main",
		VisibilityStore:  "visibility",
		DataStores: map[string]config.DataStore{
			"main":       {SQL: main},
			"visibility": {SQL: visibility},
		},
	}
}

// createNamespaces writes the namespaces that do not exist yet straight into
// the database. Made through the API of a running server they would only be
// seen after its caches have been refreshed.
func createNamespaces(o Options, main *config.SQL) error {
	var all []*sqlschema.NamespaceConfig
	for _, name := range o.Namespaces {
		ns, err := newNamespace(name, o.RetentionDays, o.SearchAttributes)
		if err != nil {
			return err
		}
		all = append(all, ns)
	}
	// The function lives beside the SQLite schema, yet works on any SQL store.
	if err := sqlschema.CreateNamespaces(main, all...); err != nil {
		return fmt.Errorf("create namespaces: %w", err)
	}
	return nil
}

func newNamespace(name string, days int, attributes map[string]enumspb.IndexedValueType) (*sqlschema.NamespaceConfig, error) {
	ns, err := sqlschema.NewNamespaceConfig(clusterName, name, false, attributes)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", name, err)
	}
	ns.Detail.Config.Retention = timestamp.DurationFromDays(int32(days))
	return ns, nil
}
