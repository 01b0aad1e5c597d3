package github

import (
	"context"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// mostCommits bounds how many commits are asked for their dates.
const mostCommits = 10

// Look reads an alert with its value, the first 100 locations, and when the commits
// among them were made.
func (s *source) Look(ctx context.Context, alertName string) (leaks.Finding, error) {
	const op = "github: look"
	n, err := s.parse(op, alertName)
	if err != nil {
		return leaks.Finding{}, err
	}
	var a alert
	if _, err := s.get(ctx, op, n.path(), &a); err != nil {
		return leaks.Finding{}, err
	}
	if !a.ok() || a.Secret.value.IsZero() {
		return leaks.Finding{}, undocumented(op)
	}
	var where []location
	if _, err := s.get(ctx, op, n.path()+"/locations?per_page=100", &where); err != nil {
		return leaks.Finding{}, err
	}
	if where == nil {
		return leaks.Finding{}, undocumented(op)
	}
	public := a.Leaked
	if !public {
		if public, err = s.public(ctx, op, n.repo); err != nil {
			return leaks.Finding{}, err
		}
	}
	f := s.finding(n, a, public)
	return f, s.date(ctx, op, where, &f)
}

// public reports whether strangers can see a repository.
func (s *source) public(ctx context.Context, op, repo string) (bool, error) {
	var out struct {
		Private *bool `json:"private"`
	}
	_, err := s.get(ctx, op, "/repos/"+repo, &out)
	if keyturn.KindOf(err) == keyturn.NotFound { // it must not pass for a missing alert
		err = keyturn.Errorf(keyturn.Denied, op, "GitHub shows alerts of the repository, but not the repository; give the token or the App the permission Metadata: read")
	}
	if err != nil {
		return false, err
	}
	if out.Private == nil {
		return false, undocumented(op)
	}
	return !*out.Private, nil
}

// date puts the earliest location into a finding, and its commit's date if that is
// before the alert's: a scan of the history finds what has been there for long. Without
// a date that can be had, it is the first commit, or else the first location.
func (s *source) date(ctx context.Context, op string, where []location, f *leaks.Finding) error {
	dates := map[string]time.Time{}
	best := -1
	for i, l := range where {
		if !l.Details.inRepo() {
			continue
		}
		if best < 0 {
			best = i
		}
		at, known := dates[l.Details.Commit]
		if !known && len(dates) < mostCommits {
			var err error
			if at, err = s.committed(ctx, op, f.Repo, l.Details.Commit); err != nil {
				return err
			}
			dates[l.Details.Commit] = at
		}
		if !at.IsZero() && at.Before(f.Since) {
			best, f.Since = i, at
		}
	}
	if best >= 0 {
		where[best].place(f)
	} else if len(where) > 0 {
		where[0].place(f)
	}
	return nil
}

// committed is when a commit was made; zero if GitHub does not say. The commit object is
// read and not the commit, which would hold the change and so the value.
func (s *source) committed(ctx context.Context, op, repo, sha string) (time.Time, error) {
	var out struct {
		Committer struct {
			Date time.Time `json:"date"`
		} `json:"committer"`
	}
	_, err := s.get(ctx, op, "/repos/"+repo+"/git/commits/"+sha, &out)
	if kind := keyturn.KindOf(err); kind == keyturn.NotFound || kind == keyturn.Denied || kind == keyturn.Conflict || kind == keyturn.Invalid {
		return time.Time{}, nil // it was rewritten away, or contents may not be read
	}
	return out.Committer.Date, err
}
