package hmsl_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks/hmsl"
	"github.com/keyturn/keyturn/leaks/hmsl/hmslfake"
)

// TestLook finds a value by what its key keeps of it, among others that begin alike.
func TestLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	leaked, safe := hashOf("hello-CANARY"), hashOf("safe-CANARY")
	w.service.Leak(leaked, 42, "https://github.com/acme/payments/blob/0f1e2d3c/.env")
	w.service.Crowd(leaked[:5], 30)
	w.service.Crowd(safe[:5], 30)
	got, err := w.Look(t.Context(), []string{safe, leaked, leaked})
	want := []hmsl.Match{{Hash: leaked, Count: 42, URL: "https://github.com/acme/payments/blob/0f1e2d3c/.env"}}
	if diff := cmp.Diff(want, got.Matches); err != nil || diff != "" {
		t.Errorf("Look: %v, %s", err, diff)
	}
}

// TestOnTheWire checks that nothing leaves but the prefixes, each once.
func TestOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	values := []string{"a-CANARY", "b-CANARY", "c-CANARY"}
	var hashes, want []string
	for _, v := range values {
		hashes = append(hashes, hashOf(v))
		want = append(want, hashOf(v)[:5])
		w.service.Leak(hashOf(v), 1, "https://github.com/acme/payments")
	}
	slices.Sort(want)
	if _, err := w.Look(t.Context(), append(hashes, hashes[0])); err != nil {
		t.Fatal(err)
	}
	sent := w.requests()
	last := sent[len(sent)-1]
	var body struct{ Prefixes []string }
	if err := json.Unmarshal([]byte(last[strings.LastIndex(last, " "):]), &body); err != nil || !cmp.Equal(body.Prefixes, want) {
		t.Errorf("sent %v, %v, want %v", body.Prefixes, err, want)
	}
	for i, request := range sent {
		for j := range hashes {
			for what, text := range map[string]string{"value": values[j], "hash": hashes[j], "hash's sixth digit": hashes[j][:6], "hash's end": hashes[j][5:]} {
				if strings.Contains(strings.ToLower(request), strings.ToLower(text)) {
					t.Errorf("request %d shows a %s", i, what)
				}
			}
		}
	}
}

// TestOneRecord opens a record that was made by Python's cryptography.
func TestOneRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	w.faults.Set(answering("/v1/prefixes", `{"matches": [{"hint": "9084aa96ef64975fd660a44aa44322e8750ac74b3442ac2facdc45250acffb0d",
		"payload": "AAECAwQFBgcICQoL0gBkleOfs4r6YsSszwbcqqlZ1yWav7H+ZEg0/67o4LvPoJ2cTpqdQ5pT/EEBc3paswuSSOHL8mk+F5otJ6OXqlyfj3xzIWyXDpyv6ZHLVWo9b3M1r8zksKTYmFM="}]}`))
	got, err := w.Look(t.Context(), []string{hashOf("hello-CANARY")})
	want := hmsl.Result{
		Matches: []hmsl.Match{{Hash: hashOf("hello-CANARY"), Count: 42, URL: "https://github.com/acme/payments/blob/0f1e2d3c/.env"}},
		Quota:   hmsl.Quota{Remaining: -1},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Look: %v, %s", err, diff)
	}
}

// TestOnePrefix tells hashes apart that begin alike, for the price of one.
func TestOnePrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	one, two, three := hash("abcdea"), hash("abcdeb"), hash("abcdec")
	w.service.Leak(one, 1, "https://github.com/one")
	w.service.Leak(three, 3, "https://github.com/three")
	got, err := w.Look(t.Context(), []string{one, two, three})
	want := []hmsl.Match{{Hash: one, Count: 1, URL: "https://github.com/one"}, {Hash: three, Count: 3, URL: "https://github.com/three"}}
	if diff := cmp.Diff(want, got.Matches); err != nil || diff != "" || got.Quota.Remaining != 290 {
		t.Errorf("Look: %v, %d left, %s", err, got.Quota.Remaining, diff)
	}
}

// TestRecords takes a record that opens for a leak, whatever it holds, and one that does
// not for a failure.
func TestRecords(t *testing.T) {
	t.Parallel()
	h := hash("abcde")
	for what, c := range map[string]struct {
		payload string
		want    *hmsl.Match
	}{
		"whole":               {hmslfake.Seal(h, []byte(`{"c": 2, "l": {"u": "https://a.example"}, "x": 1}`)), &hmsl.Match{Hash: h, Count: 2, URL: "https://a.example"}},
		"no place":            {hmslfake.Seal(h, []byte(`{"c": 2, "l": null}`)), &hmsl.Match{Hash: h, Count: 2}},
		"nothing inside":      {hmslfake.Seal(h, []byte(`{}`)), &hmsl.Match{Hash: h}},
		"less than none":      {hmslfake.Seal(h, []byte(`{"c": -1}`)), &hmsl.Match{Hash: h}},
		"prose inside":        {hmslfake.Seal(h, []byte(`seen twice`)), &hmsl.Match{Hash: h}},
		"another's":           {hmslfake.Seal(hash("abcdf"), []byte(`{"c": 2}`)), nil},
		"cut off":             {hmslfake.Seal(h, nil)[:20], nil},
		"shorter than a seal": {"AAAA", nil},
		"no base64":           {"%", nil},
	} {
		w := newWorld(t, hmslfake.Options{})
		w.service.Record(h, c.payload)
		got, err := w.Look(t.Context(), []string{h})
		if c.want == nil {
			wantKind(t, what, err, keyturn.Unavailable, "cannot be opened")
			continue
		}
		if diff := cmp.Diff([]hmsl.Match{*c.want}, got.Matches); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", what, err, diff)
		}
	}
}

// TestNotAHash refuses what is none before anything is sent.
func TestNotAHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hmslfake.Options{})
	for what, hashes := range map[string][]string{
		"a value":    {"hello-CANARY"},
		"empty":      {""},
		"upper case": {strings.ToUpper(hash("abcde"))},
		"too short":  {hash("abcde")[:62]},
		"too long":   {hash("abcde") + "77"},
		"no hex":     {"xyzxy" + strings.Repeat("7", 59)},
		"one of two": {hash("abcde"), "hello-CANARY"},
		"too many":   slices.Repeat([]string{hash("abcde")}, 11),
	} {
		_, err := w.Look(t.Context(), hashes)
		wantKind(t, what, err, keyturn.Invalid)
	}
	if sent := w.requests(); sent != nil {
		t.Errorf("sent %q", sent)
	}
}
