# The game's side of observerio: variables that people tune while the game runs, and its log.
#
#     var game = preload("res://addons/observerio/observerio.gd").new()
#     var speed = game.variable("boss.speed", 2.5, {"min": 0.0, "max": 20.0, "unit": "m/s"})
#
#     func _ready():
#         add_child(game)
#         game.connect_to_server("127.0.0.1:6667", "0123456789ab")
#
#     func _process(delta):
#         translate(Vector2(speed.value * delta, 0))
#
# In the tree, it does its work in its own _process, in no other thread. The game never waits for the network, except in
# flush and close, which have a deadline.
extends Node

# A frame has applied what people want: so many variables have another value.
signal applied(changed)

const Call = preload("call.gd")
const Json = preload("json.gd")
const Outbox = preload("outbox.gd")
const Platform = preload("platform.gd")
const Session = preload("session.gd")
const Variable = preload("variable.gd")
const Wire = preload("wire.gd")

var _session = Session.new()
var _wire = null
var _host = ""
var _port = 0
# [object, method] by name of action; null for one whose calls the game takes itself.
var _runs = {}
var _calls = []


# Declares a variable, or returns the one of this name. Its type is that of `own`: a bool, an int (64 bits, exact), a float, a
# String, or a Color. The spec may have min, max and step of a number, options of a String, unit, group, label, help, source,
# "type": "color" for a String that is a colour of CSS, and check, [object, method]: the method gets the wanted value, and
# returns null to take it, or clamp_to(value, reason), or reject(reason).
func variable(name, own, spec = {}):
	return _declare(name, own, spec, false)


# Declares something that the game measures, an int or a float: shown, never edited. Set it as often as you like.
func measurement(name, first, spec = {}):
	return _declare(name, first, spec, true)


# What a check returns to take another value, or none.
static func clamp_to(value, reason):
	return {"status": "clamped", "value": value, "reason": reason}


static func reject(reason):
	return {"status": "rejected", "reason": reason}


func _declare(name, own, spec, is_measured):
	var declared = Variable.new()
	var problem = declared.declare(name, own, spec, is_measured)
	if problem == null:
		problem = _problem_of(name)
	if problem != null:
		push_error("observerio: " + problem)
		return declared
	var known = _session.variables.get(name)
	if known != null and known.type == declared.type:
		return known
	_session.variables[name] = declared
	_session.desires.declared(name)
	return declared


# One bad name would have the server refuse a whole report.
static func _problem_of(name):
	var size = Platform.to_bytes(name).size()
	if size < 1 or size > 128 or name.strip_edges() == "":
		return "the name of a variable has 1 to 128 bytes"
	for at in range(name.length()):
		if Platform.code_at(name, at) < 32 or Platform.code_at(name, at) == 127:
			return "the name of a variable has no control characters"
	return null


# Declares a button. `run` is [object, method]: the method gets the arguments, and what it returns is the result. Without it,
# take gives its calls. The spec may have label, help, group and source.
func action(name, run = null, spec = {}):
	var problem = _problem_of(name)
	if problem != null:
		push_error("observerio: " + problem)
		return
	var declaration = {"name": name, "type": "action"}
	for word in ["label", "help", "group", "source"]:
		if word in spec:
			declaration[word] = str(spec[word])
	_session.actions[name] = Json.write(declaration)
	_runs[name] = run


# The oldest call of an action without a method, or null. Answer it.
func take():
	return _calls.pop_front()


# Connects to "host:port" with the project's game key, and reconnects whenever necessary. It returns at once. `who` may have
# device (what stays the same for one installation), name (what people read in its place), app (the game's version), platform.
func connect_to_server(address, key, who = {}):
	var colon = address.rfind(":")
	var port = int(address.substr(colon + 1)) if colon > 0 else 0
	if port < 1 or port > 65535:
		push_error("observerio: an address is host:port, such as 127.0.0.1:6667")
		return
	if key.length() != 12:
		push_error("observerio: a game key has 12 characters")
		return
	_host = address.left(colon)
	_port = port
	_session.key = key
	_session.who = {"platform": Platform.platform()}
	for field in ["device", "name", "app", "platform"]:
		if field in who:
			_session.who[field] = str(who[field])


