// Package observerio is the game's side of observerio: variables that people tune while the game runs, and its log.
//
//	game, err := observerio.New(observerio.Settings{Key: "0123456789ab"})
//	speed, err := game.Float("boss.speed", 2.5, observerio.Range(0.0, 20.0), observerio.Unit("m/s"))
//	err = game.Connect("127.0.0.1:6667")
//	for playing {
//		game.Frame() // what people want is applied here, all of it together
//		x += speed.Get() * dt
//	}
//
// The game never waits for the network, but in Flush and Close, which have a deadline. Frame belongs to one goroutine at a
// time; everything else may be used from any.
package observerio

/*
#cgo CFLAGS: -I${SRCDIR}/../c/include
#cgo LDFLAGS: -L${SRCDIR}/../../target/sdk -lobserverio -Wl,-rpath,${SRCDIR}/../../target/sdk
#include <observerio.h>
#include <stdlib.h>

static obs_status new_game(const char *key, const char *device, const char *name, const char *app, const char *platform,
                           size_t outbox_bytes, const char *values_in, const char *outbox_in, obs_game **game) {
    obs_settings settings = {key, device, name, app, platform, outbox_bytes, 0, values_in, outbox_in};
    return obs_game_new(&settings, game);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

// An Error is a call that did nothing, and why.
type Error struct {
	// Status is the number that obs_status has for it.
	Status int
	text   string
}

func (e *Error) Error() string { return e.text }

// ErrTimeout: the time was over first.
var ErrTimeout = errors.New("observerio: not everything was stored in time")

// do makes a call, and reads why it failed in the same thread.
func do(call func() int32) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	switch status := call(); status {
	case C.OBS_STATUS_OK:
		return nil
	case C.OBS_STATUS_TIMEOUT:
		return ErrTimeout
	default:
		return &Error{int(status), "observerio: " + C.GoString(C.obs_last_error())}
	}
}

// texts are strings of C that live until they are freed.
type texts []unsafe.Pointer

func (t *texts) add(text string) *C.char {
	if text == "" {
		return nil
	}
	return t.must(text)
}

// must gives an empty text, too.
func (t *texts) must(text string) *C.char {
	in := C.CString(text)
	*t = append(*t, unsafe.Pointer(in))
	return in
}

func (t *texts) free() {
	for _, text := range *t {
		C.free(text)
	}
}

// Settings say who the game is. Only the key is needed.
type Settings struct {
	// Key is the project's game key.
	Key string
	// Device is what stays the same for one installation of the game.
	Device string
	// Name is what people read in place of the device.
	Name string
	// App is the game's own version.
	App string
	// Platform is such as "android 15".
	Platform string
	// OutboxBytes is how much log may wait to be stored; 0: 1 MiB.
	OutboxBytes int
	// ValuesIn is a folder that keeps the values people set: a start without a server begins with them. Empty: not kept.
	ValuesIn string
	// OutboxIn is a folder that keeps what is not stored yet: what a killed game had logged is sent by its next start, and
	// stored once. Empty: in memory only.
	OutboxIn string
}

// A Game can declare, read and log before it is connected, and without a server.
type Game struct {
	handle     *C.obs_game
	connection *C.obs_connection
	runs       map[string]func(args string) (any, error)
	calls      []*Call
	checks     []*check
}

// New makes a game. Free it with Close.
func New(who Settings) (*Game, error) {
	if !C.obs_is_compatible(C.OBS_VERSION) {
		return nil, fmt.Errorf("observerio: libobserverio has version %#x, not one that serves %#x", uint32(C.obs_version()), uint32(C.OBS_VERSION))
	}
	var t texts
	defer t.free()
	game := &Game{runs: map[string]func(string) (any, error){}}
	err := do(func() int32 {
		return int32(C.new_game(t.must(who.Key), t.add(who.Device), t.add(who.Name), t.add(who.App), t.add(who.Platform),
			C.size_t(who.OutboxBytes), t.add(who.ValuesIn), t.add(who.OutboxIn), &game.handle))
	})
	if err != nil {
		return nil, err
	}
	return game, nil
}

// Connect connects to "host:port", and connects again whenever it must. Once for each game; it returns at once.
func (g *Game) Connect(address string) error {
	var t texts
	defer t.free()
	return do(func() int32 { return C.obs_connect(g.handle, t.must(address), &g.connection) })
}

// Flush waits until everything that was logged is stored; ErrTimeout if it is not within this time.
func (g *Game) Flush(within time.Duration) error {
	return do(func() int32 { return C.obs_flush(g.connection, milliseconds(within)) })
}

// Close disconnects and frees the game; what was logged has this time to be stored. Nothing of it may be used afterwards.
func (g *Game) Close(within time.Duration) error {
	err := do(func() int32 { return C.obs_close(g.connection, milliseconds(within)) })
	C.obs_game_free(g.handle)
	for _, check := range g.checks {
		check.handle.Delete()
		check.kept.free()
	}
	g.handle, g.connection, g.checks = nil, nil, nil
	return err
}

// Stats say how it goes.
type Stats struct {
	IsConnected, IsOriginal bool
	// Stored counts log entries that the server has, Dropped those that found no room, by level.
	Stored  uint64
	Dropped [6]uint64
	// Refused counts what the server refused for good, WaitingBytes what waits to be stored.
	Refused, WaitingBytes uint64
	// Revision is the newest that the game has applied.
	Revision int64
	// DiskErrors counts files that could not be read or written.
	DiskErrors uint64
}

// Stats says how it goes.
func (g *Game) Stats() (Stats, error) {
	var raw C.obs_stats
	err := do(func() int32 { return C.obs_get_stats(g.handle, &raw) })
	stats := Stats{IsConnected: bool(raw.is_connected), IsOriginal: bool(raw.is_original), Stored: uint64(raw.stored),
		Refused: uint64(raw.refused), WaitingBytes: uint64(raw.waiting_bytes), Revision: int64(raw.revision), DiskErrors: uint64(raw.disk_errors)}
	for level, count := range raw.dropped {
		stats.Dropped[level] = uint64(count)
	}
	return stats, err
}

// ServerError is what the server last refused; empty if nothing.
func (g *Game) ServerError() string {
	return text(func(buffer *C.char, size C.size_t) C.int64_t { return C.obs_server_error(g.handle, buffer, size) })
}

// DiskError is the last file that could not be read or written, and why; empty if there was none.
func (g *Game) DiskError() string {
	return text(func(buffer *C.char, size C.size_t) C.int64_t { return C.obs_disk_error(g.handle, buffer, size) })
}

// text asks for a text's length first; one that has grown by then is asked for again.
func text(ask func(*C.char, C.size_t) C.int64_t) string {
	buffer := make([]byte, 256)
	for {
		length := int(ask((*C.char)(unsafe.Pointer(&buffer[0])), C.size_t(len(buffer))))
		if length < 0 {
			return ""
		}
		if length < len(buffer) {
			return string(buffer[:length])
		}
		buffer = make([]byte, length+1)
	}
}

func milliseconds(time time.Duration) C.uint32_t {
	if count := time.Milliseconds(); count > 0 && count < 1<<32 {
		return C.uint32_t(count)
	}
	return 0
}
