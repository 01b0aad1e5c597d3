package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// cutOff ends a message that was too long for the chat.
const cutOff = "\n(cut off here: the message is longer than the chat takes)"

// plain makes a text safe to say in a chat, and at most most characters long.
// "&", "<" and ">" are written as Slack wants them ("Formatting text for app
// surfaces"), which takes the meaning from <!here> and links. Mattermost and
// Rocket.Chat read @channel in plain text as well: a zero-width space after the
// @ keeps the word and nobody's telephone rings. Addresses stay as they are.
func plain(text string, most int) string {
	var out strings.Builder
	room := most - utf8.RuneCountInString(cutOff)
	length, before := 0, ' '
	cut, lineEnd := 0, 0 // in bytes: the last places that leave room for cutOff
	for _, r := range strings.ToValidUTF8(text, "") {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			continue
		}
		s := written(r, before)
		before = r
		if length += utf8.RuneCountInString(s); length > most {
			if lineEnd > 0 && cut-lineEnd < longLine {
				cut = lineEnd
			}
			return out.String()[:cut] + cutOff
		}
		if length <= room && r == '\n' {
			lineEnd = out.Len()
		}
		out.WriteString(s)
		if length <= room {
			cut = out.Len()
		}
	}
	return out.String()
}

// longLine is how much is given up so that a cut falls on the end of a line.
const longLine = 1000

// written is how one character is said after another.
func written(r, before rune) string {
	switch {
	case r == '&':
		return "&amp;"
	case r == '<':
		return "&lt;"
	case r == '>':
		return "&gt;"
	case r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before):
		return "@\u200b"
	}
	return string(r)
}
