package ticketstest

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn/tickets"
)

// lines are what a body or a comment may be made of. Each stands for itself in
// Markdown as GitHub and Linear read it, and must arrive whole.
func lines() []string {
	return []string{
		"Key `orders-stripe` is due by 2031-05-17, and Stripe has no API to do it.",
		"- Purpose: `@everyone pays with 'this' & <b>that</b>`",
		"- Permissions: `**read**, _write_, [x](y)`",
		"- [ ] Mint it in the UI ([documentation](https://docs.example.com/keys?a=1&b=2#make)), and no more",
		"**Never paste it** into this ticket.",
		`He said "yes" and 'no' at 100 % & a < b; naïve café 日本語 🔑 £€`,
		`C:\keys\new and 2 + 2 = 4`,
	}
}

// wantLines fails t unless text has every line, in order.
func wantLines(t testing.TB, what, text string, want ...string) {
	t.Helper()
	rest := text
	for _, line := range want {
		_, after, ok := strings.Cut(rest, line)
		if !ok {
			t.Errorf("%s lacks, at its place, the line %q: %q", what, line, text)
			return
		}
		rest = after
	}
	if strings.Count(text, want[0]) != 1 {
		t.Errorf("%s has the line %q more than once: %q", what, want[0], text)
	}
}

// titleArrives asks whether a title is taken for text and nothing else.
func titleArrives(t testing.TB, h Harness) {
	for i, title := range []string{
		`Rotate "orders" & <b>pay</b> (due 2031-05-17)`, "@channel `naïve` 日本語 🔑 *x* {{y}} \\n", strings.Repeat("long ", 39) + "title",
	} {
		r := h.start(t, 0)
		in := ticket("rotate/run-1")
		in.Title = title
		ref, err := r.Open(r.ctx, in)
		r.want(t, "Open", err, "")
		if err != nil {
			continue
		}
		if got := r.held(t, ref.ID).Title; got != title {
			t.Errorf("title %d arrived as %q, want %q", i+1, got, title)
		}
	}
}

// bodyArrives asks whether Markdown arrives as it was meant: code stays code,
// so that nobody is mentioned, and nothing is lost.
func bodyArrives(t testing.TB, h Harness) {
	for _, end := range []string{"\n", "\n\n"} {
		r := h.start(t, 0)
		in := ticket("rotate/run-1")
		in.Body = strings.Join(lines(), end)
		ref, err := r.Open(r.ctx, in)
		r.want(t, "Open", err, "")
		if err != nil {
			continue
		}
		wantLines(t, "the body", r.held(t, ref.ID).Body, lines()...)
		r.want(t, "Postpone", r.Postpone(r.ctx, ref.ID, in.Due.AddDate(0, 0, 3)), "")
		wantLines(t, "the body, after Postpone,", r.held(t, ref.ID).Body, lines()...)
	}
}

// commentArrives asks the same of comments.
func commentArrives(t testing.TB, h Harness) {
	r := h.start(t, 0)
	id := r.open(t, "rotate/run-1").ID
	text := strings.Join(lines(), "\n\n")
	r.want(t, "Comment", r.Comment(r.ctx, id, tickets.Comment{Key: "step/end/1", Text: text}), "")
	comments := r.held(t, id).Comments
	if len(comments) != 1 {
		t.Fatalf("the ticket has %d comments, want 1", len(comments))
	}
	wantLines(t, "the comment", comments[0], lines()...)
}
