// The boss with the calls of the first observerio: original YOUR_KEY [HOST:PORT]
package main

import (
	"fmt"
	"os"
	"time"

	"observerio"
)

var (
	speed   = 2.5
	playing = true
)

func main() {
	arguments := append(os.Args[1:], "127.0.0.1:6667")
	if err := observerio.InitWithHost(arguments[1], arguments[0]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	observerio.Var("boss.speed", &speed)
	observerio.Var("game.playing", &playing)

	x, last := 0.0, speed
	for playing {
		observerio.Update()
		if speed != last {
			observerio.Log("somebody tuned the boss", observerio.Fields{"speed": speed})
			last = speed
		}
		x += speed * 0.016
		time.Sleep(16 * time.Millisecond)
	}
	fmt.Printf("the boss walked %.1f m\n", x)
	observerio.Shutdown(2 * time.Second)
}
