# How long to wait before the next attempt to connect: it doubles with every failure. Each wait is a random part of it, at least
# half, so that games that lost their server in the same moment don't come back in the same moment.
const FIRST = 250
const LONGEST = 30000

var _next = FIRST
var _random = RandomNumberGenerator.new()


func _init():
	_random.randomize()


# A connection held: the next failure is the first one again.
func succeeded():
	_next = FIRST


# The same again would fail again: the next attempts come as rarely as they may.
func despair():
	_next = LONGEST


func next():
	var most = _next
	_next = int(min(2 * most, LONGEST))
	return most / 2 + part_of(most / 2)


# A random part of a time.
func part_of(whole):
	return _random.randi_range(0, whole)
