package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// AdminHandler lets a person look into a fake and break it over HTTP:
//
//	GET    /keys     every key there ever was, without values
//	GET    /log      every change, oldest first
//	GET    /faults   the rules in place
//	PUT    /faults   put a JSON list of rules in place of them
//	DELETE /faults   remove them
//
// It asks for no password: serve it on the loopback address only, and on
// another port than the fake, which has paths of its own.
func AdminHandler(l *Ledger, f *Faults) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, l.Keys()) })
	mux.HandleFunc("GET /log", func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, l.Log()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { JSON(w, http.StatusOK, f.Rules()) })
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		f.Set()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /faults", func(w http.ResponseWriter, r *http.Request) {
		rules, err := readRules(w, r)
		if err != nil {
			JSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		f.Set(rules...)
		JSON(w, http.StatusOK, f.Rules())
	})
	return mux
}

func readRules(w http.ResponseWriter, r *http.Request) ([]Rule, error) {
	var rules []Rule
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&rules); err != nil {
		return nil, fmt.Errorf("expected a JSON list of rules: %w", err)
	}
	for i, rule := range rules {
		if err := rule.Check(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	return rules, nil
}
