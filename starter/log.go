package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// logger writes what libraries have to say from level up to standard error,
// one line each, in the manner of this program's own errors.
func (a *app) logger(level slog.Level) *slog.Logger {
	return slog.New(&lineHandler{w: a.err, level: level})
}

// lineHandler prints records as "keyturn: warning: message; key=value".
type lineHandler struct {
	w     io.Writer
	level slog.Level
	attrs string
}

// Enabled implements slog.Handler.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle implements slog.Handler. A line is one write, so that lines of
// several goroutines do not mix.
func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := h.attrs
	r.Attrs(func(at slog.Attr) bool {
		attrs += attrText(at)
		return true
	})
	word := "warning: "
	if r.Level >= slog.LevelError {
		word = ""
	}
	line := "keyturn: " + word + r.Message + attrs
	_, err := io.WriteString(h.w, clean(strings.ReplaceAll(line, "\n", " "))+"\n")
	return err
}

func attrText(at slog.Attr) string { return fmt.Sprintf("; %s=%v", at.Key, at.Value.Resolve().Any()) }

// WithAttrs implements slog.Handler.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	for _, at := range attrs {
		c.attrs += attrText(at)
	}
	return &c
}

// WithGroup implements slog.Handler. Groups are left out: no library used here
// needs them to be understood.
func (h *lineHandler) WithGroup(string) slog.Handler { return h }
