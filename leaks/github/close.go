package github

import (
	"context"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// resolutions are GitHub's words for why an alert is closed.
var resolutions = map[leaks.Closing]string{
	leaks.Revoked:       "revoked",
	leaks.FalsePositive: "false_positive",
	leaks.Accepted:      "wont_fix",
}

// mostComment is how many characters of a comment are sent. GitHub takes as many for
// alerts of other kinds; for these it names no number.
const mostComment = 280

// Close looks first: an alert that somebody closed keeps their reason.
func (s *source) Close(ctx context.Context, alertName string, why leaks.Closing, comment string) error {
	const op = "github: close"
	resolution, ok := resolutions[why]
	if !ok {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no such reason for closing an alert")
	}
	n, err := s.parse(op, alertName)
	if err != nil {
		return err
	}
	var a alert
	_, err = s.get(ctx, op, n.path()+"?hide_secret=true", &a)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound || err == nil && a.State == "resolved":
		return nil
	case err != nil:
		return err
	case a.State != "open":
		return undocumented(op)
	}
	in := map[string]string{"state": "resolved", "resolution": resolution}
	if comment = short(comment); comment != "" {
		in["resolution_comment"] = comment
	}
	got, err := s.ask(ctx, op, http.MethodPatch, n.path(), in)
	switch kind := keyturn.KindOf(err); {
	case kind == keyturn.NotFound:
		return nil
	case kind == keyturn.Denied && got.Status == http.StatusForbidden:
		return keyturn.Errorf(keyturn.Denied, op, "the token or the App may not close alerts; give it the repository permission Secret scanning alerts: write, and where closing must be approved, make it one that may approve")
	}
	return err
}

func short(comment string) string {
	if runes := []rune(comment); len(runes) > mostComment {
		return string(runes[:mostComment-1]) + "…"
	}
	return comment
}
