package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// openLog opens the log file the options name. Without one, nothing is logged.
func openLog(o Options) (slog.Handler, func() error, error) {
	if o.LogFile == "" {
		return slog.DiscardHandler, func() error { return nil }, nil
	}
	file, err := os.OpenFile(o.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("log file: %w", err)
	}
	return slog.NewTextHandler(file, &slog.HandlerOptions{Level: o.LogLevel}), file.Close, nil
}

// A logger writes what Temporal logs to a slog handler. Where Temporal would
// end the process after logging, this one goes on: the process is not only
// Temporal's. What comes of it shows in Start's result or at the next call.
type logger struct{ to *slog.Logger }

var (
	_ log.Logger      = logger{}
	_ log.WithLogger  = logger{}
	_ log.SLogWrapper = logger{}
)

func newLogger(h slog.Handler) logger { return logger{slog.New(h)} }

func (l logger) Debug(msg string, tags ...tag.Tag)  { l.write(slog.LevelDebug, msg, tags) }
func (l logger) Info(msg string, tags ...tag.Tag)   { l.write(slog.LevelInfo, msg, tags) }
func (l logger) Warn(msg string, tags ...tag.Tag)   { l.write(slog.LevelWarn, msg, tags) }
func (l logger) Error(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l logger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }
func (l logger) Panic(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l logger) Fatal(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }

// SLog hands the sink to the parts of Temporal that speak slog.
func (l logger) SLog() *slog.Logger { return l.to }

// With returns a logger that adds tags to everything it writes.
func (l logger) With(tags ...tag.Tag) log.Logger {
	args := make([]any, len(tags))
	for i, a := range attributes(tags) {
		args[i] = a
	}
	return logger{l.to.With(args...)}
}

func (l logger) write(level slog.Level, msg string, tags []tag.Tag) {
	if ctx := context.Background(); l.to.Enabled(ctx, level) {
		l.to.LogAttrs(ctx, level, msg, attributes(tags)...)
	}
}

func attributes(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(t.Key(), t.Value())
	}
	return out
}
