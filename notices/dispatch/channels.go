package dispatch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keyturn/keyturn/notices"
)

// Open opens the configured channels with the factories this program has. env
// makes what a channel may take from the world, with Decode for its settings.
// The error names every channel that is wrong.
func (c Config) Open(factories []notices.Factory, env func(name string, settings map[string]any) notices.Env) (map[string]notices.Channel, error) {
	kinds := map[string]notices.Factory{}
	for _, f := range factories {
		kinds[f.Name] = f
	}
	open := map[string]notices.Channel{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		section := c.Channels[name]
		f, ok := kinds[section.Kind]
		if !ok {
			known := strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
			errs = append(errs, fmt.Errorf("notices.channels.%s: there is no kind %q; the kinds are %s", name, section.Kind, known))
			continue
		}
		channel, err := f.New(env(name, section.Settings))
		if err != nil {
			errs = append(errs, fmt.Errorf("notices.channels.%s: %w", name, err))
			continue
		}
		open[name] = channel
	}
	return open, errors.Join(errs...)
}
