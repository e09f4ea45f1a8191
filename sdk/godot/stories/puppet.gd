# Plays the game in the stories of sdk/stories, with the addon: one command a line, one answer a line, over a TCP connection to
# the port that --port names, because a script of Godot 3 can't read from standard input.
extends SceneTree

const Json = preload("res://addons/observerio/json.gd")
const Numbers = preload("res://addons/observerio/numbers.gd")
const Observerio = preload("res://addons/observerio/observerio.gd")

var game = Observerio.new()
var who = []
var vars = {}
var button = null


func _init():
	var stage = StreamPeerTCP.new()
	stage.connect_to_host("127.0.0.1", int(OS.get_cmdline_args()[-1].replace("--port=", "")))
	var heard = ""
	while stage.get_status() in [StreamPeerTCP.STATUS_CONNECTING, StreamPeerTCP.STATUS_CONNECTED]:
		var count = stage.get_available_bytes()
		if count <= 0:
			OS.delay_usec(100)
			continue
		# whoever asks waits for the answer: one line at a time
		heard += stage.get_partial_data(count)[1].get_string_from_utf8()
		if heard.ends_with("\n"):
			var answer = obey(heard.strip_edges().split("\t"))
			heard = ""
			stage.put_data((str(answer) + "\n").to_utf8())
	game.free()
	quit()


func obey(word):
	match word[0]:
		"new":
			who = [word[1], word[2]]
		"connect":
			game.connect_to_server(word[1], who[0], {"device": who[1], "name": "Puppet", "app": "1.0"})
		"get":
			return say(vars[word[1]].value)
		"set":
			vars[word[1]].value = read(vars[word[1]].value, word[2])
		"frame":
			game.frame()
			OS.delay_msec(1)
		"log":
			game.note(word[1], word[2], {"hp": Numbers.read_int(word[3]), "room": word[4]})
		"action":
			game.action(word[1])
		"poll":
			button = game.take()
			if button == null:
				return "none"
			return button.name + " " + ("-" if button.args == null else Json.write(button.args))
		"answer":
			button.answer(Json.new().read(word[1])["value"])
		"fail":
			button.fail(word[1])
		"stats":
			return stats()
		"flush":
			return "ok" if game.flush(int(word[1]) / 1000.0) else "timeout"
		"close":
			game.close(int(word[1]) / 1000.0)
		_:
			vars[word[1]] = declare(word)
	return "ok"


func declare(word):
	var name = word[1]
	var own = word[2]
	match word[0]:
		"bool":
			return game.variable(name, own == "true")
		"int":
			var spec = {"min": Numbers.read_int(word[3]), "max": Numbers.read_int(word[4])}
			return game.variable(name, Numbers.read_int(own), spec)
		"even":
			return game.variable(name, Numbers.read_int(own), {"check": [self, "only_even"]})
		"double":
			var spec = {"min": number(word[3]), "max": number(word[4]), "unit": word[5]}
			spec["group"] = "enemy/boss"
			spec["help"] = "How fast"
			return game.variable(name, number(own), spec)
		"measure":
			return game.measurement(name, number(own))
		"text":
			return game.variable(name, own)
		"choice":
			return game.variable(name, own, {"options": Array(word).slice(3, word.size() - 1)})
		"color":
			return game.variable(name, own, {"type": "color"})


func only_even(wanted):
	if wanted < 0:
		return Observerio.reject("in a cutscene")
	if wanted % 2 != 0:
		return Observerio.clamp_to(wanted - 1, "even numbers only")
	return null


func number(word):
	return 1.0 * Numbers.read(word)


func read(old, word):
	match typeof(old):
		TYPE_BOOL:
			return word == "true"
		TYPE_INT:
			return Numbers.read_int(word)
		TYPE_REAL:
			return number(word)
	return word


func say(value):
	return str(value).to_lower() if typeof(value) == TYPE_BOOL else str(value)


func stats():
	var stats = game.stats()
	var dropped = 0
	for count in stats.dropped:
		dropped += count
	return "%d %d %d %d" % [int(stats.is_connected), int(stats.is_original), stats.stored, dropped]
