package activities

import (
	"context"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// candidate is a key about to be adopted.
type candidate struct {
	*bench
	id         string // the vendor's
	unverified bool   // see AdoptKeyInput

	stored secrets.Version // what consumers read
	value  secrets.Value
	prints keyturn.Fingerprints

	remote                    providers.RemoteKey
	listed, tried, identified bool
}

// readValue reads what consumers read.
func (c *candidate) readValue(ctx context.Context) (err error) {
	c.stored, err = c.store.Current(ctx, c.ref())
	if keyturn.KindOf(err) == keyturn.NotFound {
		return c.errorf(keyturn.Invalid, "no value is stored at %s; write the key's value there first", c.ref().Path)
	}
	if err != nil {
		return err
	}
	if c.value, err = c.store.Read(ctx, c.ref(), c.stored.Name); err != nil {
		return err
	}
	c.prints = c.Fingerprints.Of(c.value.Secret)
	switch cur := c.key.Current(); {
	case c.value.Secret.In(c.id):
		return c.errorf(keyturn.Invalid, "what was given as the key's id holds its value; give the name %s has for the key", c.run.Issuer)
	case c.value.RemoteID != "" && c.value.RemoteID != c.id: // not quoted: people write all kinds of things there
		return c.errorf(keyturn.Conflict, "%s holds the value together with the id of another key; correct whichever is wrong", c.ref().Path)
	case cur != nil && (cur.Fingerprints.HMSL == "" || cur.Fingerprints.HMSL != c.prints.HMSL):
		return c.errorf(keyturn.Conflict, "%s holds another value than that of the key the registry knows; put that one back, or rotate", c.ref().Path)
	}
	return nil
}

// ask has the vendor show the key.
func (c *candidate) ask(ctx context.Context) error {
	lister, ok := c.provider.(providers.Lister)
	if !ok {
		return c.unlisted()
	}
	for k, err := range lister.List(ctx, c.principal()) {
		switch kind := keyturn.KindOf(err); {
		case kind == keyturn.Unsupported:
			return c.unlisted()
		case err != nil:
			return err
		case k.ID == c.id:
			c.remote, c.listed = k, true
			return c.mayBeTaken()
		}
	}
	whose := "in this account"
	if p := c.principal(); p != "" {
		whose = "of " + p
	}
	return c.errorf(keyturn.NotFound, "%s has no key %s %s; correct --remote-id, or scope.principal of the entry", c.run.Issuer, c.id, whose)
}

func (c *candidate) unlisted() error {
	if c.unverified {
		return nil
	}
	return c.errorf(keyturn.Invalid, "%s cannot list its keys, so nothing shows that it has this one; look yourself, and then say --unverified", c.run.Issuer)
}

func (c *candidate) mayBeTaken() error {
	switch {
	case !c.remote.Enabled:
		return c.errorf(keyturn.Conflict, "%s has key %s switched off or past its end; switch it on first, or end it", c.run.Issuer, c.id)
	case c.principal() == "" && c.remote.Principal != "":
		return c.errorf(keyturn.Invalid, "the key is one of %s; write that into the entry as scope.principal, and apply it", c.remote.Principal)
	}
	return nil
}

// unclaimed refuses a key or a value that another entry has: rotating one would
// end the key of the other.
func (c *candidate) unclaimed(ctx context.Context) error {
	scope := c.key.Scope
	for k, err := range c.Registry.Find(ctx, registry.Filter{Provider: scope.Provider, Account: scope.Account}) {
		if err != nil {
			return err
		}
		if k.ID != c.key.ID && k.Remote(c.id) != nil {
			return c.errorf(keyturn.Conflict, "entry %s names key %s already", k.ID, c.id)
		}
	}
	for k, err := range c.Registry.Find(ctx, registry.Filter{Fingerprint: c.prints.HMSL}) {
		if err != nil {
			return err
		}
		if k.ID != c.key.ID {
			return c.errorf(keyturn.Conflict, "entry %s has this very value already", k.ID)
		}
	}
	return nil
}

// try has the vendor accept the value, and say whose it is.
func (c *candidate) try(ctx context.Context) error {
	refused, tried, err := c.refused(ctx, keyturn.Issued{RemoteID: c.id, Version: c.stored.Name})
	if err != nil {
		return err
	}
	if refused {
		return c.errorf(keyturn.Denied, "the value at %s was tried as that of key %s and refused; store the one that works", c.ref().Path, c.id)
	}
	c.tried = tried
	if _, ok := c.provider.(providers.PairVerifier); ok && tried {
		c.identified = true
		return nil
	}
	identifier, ok := c.provider.(providers.Identifier)
	if !ok {
		return nil
	}
	id, err := identifier.Identify(ctx, c.value.Secret)
	switch kind := keyturn.KindOf(err); {
	case kind == keyturn.Unsupported:
		return nil
	case kind == keyturn.NotFound:
		return c.errorf(keyturn.Conflict, "the value at %s is that of no key of this account", c.ref().Path)
	case err != nil:
		return err
	case id != c.id:
		return c.errorf(keyturn.Conflict, "the value at %s is that of key %s and not of %s", c.ref().Path, id, c.id)
	}
	c.identified = true
	return nil
}

func (c *candidate) unproven() string {
	var out []string
	if !c.listed {
		out = append(out, "nothing shows that "+c.run.Issuer.String()+" has this key")
	}
	if !c.tried {
		out = append(out, "nothing could try the value")
	}
	if !c.identified {
		out = append(out, "nothing shows that the value is this key's")
	}
	return strings.Join(out, "; ")
}
