package observerio

/*
#include <observerio.h>
#include <stdlib.h>
#include <string.h>

int32_t observerio_ask(void *context, obs_value *wanted, obs_verdict *verdict);
*/
import "C"

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// An Option says more of a variable.
type Option func(*declaration)

type declaration struct {
	label, help, unit, group, source string
	step                             float64
	low, high                        any
	options                          []string
	check                            func(wanted any) Verdict
}

// Label is what people read in place of the name.
func Label(text string) Option { return func(d *declaration) { d.label = text } }

// Help is a sentence for the tooltip.
func Help(text string) Option { return func(d *declaration) { d.help = text } }

// Unit is such as "m/s".
func Unit(text string) Option { return func(d *declaration) { d.unit = text } }

// Group is a path of headings, such as "enemy/boss".
func Group(text string) Option { return func(d *declaration) { d.group = text } }

// Step is that of arrow keys and sliders.
func Step(step float64) Option { return func(d *declaration) { d.step = step } }

// Range is what a number is clamped to: of an Int two int64, of a Float two float64.
func Range[T int64 | float64](low, high T) Option {
	return func(d *declaration) { d.low, d.high = low, high }
}

// Options are what a text is one of.
func Options(options ...string) Option { return func(d *declaration) { d.options = options } }

// Check is asked inside Frame, before a value (a bool, int64, float64 or string) is taken.
func Check(check func(wanted any) Verdict) Option { return func(d *declaration) { d.check = check } }

// A Verdict is what the game says to a value that people want. The zero value takes it.
type Verdict struct {
	decision C.int32_t
	value    any
	reason   string
}

// Clamp takes another value in its place.
func Clamp(value any, reason string) Verdict { return Verdict{C.OBS_DECISION_CLAMP, value, reason} }

// Reject keeps what the game has.
func Reject(reason string) Verdict { return Verdict{C.OBS_DECISION_REJECT, nil, reason} }

// A check is called by the library; what its last verdict points to is kept.
type check struct {
	ask     func(wanted any) Verdict
	isFloat bool
	handle  cgo.Handle
	kept    texts
}

//export observerio_ask
func observerio_ask(context unsafe.Pointer, wanted *C.obs_value, verdict *C.obs_verdict) (decision C.int32_t) {
	check := cgo.Handle(uintptr(context)).Value().(*check)
	explain := func(reason string) {
		for at := 0; at < len(reason) && at < len(verdict.reason)-1; at++ {
			verdict.reason[at] = C.char(reason[at])
		}
	}
	defer func() {
		// whatever a check does, the game goes on
		if fault := recover(); fault != nil {
			explain(fmt.Sprint(fault))
			decision = C.OBS_DECISION_REJECT
		}
	}()
	said := check.ask(goValue(wanted, check.isFloat))
	explain(said.reason)
	if said.decision == C.OBS_DECISION_CLAMP {
		check.kept.free()
		check.kept = nil
		put(&verdict.value, said.value, &check.kept)
	}
	return said.decision
}

func goValue(value *C.obs_value, isFloat bool) any {
	switch {
	case value.kind == C.OBS_KIND_BOOL:
		return bool(value.boolean)
	case value.kind == C.OBS_KIND_INT && isFloat:
		return float64(value.integer)
	case value.kind == C.OBS_KIND_INT:
		return int64(value.integer)
	case value.kind == C.OBS_KIND_DOUBLE:
		return float64(value.number)
	default:
		return C.GoString(value.text)
	}
}

func put(raw *C.obs_value, value any, kept *texts) {
	switch value := value.(type) {
	case bool:
		raw.kind, raw.boolean = C.OBS_KIND_BOOL, C.bool(value)
	case int:
		raw.kind, raw.integer = C.OBS_KIND_INT, C.int64_t(value)
	case int64:
		raw.kind, raw.integer = C.OBS_KIND_INT, C.int64_t(value)
	case float64:
		raw.kind, raw.number = C.OBS_KIND_DOUBLE, C.double(value)
	case string:
		raw.kind, raw.text = C.OBS_KIND_TEXT, kept.must(value)
	default:
		raw.kind, raw.text = C.OBS_KIND_TEXT, kept.must(fmt.Sprint(value))
	}
}

