// Package all is the list of providers compiled into the worker.
package all

import (
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/aws"
	"github.com/keyturn/keyturn/providers/datadog"
	"github.com/keyturn/keyturn/providers/entra"
	"github.com/keyturn/keyturn/providers/gcp"
	"github.com/keyturn/keyturn/providers/github"
	"github.com/keyturn/keyturn/providers/gitlab"
	"github.com/keyturn/keyturn/providers/http"
	"github.com/keyturn/keyturn/providers/identitycenter"
	"github.com/keyturn/keyturn/providers/manual"
	"github.com/keyturn/keyturn/providers/okta"
	"github.com/keyturn/keyturn/providers/openai"
	"github.com/keyturn/keyturn/providers/stripe"
	"github.com/keyturn/keyturn/providers/twilio"
)

// Factories returns every provider, sorted by name. To add one, add its line.
func Factories() []providers.Factory {
	return []providers.Factory{
		aws.Factory,
		datadog.Factory,
		entra.Factory,
		gcp.Factory,
		github.Factory,
		gitlab.Factory,
		http.Factory,
		identitycenter.Factory,
		manual.Factory,
		okta.Factory,
		openai.Factory,
		stripe.Factory,
		twilio.Factory,
	}
}
