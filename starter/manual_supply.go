package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/secrets"
)

// maxValue is the longest value taken. A service account's key is 2.5 KiB.
const maxValue = 64 << 10

type supplyOptions struct {
	wordOptions
	file   string
	keyID  string
	dryRun bool
}

func newManualSupplyCmd(a *app) *cobra.Command {
	opts := &supplyOptions{}
	cmd := &cobra.Command{
		Use:   "supply KEY",
		Short: "Store the value of a key that you made",
		Long: `Supply takes the value of a new key and puts it straight into the key's store,
where no consumer looks yet. It never passes through Temporal, a log or your
shell's history: you type or paste it at a prompt, or it is read from standard
input or a file. Then it is checked, and you wait for the answer.

The store must be in this program's configuration, and you must be allowed to
write there: see docs/manual-rotation.md. A value that was supplied before and
is not accepted yet is replaced.`,
		Example: `  keyturn manual supply partner-portal-001
  keyturn manual supply partner-portal-001 --key-id rk_2f9 < value.txt
  pass partner/new | keyturn manual supply partner-portal-001
  keyturn manual supply partner-portal-001 --file key.pem`,
		Args:              needs("KEY"),
		ValidArgsFunction: completeWaiting(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.key = keyturn.KeyID(args[0])
			return runManualSupply(cmd.Context(), a, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().Lookup("timeout").DefValue = checkTimeout.String()
	opts.timeout = checkTimeout
	cmd.Flags().StringVar(&opts.file, "file", "", "read the value from `FILE` instead; its last line end is left out")
	cmd.Flags().StringVar(&opts.keyID, "key-id", "", "what the provider calls the new key, its `ID`; never the value. With it, a provider that can revoke keys ends this one by itself next time")
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "read the value and look whether it could be stored, but store nothing")
	return cmd
}

func runManualSupply(ctx context.Context, a *app, opts *supplyOptions) (err error) {
	command := "manual supply " + string(opts.key)
	if err := errors.Join(plainText("--key-id", opts.keyID), opts.check(command)); err != nil {
		return err
	}
	key, h, err := a.waiting(ctx, "manual supply", opts.key)
	if err != nil {
		return err
	}
	if h.Step != keyturn.SupplyValue {
		return refusedf("%s: no value is asked for now, but to %s; see: keyturn manual show %s", command, h.What, opts.key)
	}
	store, closeStores, err := a.store(ctx, key.Storage.Secret.Store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStores()) }()
	value, err := a.value(ctx, opts.file, "Value of the new key "+string(key.ID))
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	if value.In(opts.keyID) {
		return usagef("%s: --key-id holds the value itself; give the name the provider has for the key, or leave it out", command)
	}
	if old := key.Remote(opts.keyID); old != nil && old.Generation != key.Intent.Generation {
		return usagef("%s: --key-id %s is the id of generation %d; give the new key's own, or leave it out", command, opts.keyID, old.Generation)
	}
	if key, err = a.stillWaiting(ctx, key); err != nil {
		return err
	}
	if opts.dryRun {
		_, err := store.Current(ctx, key.Storage.Secret)
		if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return fmt.Errorf("%s: %w", command, err)
		}
		_, err = fmt.Fprintf(a.out, "%s: the store answers and the value could be stored for %s:%s; nothing was done\n", command, h.Secret.Store, h.Secret.Path)
		return err
	}
	if err := stage(ctx, store, &key, opts.keyID, value, a.now()); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	_, _ = fmt.Fprintf(a.err, "%s: stored where no consumer looks; waiting for it to be checked\n", command)
	return claim(ctx, a, "manual supply", &opts.wordOptions, keyturn.SupplyValue)
}

// stillWaiting looks again whether the value is asked for: somebody else may
// have supplied one while this person was at the prompt.
func (a *app) stillWaiting(ctx context.Context, before keyturn.Key) (keyturn.Key, error) {
	now, h, err := a.waiting(ctx, "manual supply", before.ID)
	if err == nil && (h.Step != keyturn.SupplyValue || now.Intent.Run != before.Intent.Run || now.Intent.Generation != before.Intent.Generation) {
		err = refusedf("manual supply %s: something else is asked for by now, and nothing was stored; see: keyturn manual show %[1]s", before.ID)
	}
	return now, err
}

// stage stores a value under the label of the generation that is waited for,
// in place of one that was supplied before.
func stage(ctx context.Context, store secrets.Store, key *keyturn.Key, id string, value keyturn.Secret, now time.Time) error {
	ref, label := key.Storage.Secret, keyturn.Label(key.ID, key.Intent.Generation)
	if id == "" {
		id = activities.HandID(key, key.Intent.Generation)
	}
	if err := store.Destroy(ctx, ref, keyturn.SecretVersion(label)); err != nil {
		return err
	}
	_, err := store.Stage(ctx, ref, secrets.Draft{Label: label, RemoteID: id, Value: value, Created: now.UTC()})
	return err
}

// store opens the store a key's value belongs in.
func (a *app) store(ctx context.Context, name string) (secrets.Store, func() error, error) {
	s, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	if err := s.Stores.Check(); err != nil {
		return nil, nil, usagef("%w; mend the configuration", err)
	}
	if _, ok := s.Stores[name]; !ok {
		return nil, nil, usagef("the configuration has no store named %q, where this key's value belongs; add it under stores, as in the worker's configuration, with a login that may write staged values", name)
	}
	catalog, closeAll, err := s.Stores.Open(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the store: %w", err)
	}
	return catalog[name], closeAll, nil
}

// value reads a value: from a file, from a prompt that does not echo and says what is
// asked for, or from standard input.
func (a *app) value(ctx context.Context, file, what string) (keyturn.Secret, error) {
	var raw []byte
	var err error
	switch {
	case file != "":
		f, openErr := os.Open(file) //nolint:gosec // the operator names the file
		if openErr != nil {
			return keyturn.Secret{}, usagef("--file: %w", openErr)
		}
		defer func() { _ = f.Close() }()
		raw, err = io.ReadAll(io.LimitReader(f, maxValue+1))
	case a.term.In:
		_, _ = fmt.Fprintf(a.err, "%s (it is not shown): ", what)
		raw, err = a.unseen(ctx)
		_, _ = fmt.Fprintln(a.err)
	default:
		raw, err = io.ReadAll(io.LimitReader(a.in, maxValue+1))
	}
	if err != nil {
		return keyturn.Secret{}, err
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	switch {
	case len(raw) > maxValue:
		return keyturn.Secret{}, usagef("the value is longer than %d KiB; is it the right file?", maxValue>>10)
	case strings.TrimSpace(text) == "":
		return keyturn.Secret{}, usagef("no value was given; type it at the prompt, pipe it in, or name a file with --file")
	case !utf8.ValidString(text):
		return keyturn.Secret{}, usagef("the value is not text; encode it as its consumers expect it, such as in base64")
	}
	return keyturn.NewSecret(text), nil
}

// unseen reads a line without showing it, and gives up when ctx ends: a person
// who presses Ctrl-C at a prompt wants out.
func (a *app) unseen(ctx context.Context) ([]byte, error) {
	in, ok := a.in.(*os.File)
	if !ok {
		return nil, usagef("there is no terminal to ask on; pipe the value in, or name a file with --file")
	}
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type answer struct {
		text []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		_ = term.Restore(fd, state)
		return nil, ctx.Err()
	case got := <-read:
		return got.text, got.err
	}
}