// read makes a spec in C's memory; `kept` frees it.
func (g *Game) read(options []Option, isFloat bool, kept *texts) *C.obs_spec {
	d := declaration{}
	if _, file, line, ok := runtime.Caller(3); ok {
		d.source = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	for _, option := range options {
		option(&d)
	}
	spec := (*C.obs_spec)(C.calloc(1, C.size_t(unsafe.Sizeof(C.obs_spec{}))))
	*kept = append(*kept, unsafe.Pointer(spec))
	spec.label, spec.help, spec.unit = kept.add(d.label), kept.add(d.help), kept.add(d.unit)
	spec.group, spec.source, spec.step = kept.add(d.group), kept.add(d.source), C.double(d.step)
	switch low := d.low.(type) {
	case int64:
		spec.has_range, spec.min_int, spec.max_int = true, C.int64_t(low), C.int64_t(d.high.(int64))
	case float64:
		spec.has_range, spec.min, spec.max = true, C.double(low), C.double(d.high.(float64))
	}
	if count := len(d.options); count > 0 {
		pointers := (*[1 << 20]*C.char)(C.calloc(C.size_t(count), C.size_t(unsafe.Sizeof(uintptr(0)))))
		*kept = append(*kept, unsafe.Pointer(pointers))
		for at, option := range d.options {
			pointers[at] = kept.must(option)
		}
		spec.options, spec.option_count = &pointers[0], C.size_t(count)
	}
	if d.check != nil {
		asked := &check{ask: d.check, isFloat: isFloat}
		asked.handle = cgo.NewHandle(asked)
		g.checks = append(g.checks, asked)
		spec.check = C.obs_check(C.observerio_ask)
		*(*uintptr)(unsafe.Pointer(&spec.context)) = uintptr(asked.handle)
	}
	return spec
}

// declare makes the call with all that it reads in C's memory.
func (g *Game) declare(name string, options []Option, isFloat bool, call func(name *C.char, spec *C.obs_spec, kept *texts) int32) error {
	var kept texts
	defer kept.free()
	spec := g.read(options, isFloat, &kept)
	return do(func() int32 { return call(kept.must(name), spec, &kept) })
}

// A Bool is a variable that people switch on and off.
type Bool struct{ handle *C.obs_var }

// Get gives the value in force.
func (v Bool) Get() bool { return bool(C.obs_get_bool(v.handle)) }

// Set gives it the game's own value, in force until people want another one.
func (v Bool) Set(value bool) error {
	return do(func() int32 { return C.obs_set_bool(v.handle, C.bool(value)) })
}

// Bool declares a variable that people switch on and off.
func (g *Game) Bool(name string, own bool, options ...Option) (v Bool, err error) {
	err = g.declare(name, options, false, func(name *C.char, spec *C.obs_spec, _ *texts) int32 {
		return C.obs_declare_bool(g.handle, name, C.bool(own), spec, &v.handle)
	})
	return v, err
}

// An Int is an integer of 64 bits.
type Int struct{ handle *C.obs_var }

// Get gives the value in force.
func (v Int) Get() int64 { return int64(C.obs_get_int(v.handle)) }

// Set gives it the game's own value, in force until people want another one.
func (v Int) Set(value int64) error {
	return do(func() int32 { return C.obs_set_int(v.handle, C.int64_t(value)) })
}

// Int declares an integer of 64 bits.
func (g *Game) Int(name string, own int64, options ...Option) (v Int, err error) {
	err = g.declare(name, options, false, func(name *C.char, spec *C.obs_spec, _ *texts) int32 {
		return C.obs_declare_int(g.handle, name, C.int64_t(own), spec, &v.handle)
	})
	return v, err
}

// A Float is a float64.
type Float struct{ handle *C.obs_var }

// Get gives the value in force.
func (v Float) Get() float64 { return float64(C.obs_get_double(v.handle)) }

// Set gives it the game's own value, in force until people want another one.
func (v Float) Set(value float64) error {
	return do(func() int32 { return C.obs_set_double(v.handle, C.double(value)) })
}

// Float declares a float64.
func (g *Game) Float(name string, own float64, options ...Option) (v Float, err error) {
	err = g.declare(name, options, true, func(name *C.char, spec *C.obs_spec, _ *texts) int32 {
		return C.obs_declare_double(g.handle, name, C.double(own), spec, &v.handle)
	})
	return v, err
}

// Measure declares something that the game measures: shown, never edited.
func (g *Game) Measure(name string, first float64, options ...Option) (v Float, err error) {
	err = g.declare(name, options, true, func(name *C.char, spec *C.obs_spec, _ *texts) int32 {
		return C.obs_measure_double(g.handle, name, C.double(first), spec, &v.handle)
	})
	return v, err
}

// A Text is a string.
type Text struct{ handle *C.obs_var }

// Get gives the value in force.
func (v Text) Get() string {
	return text(func(buffer *C.char, size C.size_t) C.int64_t { return C.obs_get_text(v.handle, buffer, size) })
}

// Set gives it the game's own value, in force until people want another one.
func (v Text) Set(value string) error {
	var t texts
	defer t.free()
	return do(func() int32 { return C.obs_set_text(v.handle, t.must(value)) })
}

// Text declares a text; with Options, a choice of one of them.
func (g *Game) Text(name, own string, options ...Option) (v Text, err error) {
	err = g.declare(name, options, false, func(name *C.char, spec *C.obs_spec, kept *texts) int32 {
		return C.obs_declare_text(g.handle, name, kept.must(own), spec, &v.handle)
	})
	return v, err
}

// Color declares a colour in one of the ways of CSS, such as "#ff8844".
func (g *Game) Color(name, own string, options ...Option) (v Text, err error) {
	err = g.declare(name, options, false, func(name *C.char, spec *C.obs_spec, kept *texts) int32 {
		return C.obs_declare_color(g.handle, name, kept.must(own), spec, &v.handle)
	})
	return v, err
}
