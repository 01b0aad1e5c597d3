package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Version prints what this program was built from.",
		Example: `  keyturn version
  keyturn version --output json`,
		Args: needs(),
		RunE: func(*cobra.Command, []string) error { return runVersion(a) },
	}
}

// versionInfo is what a build says of itself.
type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from files that were not committed
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func runVersion(a *app) error {
	v := versionInfo{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return a.print(v, func(w io.Writer) error {
		revision := ""
		if v.Revision != "" {
			revision = " " + v.Revision
		}
		if v.Modified {
			revision += " (modified)"
		}
		_, err := fmt.Fprintf(w, "keyturn %s%s, %s, %s\n", v.Version, revision, v.Go, v.Platform)
		return err
	})
}
