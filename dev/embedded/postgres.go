package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"go.temporal.io/server/common/auth"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // registers the plugin
	"go.temporal.io/server/tools/common/schema"
	sqltool "go.temporal.io/server/tools/sql"
)

const postgresPlugin = "postgres12_pgx"

// openPostgres makes both databases if they are missing and brings their
// schemas up to date, with the statements the server carries along.
func openPostgres(o Options) (*store, error) {
	main, err := postgresConfig(o.PostgresURL)
	if err != nil {
		return nil, err
	}
	visibility := *main
	visibility.DatabaseName += "_visibility"
	quiet := newLogger(slog.DiscardHandler)
	if err := migrate(main, "postgresql/v12/temporal", quiet); err != nil {
		return nil, err
	}
	if err := migrate(&visibility, "postgresql/v12/visibility", quiet); err != nil {
		return nil, err
	}
	if err := createNamespaces(o, main); err != nil {
		return nil, err
	}
	return &store{persistenceConfig(o.HistoryShards, main, &visibility), func() error { return nil }}, nil
}

// postgresConfig reads a connection URL. Errors do not repeat it, for there is
// a password in it.
func postgresConfig(raw string) (*config.SQL, error) {
	const want = "PostgresURL must look like postgres://user:password@host:port/temporal?sslmode=disable"
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New(want)
	}
	name := strings.TrimPrefix(u.Path, "/")
	if (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Hostname() == "" || u.User.Username() == "" || name == "" || strings.ContainsAny(name, `/"`) {
		return nil, errors.New(want)
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	password, _ := u.User.Password()
	conf := &config.SQL{
		PluginName:        postgresPlugin,
		DatabaseName:      name,
		ConnectAddr:       net.JoinHostPort(u.Hostname(), port),
		ConnectProtocol:   "tcp",
		User:              url.QueryEscape(u.User.Username()), // Temporal escapes only the password
		Password:          password,
		ConnectAttributes: map[string]string{},
		MaxConns:          40,
		MaxIdleConns:      40,
	}
	for key, values := range u.Query() {
		conf.ConnectAttributes[key] = values[len(values)-1]
	}
	if conf.ConnectAttributes["sslmode"] == "" {
		// Temporal's own default would be no encryption at all.
		conf.TLS = &auth.TLS{Enabled: true, EnableHostVerification: true}
	}
	return conf, nil
}

// migrate does what temporal-sql-tool's create, setup-schema and update-schema
// do. It is safe to repeat.
func migrate(conf *config.SQL, schemaName string, logger log.Logger) error {
	admin := *conf // DoCreateDatabase changes the name in what it is given
	if err := sqltool.DoCreateDatabase(&admin, "postgres", logger); err != nil {
		return fmt.Errorf("create database %s at %s: %w", conf.DatabaseName, conf.ConnectAddr, err)
	}
	db, err := sqltool.NewConnection(conf, logger)
	if err != nil {
		return fmt.Errorf("connect to database %s at %s: %w", conf.DatabaseName, conf.ConnectAddr, err)
	}
	defer db.Close()
	setup := &schema.SetupConfig{InitialVersion: "0.0"}
	if err := schema.NewSetupSchemaTask(db, setup, logger).Run(); err != nil {
		return fmt.Errorf("set up schema of %s: %w", conf.DatabaseName, err)
	}
	update := &schema.UpdateConfig{DBName: conf.DatabaseName, SchemaName: schemaName}
	if err := schema.NewUpdateSchemaTask(db, update, logger).Run(); err != nil {
		return fmt.Errorf("update schema of %s: %w", conf.DatabaseName, err)
	}
	return nil
}
