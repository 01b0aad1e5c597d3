package embedded

import (
	"fmt"
	"time"

	"go.temporal.io/server/common/dynamicconfig"
	"gopkg.in/yaml.v3"
)

// A Setting is one value of Temporal's dynamic configuration and the reason
// this server differs from Temporal's default there.
type Setting struct {
	Key   string
	Value any
	Why   string
}

// DynamicConfig lists where this server differs from Temporal's defaults.
// Those guard a shared cluster of many hosts. Here one process is the whole
// cluster, so its limits would be the first thing any measurement measures.
func DynamicConfig() []Setting {
	const rates = "one host serves everything: the default would be the bottleneck before the database is"
	const database = "the database is this host's alone; it slows its callers down by itself"
	const endless = "Temporal never stops this one's workers (service/worker/scanner/scanner.go says so), so they would outlive the server"
	return []Setting{
		{"frontend.rps", 20000, rates},
		{"frontend.namespaceRPS", 20000, rates},
		{"frontend.namespaceCount", 10000, "long polls at once: every worker of every provider queue polls here"},
		{"matching.rps", 20000, rates},
		{"history.rps", 40000, rates},
		{"frontend.namespaceRPS.visibility", 200, "the default of 10 a second starves the UI and the tests"},
		{"frontend.persistenceMaxQPS", 20000, database},
		{"matching.persistenceMaxQPS", 20000, database},
		{"history.persistenceMaxQPS", 50000, database},
		{"worker.persistenceMaxQPS", 5000, database},
		{"history.hostLevelCacheMaxSize", 8096, "the default keeps 128,000 histories in memory, for a large host"},
		{"matching.numTaskqueueReadPartitions", 1, "rate limits and priorities hold per partition; with one they are exact"},
		{"matching.numTaskqueueWritePartitions", 1, "must equal the read partitions"},
		{"matching.enableFairness", true, "so that one team's thousand keys do not hold up another team's one"},
		{"limit.maxIDLength", 255, "what production databases are set up for, so too long an id fails here first"},
		{"system.forceSearchAttributesCacheRefreshOnRead", true, "search attributes can be used as soon as they are registered"},
		{"system.namespaceCacheRefreshInterval", cacheRefresh, "namespaces made while the server runs are seen soon"},
		{"frontend.enableServerVersionCheck", false, "nothing is reported to anybody"},
		{"worker.taskQueueScannerEnabled", false, endless},
		{"worker.historyScannerEnabled", false, endless},
		{"system.enableParentClosePolicyWorker", false, "the history service does the same by itself; " + endless},
	}
}

// cacheRefresh is how far the server's view of namespaces may run behind.
const cacheRefresh = 500 * time.Millisecond

// dynamicClient returns the table with the overrides applied. An override of
// a setting Temporal does not know is an error, since it would silently do
// nothing.
func dynamicClient(overrides map[string]any) (dynamicconfig.Client, error) {
	client := dynamicconfig.StaticClient{}
	for _, s := range DynamicConfig() {
		client[dynamicconfig.MakeKey(s.Key)] = s.Value
	}
	for key, value := range overrides {
		if err := checkSetting(key, value); err != nil {
			return nil, err
		}
		client[dynamicconfig.MakeKey(key)] = value
	}
	return client, nil
}

// checkSetting asks Temporal's own loader whether it knows a setting and
// accepts the value.
func checkSetting(key string, value any) error {
	if d, ok := value.(time.Duration); ok {
		value = d.String() // the loader reads durations as text
	}
	text, err := yaml.Marshal([]map[string]any{{"value": value}})
	if err != nil {
		return fmt.Errorf("dynamic configuration %s: %w", key, err)
	}
	var loader dynamicconfig.YamlLoader
	loader.LoadValue(dynamicconfig.MakeKey(key), text)
	if err := loader.Err(); err != nil {
		return fmt.Errorf("dynamic configuration %s: %w", key, err)
	}
	if len(loader.Warnings) > 0 {
		return fmt.Errorf("dynamic configuration %s: %w", key, loader.Warnings[0])
	}
	return nil
}
