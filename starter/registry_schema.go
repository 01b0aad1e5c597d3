package main

import (
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn/registry/entry"
)

func newSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of entry files",
		Long: `Schema prints the JSON Schema of entry files, with which editors complete and
check them as you type. "keyturn registry validate" checks more than it.`,
		Example: `  keyturn registry schema > entry.schema.json`,
		Args:    needs(),
		RunE:    func(*cobra.Command, []string) error { return runSchema(a) },
	}
}

func runSchema(a *app) error {
	_, err := a.out.Write(entry.Schema())
	return err
}
