// Package all is the list of providers compiled into the worker.
package all

import (
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/aws"
	"github.com/keyturn/keyturn/providers/datadog"
)

// Factories returns every provider, sorted by name. To add one, add its line.
func Factories() []providers.Factory {
	return []providers.Factory{
		aws.Factory,
		datadog.Factory,
	}
}
