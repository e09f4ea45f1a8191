package observerio

/*
#include <observerio.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"unsafe"
)

// A Level is how much a log entry matters.
type Level int

// The levels.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Err
	Fatal
)

// Fields are what a log entry says beside its message.
type Fields map[string]any

// Log logs. It never waits; what finds no room is dropped and counted.
func (g *Game) Log(level Level, message string, fields Fields) error {
	var t texts
	defer t.free()
	count := len(fields)
	raw := (*C.obs_field)(C.calloc(C.size_t(count+1), C.size_t(unsafe.Sizeof(C.obs_field{}))))
	t = append(t, unsafe.Pointer(raw))
	all := unsafe.Slice(raw, count+1)
	at := 0
	for name, value := range fields {
		all[at].name = t.must(name)
		put(&all[at].value, value, &t)
		at++
	}
	return do(func() int32 {
		return C.obs_log_fields(g.handle, C.int32_t(level), t.must(message), raw, C.size_t(count))
	})
}

// A Call is a button that somebody pressed. Answer it once.
type Call struct {
	handle *C.obs_call
	// Name says which action.
	Name string
	// Args are JSON, or empty.
	Args string
}

// Answer says that it is done; the result becomes JSON, nil none.
func (c *Call) Answer(result any) error {
	var t texts
	defer t.free()
	var in *C.char
	if result != nil {
		text, err := json.Marshal(result)
		if err != nil {
			return err
		}
		in = t.must(string(text))
	}
	return do(func() int32 { return C.obs_answer(c.handle, in) })
}

// Fail says that it failed, for a reason that people read.
func (c *Call) Fail(reason string) error {
	var t texts
	defer t.free()
	return do(func() int32 { return C.obs_fail(c.handle, t.must(reason)) })
}

// Action declares a button. `run` is run inside Frame, with the arguments as JSON, and what it returns is the result; when it
// is nil, Take gives the calls.
func (g *Game) Action(name string, run func(args string) (any, error), options ...Option) error {
	if run != nil {
		g.runs[name] = run
	}
	return g.declare(name, options, false, func(name *C.char, spec *C.obs_spec, _ *texts) int32 {
		return C.obs_declare_action(g.handle, name, spec)
	})
}

// Take gives the oldest call that Frame has brought of an action without a function, or nil.
func (g *Game) Take() *Call {
	if len(g.calls) == 0 {
		return nil
	}
	call := g.calls[0]
	g.calls = g.calls[1:]
	return call
}

// Frame is a boundary between two frames: it applies what people want, asks checks and runs actions. It returns how many
// variables have another value.
func (g *Game) Frame() int {
	changed := int(C.obs_frame(g.handle))
	for {
		var handle *C.obs_call
		if C.obs_poll_action(g.handle, &handle) != C.OBS_STATUS_OK || handle == nil {
			return changed
		}
		call := &Call{handle: handle, Name: C.GoString(C.obs_call_name(handle))}
		if args := C.obs_call_args(handle); args != nil {
			call.Args = C.GoString(args)
		}
		if run, ok := g.runs[call.Name]; ok {
			call.run(run)
		} else {
			g.calls = append(g.calls, call)
		}
	}
}

func (c *Call) run(run func(string) (any, error)) {
	defer func() {
		// whatever an action does, the game goes on
		if fault := recover(); fault != nil {
			_ = c.Fail(fmt.Sprint(fault))
		}
	}()
	result, err := run(c.Args)
	if err == nil {
		err = c.Answer(result)
	}
	if err != nil {
		_ = c.Fail(err.Error())
	}
}
