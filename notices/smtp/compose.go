package smtp

import (
	"strings"
	"unicode"

	mail "github.com/wneessen/go-mail"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
)

// compose writes the mail. Everything that comes from outside and enters a
// header loses its line ends first, and is encoded (RFC 2047) by go-mail where
// it is not ASCII.
func (c *channel) compose(m notices.Message) (*mail.Msg, error) {
	const op = "smtp: send"
	if m.ID == "" || strings.ContainsFunc(m.ID, outsideID) {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the message's id holds something else than letters, digits and hyphens")
	}
	at := m.At
	if at.IsZero() {
		at = c.env.Now()
	}
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	if err := msg.From(c.sender.String()); err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the sender's address is malformed")
	}
	if err := msg.To(m.To); err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "the recipient's address is malformed")
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(at)
	msg.SetMessageIDWithValue(m.ID + "@" + c.domain)
	// RFC 3834, 5: keeps other machines from answering. Exchange heeds a header
	// of its own ([MS-OXCMAIL], X-Auto-Response-Suppress).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	if m.Urgent {
		msg.SetImportance(mail.ImportanceHigh)
	}
	msg.SetBodyString(mail.TypeTextPlain, plain(m.Text))
	return msg, nil
}

func outsideID(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
}

// oneLine makes s fit for a header.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || control(r) }), " ")
	return strings.ToValidUTF8(s, "")
}

// plain keeps of the control characters in a text only tabs and line ends.
func plain(s string) string {
	keep := func(r rune) rune {
		if control(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}
	return strings.Map(keep, strings.ToValidUTF8(s, "")) + "\n"
}

// control reports characters that are no text: control characters, and the
// separators that some readers take for a line end.
func control(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }

// ascii reports whether an address needs no SMTPUTF8.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
