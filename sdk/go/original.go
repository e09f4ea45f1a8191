package observerio

import (
	"fmt"
	"time"
)

// The calls of the first observerio's library: one game for the whole program, and variables by pointers.

var first struct {
	game *Game
	// What the game has written goes to the variables before a frame, what people want to the pointers after it.
	before, after []func()
}

// InitWithHost makes the program's game and connects it to "host:port".
func InitWithHost(host, key string) error {
	if first.game != nil {
		return fmt.Errorf("observerio: InitWithHost was called before")
	}
	game, err := New(Settings{Key: key})
	if err != nil {
		return err
	}
	if err := game.Connect(host); err != nil {
		_ = game.Close(0)
		return err
	}
	first.game = game
	return nil
}

// Var declares what a pointer to a bool, int, int64, float64 or string points to. Update writes what people want there, and
// reports what the game has written.
func Var(name string, pointer any, options ...Option) error {
	game := first.game
	if game == nil {
		return fmt.Errorf("observerio: InitWithHost comes before Var")
	}
	switch at := pointer.(type) {
	case *bool:
		v, err := game.Bool(name, *at, options...)
		return followed(at, v.Get, v.Set, err)
	case *int:
		v, err := game.Int(name, int64(*at), options...)
		return followed(at, func() int { return int(v.Get()) }, func(value int) error { return v.Set(int64(value)) }, err)
	case *int64:
		v, err := game.Int(name, *at, options...)
		return followed(at, v.Get, v.Set, err)
	case *float64:
		v, err := game.Float(name, *at, options...)
		return followed(at, v.Get, v.Set, err)
	case *string:
		v, err := game.Text(name, *at, options...)
		return followed(at, v.Get, v.Set, err)
	}
	return fmt.Errorf("observerio: Var takes a pointer to a bool, int, int64, float64 or string, not %T", pointer)
}

// followed notes how a variable and what a pointer points to become the same.
func followed[T comparable](at *T, get func() T, set func(T) error, err error) error {
	if err != nil {
		return err
	}
	last := *at
	first.before = append(first.before, func() {
		if *at != last {
			_ = set(*at)
		}
	})
	first.after = append(first.after, func() {
		last = get()
		*at = last
	})
	return nil
}

// Update is a boundary between two frames, in the goroutine that uses the variables.
func Update() {
	if first.game == nil {
		return
	}
	for _, report := range first.before {
		report()
	}
	first.game.Frame()
	for _, follow := range first.after {
		follow()
	}
}

// Log logs, at the level info.
func Log(message string, fields Fields) error {
	if first.game == nil {
		return fmt.Errorf("observerio: InitWithHost comes before Log")
	}
	return first.game.Log(Info, message, fields)
}

// Shutdown disconnects; what was logged has this time to be stored.
func Shutdown(within time.Duration) error {
	if first.game == nil {
		return nil
	}
	err := first.game.Close(within)
	first.game, first.before, first.after = nil, nil, nil
	return err
}
