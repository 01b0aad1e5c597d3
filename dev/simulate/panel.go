package simulate

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// panel is the control panel: what the vendors know, and a switch for
// everything that can go wrong. Pages of other origins cannot press them.
//
//	GET  /                                    the vendors, what is wrong with each, what can be asked
//	GET  /aws/keys                            every key there ever was, without values
//	GET  /aws/log                             every change
//	POST /aws/lose-mints?times=1              keep the key, lose the answer
//	POST /aws/throttle?times=5&wait=7s        too many requests
//	POST /aws/refuse-verification?times=3     no key is accepted
//	POST /aws/fail?status=503&for=30s         every answer is that status
//	POST /aws/mend                            all is well again
//	GET, PUT, DELETE /aws/faults              the rules themselves; see fake.AdminHandler
func panel(all []*Vendor) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fake.JSON(w, http.StatusOK, overview(all)) })
	for _, v := range all {
		at := "/" + v.Provider
		mux.Handle(at+"/", http.StripPrefix(at, fake.AdminHandler(v.Ledger, v.Faults)))
		for name, press := range v.switches() {
			mux.HandleFunc("POST "+at+"/"+name, func(w http.ResponseWriter, r *http.Request) {
				if err := press(r.URL.Query()); err != nil {
					fake.JSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
					return
				}
				fake.JSON(w, http.StatusOK, v.status())
			})
		}
	}
	return http.NewCrossOriginProtection().Handler(mux)
}

// switches are what can go wrong, by name, with their numbers from a query.
func (v *Vendor) switches() map[string]func(url.Values) error {
	return map[string]func(url.Values) error{
		"lose-mints": func(q url.Values) error {
			n, err := number(q, "times", 1)
			v.LoseMints(n)
			return err
		},
		"throttle": func(q url.Values) error {
			n, err := number(q, "times", 1)
			wait, err2 := duration(q, "wait", 2*time.Second)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			v.Throttle(n, wait)
			return nil
		},
		"refuse-verification": func(q url.Values) error {
			n, err := number(q, "times", 1)
			v.RefuseVerification(n)
			return err
		},
		"fail": func(q url.Values) error {
			status, err := number(q, "status", http.StatusServiceUnavailable)
			d, err2 := duration(q, "for", 30*time.Second)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if status < 500 || status > 599 {
				return errors.New("status must be between 500 and 599")
			}
			v.Fail(status, d)
			return nil
		},
		"mend": func(url.Values) error { v.Mend(); return nil },
	}
}

// number reads a positive number; on an error it is 0, which breaks nothing.
func number(q url.Values, name string, otherwise int) (int, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%s must be a number above 0", name)
	}
	return n, nil
}

func duration(q url.Values, name string, otherwise time.Duration) (time.Duration, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	d, err := time.ParseDuration(q.Get(name))
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s must be a time above 0, such as 30s", name)
	}
	return d, nil
}

// A status is what the panel shows of a vendor. It has no credential in it.
type status struct {
	Provider string   `json:"provider"`
	Account  string   `json:"account"`
	API      string   `json:"api"`
	Control  string   `json:"control"`
	Live     int      `json:"live_keys"`
	Ever     int      `json:"keys_ever"`
	Broken   []string `json:"broken"`
}

func (v *Vendor) status() status {
	return status{v.Provider, v.Account, v.BaseURL, v.ControlURL, len(v.Ledger.Live("")), len(v.Ledger.Keys()), v.Broken()}
}

func overview(all []*Vendor) any {
	var out struct {
		Vendors []status `json:"vendors"`
		Ask     []string `json:"ask"`
	}
	for _, v := range all {
		out.Vendors = append(out.Vendors, v.status())
	}
	out.Ask = []string{
		"GET /VENDOR/keys", "GET /VENDOR/log",
		"POST /VENDOR/lose-mints?times=1", "POST /VENDOR/throttle?times=5&wait=7s",
		"POST /VENDOR/refuse-verification?times=3", "POST /VENDOR/fail?status=503&for=30s", "POST /VENDOR/mend",
		"PUT /VENDOR/faults", "DELETE /VENDOR/faults",
	}
	return out
}
