// Plays the game in the stories of sdk/stories, by the package observerio: one command a line, one answer a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"observerio"
)

// A variable is read and set by words.
type variable struct {
	get func() string
	set func(word string) error
}

var (
	game *observerio.Game
	call *observerio.Call
	vars = map[string]variable{}
)

func whole(word string) int64 {
	value, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func float(word string) float64 {
	value, err := strconv.ParseFloat(word, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func onlyEven(wanted any) observerio.Verdict {
	switch wheels := wanted.(int64); {
	case wheels < 0:
		return observerio.Reject("in a cutscene")
	case wheels%2 != 0:
		return observerio.Clamp(wheels-1, "even numbers only")
	}
	return observerio.Verdict{}
}

func keepInt(name string, v observerio.Int, err error) error {
	get := func() string { return strconv.FormatInt(v.Get(), 10) }
	vars[name] = variable{get, func(word string) error { return v.Set(whole(word)) }}
	return err
}

func keepFloat(name string, v observerio.Float, err error) error {
	get := func() string { return strconv.FormatFloat(v.Get(), 'g', 15, 64) }
	vars[name] = variable{get, func(word string) error { return v.Set(float(word)) }}
	return err
}

func keepText(name string, v observerio.Text, err error) error {
	vars[name] = variable{v.Get, v.Set}
	return err
}

func declare(verb string, w []string) error {
	switch verb {
	case "bool":
		v, err := game.Bool(w[0], w[1] == "true")
		get := func() string { return strconv.FormatBool(v.Get()) }
		vars[w[0]] = variable{get, func(word string) error { return v.Set(word == "true") }}
		return err
	case "int":
		v, err := game.Int(w[0], whole(w[1]), observerio.Range(whole(w[2]), whole(w[3])))
		return keepInt(w[0], v, err)
	case "even":
		v, err := game.Int(w[0], whole(w[1]), observerio.Check(onlyEven))
		return keepInt(w[0], v, err)
	case "double":
		v, err := game.Float(w[0], float(w[1]), observerio.Range(float(w[2]), float(w[3])), observerio.Unit(w[4]),
			observerio.Group("enemy/boss"), observerio.Help("How fast"))
		return keepFloat(w[0], v, err)
	case "measure":
		v, err := game.Measure(w[0], float(w[1]))
		return keepFloat(w[0], v, err)
	case "text":
		v, err := game.Text(w[0], w[1])
		return keepText(w[0], v, err)
	case "choice":
		v, err := game.Text(w[0], w[1], observerio.Options(w[2:]...))
		return keepText(w[0], v, err)
	case "color":
		v, err := game.Color(w[0], w[1])
		return keepText(w[0], v, err)
	}
	return fmt.Errorf("unknown command %s", verb)
}

var levels = map[string]observerio.Level{"trace": observerio.Trace, "debug": observerio.Debug, "info": observerio.Info,
	"warn": observerio.Warn, "error": observerio.Err, "fatal": observerio.Fatal}

// obey gives the answer; empty stands for ok.
func obey(verb string, w []string) (answer string, err error) {
	switch verb {
	case "new":
		who := observerio.Settings{Key: w[0], Device: w[1], Name: "Puppet", App: "1.0"}
		if len(w) > 2 {
			who.ValuesIn, who.OutboxIn = w[2], w[2]
		}
		game, err = observerio.New(who)
	case "connect":
		err = game.Connect(w[0])
	case "action":
		err = game.Action(w[0], nil)
	case "get":
		answer = vars[w[0]].get()
	case "set":
		err = vars[w[0]].set(w[1])
	case "frame":
		game.Frame()
		time.Sleep(time.Millisecond)
	case "log":
		err = game.Log(levels[w[0]], w[1], observerio.Fields{"hp": whole(w[2]), "room": w[3]})
	case "poll":
		answer = poll()
	case "answer":
		err = call.Answer(json.RawMessage(w[0]))
	case "fail":
		err = call.Fail(w[0])
	case "stats":
		answer, err = stats()
	case "flush":
		if err = game.Flush(time.Duration(whole(w[0])) * time.Millisecond); err == observerio.ErrTimeout {
			return "timeout", nil
		}
	case "close":
		err = game.Close(time.Duration(whole(w[0])) * time.Millisecond)
	default:
		err = declare(verb, w)
	}
	return answer, err
}

func poll() string {
	if call = game.Take(); call == nil {
		return "none"
	}
	if call.Args == "" {
		return call.Name + " -"
	}
	return call.Name + " " + call.Args
}

func stats() (string, error) {
	stats, err := game.Stats()
	dropped := uint64(0)
	for _, count := range stats.Dropped {
		dropped += count
	}
	flag := map[bool]int{true: 1}
	return fmt.Sprint(flag[stats.IsConnected], flag[stats.IsOriginal], stats.Stored, dropped), err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Split(lines.Text(), "\t")
		answer, err := obey(words[0], words[1:])
		if err != nil {
			answer = "error " + err.Error()
		}
		if answer == "" {
			answer = "ok"
		}
		fmt.Println(answer)
	}
}
