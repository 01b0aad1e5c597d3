package embedded_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keyturn/keyturn/dev/embedded"
)

func TestTheUIServesItsPagesAndTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t, embedded.Options{SearchAttributes: attributes(), CodecEndpoint: "http://127.0.0.1:9/codec"})
	if !strings.HasPrefix(s.UIURL(), "http://127.0.0.1:") {
		t.Fatalf("UI at %s, want it on the loopback address only", s.UIURL())
	}

	page, kind := fetch(t, s.UIURL()+"/")
	if !strings.HasPrefix(kind, "text/html") || !strings.Contains(page, "<html") {
		t.Fatalf("the page is %s: %.80s", kind, page)
	}
	script := regexp.MustCompile(`/_app/[^"']+\.js`).FindString(page)
	if script == "" {
		t.Fatal("the page names no script")
	}
	code, kind := fetch(t, s.UIURL()+script)
	if !strings.Contains(kind, "javascript") || code == "" {
		t.Errorf("%s is %s, %d bytes", script, kind, len(code))
	}

	text, _ := fetch(t, s.UIURL()+"/api/v1/namespaces")
	var list struct {
		Namespaces []struct {
			NamespaceInfo struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ns := range list.Namespaces {
		names = append(names, ns.NamespaceInfo.Name)
	}
	if !strings.Contains(strings.Join(names, " "), namespace) {
		t.Errorf("the API lists namespaces %v, want %s among them", names, namespace)
	}
}

func TestTheUIOffersNoTerminateAndFetchesNoNews(t *testing.T) {
	t.Parallel()
	const codec = "http://127.0.0.1:9/codec"
	s := start(t, embedded.Options{CodecEndpoint: codec})
	text, _ := fetch(t, s.UIURL()+"/api/v1/settings")
	var got struct {
		WorkflowTerminateDisabled bool
		DisableNewsFetch          bool
		DefaultNamespace          string
		Codec                     struct{ Endpoint string }
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if !got.WorkflowTerminateDisabled || !got.DisableNewsFetch || got.DefaultNamespace != namespace || got.Codec.Endpoint != codec {
		t.Errorf("settings are %+v", got)
	}
}

func TestNoUIHasNoURL(t *testing.T) {
	t.Parallel()
	if s := start(t, embedded.Options{NoUI: true}); s.UIURL() != "" {
		t.Errorf("UI at %s, want none", s.UIURL())
	}
}

// fetch returns a page's text and content type, and ends the test unless it
// is there.
func fetch(t *testing.T, url string) (text, kind string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s", url, resp.Status)
	}
	return string(body), resp.Header.Get("Content-Type")
}