func _process(_delta):
	frame()


# A boundary between two frames: applies what people want, all of it together, asks checks, and runs actions. In the tree, it
# runs by itself. Returns how many variables have another value.
func frame():
	for name in _session.variables:
		_session.variables[name].notice()
	_talk()
	var edits = _session.desires.take(_session.variables)
	var changed = 0 if edits == null else _apply(edits)
	_run_calls()
	if edits != null:
		_talk()
	if changed > 0:
		emit_signal("applied", changed)
	return changed


func _apply(edits):
	var outcomes = {}
	for name in edits.released:
		_session.variables[name].release()
	for name in edits.set:
		var outcome = _session.variables[name].apply(edits.set[name])
		if outcome != null:
			outcomes[name] = outcome
	_session.applied(edits, outcomes)
	var changed = edits.names.size()
	for name in outcomes:
		if outcomes[name].status == "rejected":
			changed -= 1
	return changed


func _run_calls():
	var calls = _session.calls
	_session.calls = []
	for waiting in calls:
		var call = Call.new(waiting[0], waiting[1], waiting[2], _session.answers)
		var run = _runs[call.name]
		if run == null:
			if _calls.size() == Session.MAX_CALLS:
				_calls.pop_front()
			_calls.append(call)
		else:
			call.answer(run[0].call(run[1], call.args))


# Carries lines between the session and the socket.
func _talk():
	var now = Platform.now()
	if _wire == null:
		if _host == "" or now < _session.connects_at():
			return
		_wire = Wire.new()
		if not _wire.open(_host, _port):
			return _hang_up(now)
	match _wire.state():
		"closed":
			_hang_up(now)
		"connected":
			if _session.connects_at() >= 0:
				_session.connected(now)
			if not _exchange(now):
				_hang_up(now)


# Whether the connection is still of use.
func _exchange(now):
	var heard = _wire.receive()
	if heard == null:
		return false
	for line in heard:
		_session.hear(line.strip_edges(), now)
	var said = _session.lines(now) if _wire.has_room() else []
	return said != null and _wire.send(said)


func _hang_up(now):
	_wire.close()
	_wire = null
	_session.disconnected(now)


# Logs at a level (trace, debug, info, warn, error, fatal) with further fields. What finds no room is dropped and counted,
# debug before errors. It never waits.
func note(level, message, fields = {}):
	var rank = Outbox.LEVELS.find(level)
	if rank < 0:
		push_error("observerio: the levels are " + str(Outbox.LEVELS))
		return
	var entry = {"message": message, "level": level, "timestamp": Platform.time()}
	for field in fields:
		entry[field + "_" if field in entry else field] = fields[field]
	_session.outbox.push(rank, Json.write(entry))


# How it goes: is_connected, is_original, stored, dropped by level, refused, waiting_bytes, revision.
func stats():
	var outbox = _session.outbox
	return {
		"is_connected": _session.is_verified(),
		"is_original": _session.is_original(),
		"stored": outbox.stored,
		"dropped": outbox.dropped.duplicate(),
		"refused": _session.refused,
		"waiting_bytes": outbox.bytes(),
		"revision": _session.revision(),
	}


# What the server last refused, as "code sentence"; empty if nothing.
func server_error():
	return _session.server_error


# Waits until everything that was logged is stored, at most so many seconds; whether it is. For the end of a level.
func flush(seconds = 2.0):
	var by = Platform.now() + seconds * 1000
	while not (_session.outbox.is_empty() and (_wire == null or _wire.is_sent())):
		if Platform.now() >= by:
			return false
		_talk()
		Platform.wait_a_millisecond()
	return true


# Disconnects; what was logged has so many seconds to be stored. The variables keep their values.
func close(seconds = 2.0):
	if _host == "":
		return
	flush(seconds)
	_host = ""
	if _wire != null:
		_hang_up(Platform.now())
