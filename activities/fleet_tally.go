package activities

import (
	"time"

	"github.com/keyturn/keyturn/registry"
)

// A SweepTally counts what became of the keys that were due.
type SweepTally struct {
	Accounts int `json:"accounts"` // with keys that are due
	Due      int `json:"due"`
	Started  int `json:"started"`
	Canaries int `json:"canaries,omitempty"` // of those, the first of their team at an account
	Busy     int `json:"busy,omitempty"`     // another operation holds the key
	Held     int `json:"held,omitempty"`     // the calendar keeps it back for the whole window
	Capped   int `json:"capped,omitempty"`   // its team has had its share
	Crowded  int `json:"crowded,omitempty"`  // another key of its principal goes first
	Recent   int `json:"recent,omitempty"`   // it was rolled back not long ago
	Unissued int `json:"unissued,omitempty"` // it was never issued
	Refused  int `json:"refused,omitempty"`  // Temporal does not take it; the worker's log says why
	Full     int `json:"full,omitempty"`     // more than the account can take in the window
	Paused   int `json:"paused,omitempty"`   // its account is paused
	Unserved int `json:"unserved,omitempty"` // no worker serves its account
	Braked   int `json:"braked,omitempty"`   // accounts that were paused, because too much failed there
}

// Add adds up two tallies.
func (t *SweepTally) Add(o SweepTally) {
	t.Accounts += o.Accounts
	t.Due += o.Due
	t.Started += o.Started
	t.Canaries += o.Canaries
	t.Busy += o.Busy
	t.Held += o.Held
	t.Capped += o.Capped
	t.Crowded += o.Crowded
	t.Recent += o.Recent
	t.Unissued += o.Unissued
	t.Refused += o.Refused
	t.Full += o.Full
	t.Paused += o.Paused
	t.Unserved += o.Unserved
	t.Braked += o.Braked
}

// servedFor is how long a worker's word that it serves an account is good for.
// Workers say it every few minutes.
const servedFor = time.Hour

// Served reports whether some worker serves an account. What is started where
// none does would wait for a worker until it is given up.
func Served(s registry.AccountStatus, now time.Time) bool {
	return s.Rate > 0 && now.Sub(s.Served) < servedFor
}
