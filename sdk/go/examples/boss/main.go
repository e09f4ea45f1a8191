// A boss whose speed people tune while it walks: boss YOUR_KEY [HOST:PORT]
package main

import (
	"fmt"
	"os"
	"time"

	"observerio"
)

func main() {
	arguments := []string{"YOUR_KEY", "127.0.0.1:6667"}
	copy(arguments, os.Args[1:])
	if err := play(arguments[0], arguments[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(key, address string) error {
	game, err := observerio.New(observerio.Settings{Key: key, Device: "my-laptop", App: "1.0"})
	if err != nil {
		return err
	}
	defer game.Close(2 * time.Second)
	speed, err := game.Float("boss.speed", 2.5, observerio.Range(0.0, 20.0), observerio.Unit("m/s"))
	if err != nil {
		return err
	}
	playing, err := game.Bool("game.playing", true)
	if err != nil {
		return err
	}
	if err := game.Connect(address); err != nil {
		return err
	}

	x := 0.0
	for playing.Get() {
		if game.Frame() > 0 {
			game.Log(observerio.Info, "somebody tuned the boss", nil)
		}
		x += speed.Get() * 0.016
		time.Sleep(16 * time.Millisecond)
	}
	fmt.Printf("the boss walked %.1f m\n", x)
	return nil
}
