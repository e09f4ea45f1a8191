# A boss whose speed people tune while it walks: godot3 --path sdk/godot --key=YOUR_KEY [--address=HOST:PORT]
extends Node2D

const Observerio = preload("res://addons/observerio/observerio.gd")

var game = Observerio.new()
var speed = game.variable("boss.speed", 2.5, {"min": 0.0, "max": 20.0, "unit": "m/s"})
var playing = game.variable("game.playing", true)


func _ready():
	add_child(game)
	game.connect("applied", self, "_on_applied")
	var address = argument("address", "127.0.0.1:6667")
	game.connect_to_server(address, argument("key", ""), {"device": "my-laptop", "app": "1.0"})


func _process(delta):
	position.x += speed.value * delta
	if not playing.value:
		game.close()
		print("the boss walked %.1f m" % position.x)
		get_tree().quit()


func _on_applied(_changed):
	game.note("info", "somebody tuned the boss")


func argument(name, otherwise):
	for said in OS.get_cmdline_args():
		if said.begins_with("--%s=" % name):
			return said.substr(name.length() + 3)
	return otherwise
