package main

import (
	"slices"
	"time"

	"github.com/keyturn/keyturn"
)

// known is what this program knows of a provider, without asking a worker; nil
// for one it was not built with, about which the worker may know more.
func known(provider string) *providerPage {
	pages, _, err := readProviders()
	if err != nil {
		return nil
	}
	for i := range pages {
		if pages[i].Name == provider {
			return &pages[i]
		}
	}
	return nil
}

// byHand reports whether a provider can make keys in none of its cases.
func byHand(provider string) bool {
	page := known(provider)
	return page != nil && !slices.ContainsFunc(page.Cases, func(k providerCase) bool { return slices.Contains(k.Can, "mint") })
}

// atLeastLag is the overlap a worker keeps: the policy's, but not less than the
// vendor's record of use runs behind, and the silence asked for. A worker may
// be configured with another figure for its account.
func atLeastLag(provider string, p keyturn.Policy) keyturn.Duration {
	page := known(provider)
	if page == nil || len(page.Cases) == 0 {
		return p.Overlap
	}
	lag, err := keyturn.ParseDuration(page.Cases[0].UsageLag)
	if err != nil || lag == 0 {
		return p.Overlap
	}
	quiet := p.QuietFor
	if quiet == 0 {
		quiet = min(keyturn.Duration(time.Hour), p.Overlap/2)
	}
	return max(p.Overlap, lag+quiet)
}
