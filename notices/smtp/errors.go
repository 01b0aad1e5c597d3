package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net/textproto"
	"regexp"
	"strconv"

	"github.com/keyturn/keyturn"
)

// A step of the conversation is the Op of the errors in it.
type step string

const (
	dialing        step = "smtp: connect"
	greeting       step = "smtp: greet"
	securing       step = "smtp: start TLS"
	authenticating step = "smtp: log in"
	introducing    step = "smtp: name the sender"
	addressing     step = "smtp: name the recipient"
	writing        step = "smtp: send"
)

// failed turns what went wrong into an error of a kind. Of what the relay said
// only the numbers are kept: the text quotes addresses and more.
func (c *channel) failed(ctx context.Context, at step, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var refusal *textproto.Error
	if errors.As(err, &refusal) {
		return refused(at, refusal)
	}
	if untrusted := new(tls.CertificateVerificationError); errors.As(err, &untrusted) {
		return keyturn.Errorf(keyturn.Denied, string(at), "the relay's certificate is not trusted for %s; ca_file names the file with its issuer", c.Host)
	}
	if at == writing {
		return keyturn.Errorf(keyturn.Unavailable, string(at), "the connection broke; the message may have arrived")
	}
	return keyturn.Errorf(keyturn.Unavailable, string(at), "no answer from the relay")
}

// refused reads a reply code (RFC 5321, 4.2.1) and, where there is one, the
// enhanced code (RFC 3463), whose second number says what it is about.
func refused(at step, e *textproto.Error) error {
	code, subject, detail := strconv.Itoa(e.Code), "", ""
	if m := enhanced().FindStringSubmatch(e.Msg); m != nil {
		code += " " + m[0]
		subject, detail = m[1], m[2]
	}
	say := func(k keyturn.Kind, what string) error {
		return keyturn.Errorf(k, string(at), "%s (%s)", what, code)
	}
	switch {
	case e.Code/100 == 4:
		return say(keyturn.Unavailable, "the relay says to try again later")
	case e.Code/100 != 5:
		return say(keyturn.Unavailable, "the relay's answer is not one of SMTP")
	case at == authenticating:
		return say(keyturn.Denied, "the relay refuses the username or the password")
	case e.Code == 530 || subject == "7":
		return say(keyturn.Denied, "the relay does not let this sender do that")
	case at == addressing && (subject == "1" || subject == "2" && detail == "1" || subject == "" && noMailbox(e.Code)):
		return say(keyturn.NotFound, "the mailbox does not exist")
	case at == greeting, at == introducing && subject != "5":
		return say(keyturn.Denied, "the relay refuses this sender")
	}
	return say(keyturn.Invalid, "the relay refuses the message")
}

// noMailbox reports the codes that say so without an enhanced one.
func noMailbox(code int) bool { return code == 550 || code == 551 || code == 553 }

func enhanced() *regexp.Regexp { return regexp.MustCompile(`^[245]\.(\d{1,3})\.(\d{1,3})\b`) }
