package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

// Options say what to start. The zero value is a throw-away server: in memory,
// on free ports, with the namespace "keyturn", its web UI, and no log.
type Options struct {
	// Dir keeps the data in Dir/temporal.db and the log in Dir/temporal.log.
	// It is made if it is missing. One server at a time may use it. Empty keeps
	// the data in memory: they are gone when the process ends.
	Dir string
	// PostgresURL keeps the data in PostgreSQL 12 or newer instead:
	// postgres://user:password@host:port/temporal?sslmode=disable. The database
	// named and a second one, named the same with "_visibility" added, are made
	// if they are missing, and their schema is brought up to date.
	PostgresURL string

	// Port is where clients connect; 0 picks a free one. The server only ever
	// listens on 127.0.0.1.
	Port int
	// UIPort is where the web UI answers, on 127.0.0.1; 0 picks a free one.
	UIPort int
	// NoUI leaves the web UI out.
	NoUI bool
	// CodecEndpoint is the URL of the codec server the UI asks to decrypt
	// payloads with. Empty means none.
	CodecEndpoint string

	// Namespaces exist when Start returns. Empty means "keyturn" alone.
	Namespaces []string
	// RetentionDays is how long closed workflows are kept; 0 means 30. It is
	// given to a namespace when it is made, and not changed afterwards.
	RetentionDays int
	// SearchAttributes can be used in every namespace when Start returns.
	// SQL stores take at most 10 keywords and 3 of every other type.
	SearchAttributes map[string]enumspb.IndexedValueType

	// HistoryShards is how many parts the histories are kept in; 0 means 1 in
	// memory or in Dir, where there is a single writer, and 16 in PostgreSQL.
	// A store keeps the number it was made with, whatever is said here later.
	HistoryShards int
	// LogFile is where the server's log goes. Empty means Dir/temporal.log, or
	// nowhere when there is no Dir. It never goes to the terminal.
	LogFile string
	// LogLevel is the least severe level logged; nil means slog.LevelWarn.
	LogLevel slog.Leveler
	// DynamicConfig changes or adds to DynamicConfig's table, by Temporal's
	// own setting names.
	DynamicConfig map[string]any
}

// Attributes turns an SDK's list of search attribute keys into what
// Options.SearchAttributes takes.
func Attributes(keys []temporal.SearchAttributeKey) map[string]enumspb.IndexedValueType {
	out := make(map[string]enumspb.IndexedValueType, len(keys))
	for _, k := range keys {
		out[k.GetName()] = k.GetValueType()
	}
	return out
}

// withDefaults fills in what o leaves unsaid.
func (o Options) withDefaults() Options {
	if len(o.Namespaces) == 0 {
		o.Namespaces = []string{"keyturn"}
	}
	if o.RetentionDays == 0 {
		o.RetentionDays = 30
	}
	if o.HistoryShards == 0 {
		o.HistoryShards = 1
		if o.PostgresURL != "" {
			o.HistoryShards = 16
		}
	}
	if o.LogFile == "" && o.Dir != "" {
		o.LogFile = filepath.Join(o.Dir, "temporal.log")
	}
	if o.LogLevel == nil {
		o.LogLevel = slog.LevelWarn
	}
	return o
}

// check says what cannot work, and how to mend it.
func (o Options) check() error {
	if o.Dir != "" && o.PostgresURL != "" {
		return errors.New("both Dir and PostgresURL are set: choose where the data are to be kept and leave the other empty")
	}
	if o.RetentionDays < 0 || o.HistoryShards < 0 {
		return errors.New("RetentionDays and HistoryShards must not be negative: use 0 for the default")
	}
	if slices.Contains(o.Namespaces, "") {
		return errors.New("a namespace has no name: give it one or leave it out")
	}
	return o.checkSearchAttributes()
}

// The number of custom search attributes an SQL store has columns for
// (schema/postgresql/v12/visibility/schema.sql of the server).
const (
	maxKeywords = 10
	maxOthers   = 3
)

func (o Options) checkSearchAttributes() error {
	counts := map[enumspb.IndexedValueType]int{}
	for name, kind := range o.SearchAttributes {
		if name == "" || kind == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
			return fmt.Errorf("search attribute %q needs both a name and a type", name)
		}
		counts[kind]++
		most := maxOthers
		if kind == enumspb.INDEXED_VALUE_TYPE_KEYWORD {
			most = maxKeywords
		}
		if counts[kind] > most {
			return fmt.Errorf("more than %d search attributes of type %s: an SQL store has no column for the rest, so drop some", most, kind)
		}
	}
	return nil
}
