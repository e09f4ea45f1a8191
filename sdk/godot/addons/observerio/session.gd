# The conversation with a server, without a socket: lines and times go in, lines come out. Times are milliseconds since the
# game started. Whatever a server says, what is kept is bounded.
const Json = preload("json.gd")
const Numbers = preload("numbers.gd")
const Outbox = preload("outbox.gd")
const Platform = preload("platform.gd")
const Desires = preload("desires.gd")
const Backoff = preload("backoff.gd")

const CAPS = ["ack", "rev", "ping", "drain", "json"]
const GREETING_TIME = 10000
const PING_TIME = 10000
const LOG_TIME = 20
const MAX_WAIT = 60000
const MAX_WINDOW = 256
const MAX_CALLS = 64
const MAX_URGENT = 256
# The next attempt would end as this one did.
const HOPELESS = ["revoked", "bad_key", "taken_over", "tls_required", "quota", "rate"]

enum { DOWN, GREETING, VERIFIED }

var key = ""
# device, name, app and platform of `h:`.
var who = {}
var report_time = 100
var measure_time = 16

var outbox = Outbox.new()
var desires = Desires.new()
# [id, name, arguments] of calls that wait for the game.
var calls = []
# [id, JSON] of what became of them.
var answers = []
# Lines, or entries of them, that the server refused for good.
var refused = 0
# What the server last refused, as "code sentence".
var server_error = ""

# By name. The game adds them.
var variables = {}
# Names of actions, as keys.
var actions = {}
# Actions that are declared on this connection, as keys.
var _declared_actions = {}

var _backoff = Backoff.new()
var _session = Platform.random_id()
var _link = DOWN
var _since = 0
var _urgent = []
# What the server granted, null for the original grammar.
var _caps = null
var _window = MAX_WINDOW
var _ping_time = 20000
var _has_count = false
var _paused_until = 0
var _log_at = 0
var _report_at = 0
var _measure_at = 0
var _heard_at = 0
var _pinged_at = -1
var _drain = -1
# The newest revision that is applied, and its history; -1 and "" for none.
var _revision = -1
var _epoch = ""
# Outcomes by name that are to be said, null if nothing was applied.
var _receipt = null
# What was not just taken, of the values in force: said again on each connection.
var _objections = {}
var _owes_objections = false


# Milliseconds at which to connect; -1 while there is a connection.
func connects_at():
	return _since if _link == DOWN else -1


func is_verified():
	return _link == VERIFIED


func is_original():
	return _link == VERIFIED and _caps == null


func revision():
	return int(max(_revision, 0))


# There is a connection.
func connected(now):
	_link = GREETING
	_since = now
	_caps = null
	_heard_at = now
	_pinged_at = -1
	_drain = -1
	_paused_until = 0
	_receipt = null
	_owes_objections = false
	var hello = {"proto": 2, "session": _session, "sdk": "godot/0.1.0", "caps": CAPS}
	for field in who:
		hello[field] = who[field]
	if _revision >= 0:
		hello["epoch"] = _epoch
		hello["rev"] = _revision
	_urgent = ["h:" + Json.write(hello), "v:" + key]


# The connection is over, or none could be made.
func disconnected(now):
	_since = now + (_backoff.part_of(_drain) if _drain >= 0 else _backoff.next())
	_link = DOWN
	_drain = -1
	_urgent = []
	outbox.disconnected()
	_declared_actions = {}
	for name in variables:
		variables[name].is_declared = false
		variables[name].is_said = false
	_report_at = 0
	_measure_at = 0
	# whoever called hears that nobody answers
	calls = []
	answers.clear()
	_receipt = null


# The game has applied that; `outcomes` are of what it did not just take.
func applied(edits, outcomes):
	for name in edits.names:
		_objections.erase(name)
	for name in outcomes:
		_objections[name] = outcomes[name]
	if edits.revision < 0:
		return
	_revision = edits.revision
	_epoch = edits.epoch
	if _receipt == null:
		_receipt = {}
	for name in edits.names:
		_receipt.erase(name)
	for name in outcomes:
		_receipt[name] = outcomes[name]


# The server said a line.
func hear(line, now):
	_heard_at = now
	_pinged_at = -1
	if line == "OK":
		return _hear_ok()
	if line.begins_with("ERR "):
		var words = line.split(" ", true, 2)
		if words[1] == "line_too_long":
			outbox.drop_longest()
		return _note_error(line.substr(4))
	match line.left(2):
		"h:":
			_hear_hello(line.substr(2))
		"p:":
			if _urgent.size() < MAX_URGENT:
				_urgent.append("q:" + line.substr(2))
		"d:":
			var wait = Numbers.read_int(line.substr(2))
			_drain = int(clamp(0 if wait == null else wait, 0, MAX_WAIT))
		"a:", "n:", "v:", "s:", "x:":
			if line.substr(2).begins_with(key):
				_hear_keyed(line.left(1), line.substr(2 + key.length()), now)


# `rest` is what follows the key, with the colon.
func _hear_keyed(verb, rest, now):
	var words = rest.split(":", true, 2)
	if words.size() < 2:
		return
	if verb == "v" and words.size() == 2:
		return _hear_edits(_decode(words[1]))
	var payload = _decode(words[2]) if words.size() == 3 and verb in "vx" else null
	if verb == "x":
		return _hear_call(words[1], payload)
	var number = Numbers.read_int(words[1])
	if number == null or number < 0:
		return
	match verb:
		"a":
			outbox.acknowledged(number, not _has_count)
			_has_count = true
		"n":
			_hear_refusal(number, words[2] if words.size() == 3 else "", now)
		"v":
			_hear_changes(number, payload)
		"s":
			_object_again()


# Bare JSON, or base64 of it; null if it is neither.
func _decode(payload):
	var is_bare = payload.begins_with("{") or payload.begins_with("[")
	return Json.new().read(payload if is_bare else Platform.from_base64(payload)).get("value")


func _hear_hello(payload):
	var hello = _decode(payload)
	if _link != GREETING or typeof(hello) != TYPE_DICTIONARY:
		return
	_caps = {}
	for cap in _array(hello.get("caps")):
		_caps[cap] = true
	var limits = hello.get("limits")
	var window = limits.get("inflight") if typeof(limits) == TYPE_DICTIONARY else null
	_window = int(clamp(window, 1, MAX_WINDOW)) if typeof(window) == TYPE_INT else MAX_WINDOW
	var ping = hello.get("ping")
	_ping_time = int(clamp(ping, PING_TIME, MAX_WAIT)) if typeof(ping) == TYPE_INT else 20000


# Verified. A server that has not said `h:` before is one of the original grammar.
func _hear_ok():
	if _link == GREETING:
		_link = VERIFIED
		_has_count = not _has("ack")
		_owes_objections = true
		_backoff.succeeded()


func _has(cap):
	return _caps != null and cap in _caps


func _hear_refusal(number, said, now):
	var words = said.split(":")
	var wait = Numbers.read_int(words[1]) if words.size() == 2 else null
	if wait == null:
		refused += 1
		return _note_error(said)
	server_error = words[0]
	outbox.not_taken(number)
	_paused_until = int(max(_paused_until, now + clamp(wait, 0, MAX_WAIT)))


func _note_error(said):
	server_error = said
	if said.split(" ")[0] in HOPELESS:
		_backoff.despair()


func _hear_edits(edits):
	for edit in [edits] if typeof(edits) == TYPE_DICTIONARY else _array(edits):
		_desire(edit)


func _hear_changes(number, changes):
	if typeof(changes) != TYPE_DICTIONARY:
		return
	var is_full = typeof(changes.get("full")) == TYPE_BOOL and changes["full"]
	var edits = _array(changes.get("vars"))
	# of all values the game says anew what became of them
	_owes_objections = _owes_objections and not is_full
	_object_again()
	var let_go = _array(changes.get("removed"))
	if is_full:
		let_go = desires.all_but(edits)
	for name in let_go:
		desires.let_go(name)
	for edit in edits:
		_desire(edit)
	desires.reached(number, str(changes.get("epoch", "")))


func _desire(edit):
	if typeof(edit) == TYPE_DICTIONARY and typeof(edit.get("name")) == TYPE_STRING and "value" in edit:
		desires.desire(edit["name"], edit["value"])


static func _array(value):
	return value if typeof(value) == TYPE_ARRAY else []


# The server is where the game is: it may not have heard what the game did not just take.
func _object_again():
	if _owes_objections and _objections.size() > 0 and _revision >= 0:
		_receipt = _objections.duplicate()
	_owes_objections = false


func _hear_call(id, payload):
	if typeof(payload) != TYPE_DICTIONARY or typeof(payload.get("name")) != TYPE_STRING:
		return _refuse(id, "the game can't read this")
	if not payload["name"] in actions:
		return _refuse(id, "the game has no such action")
	if calls.size() >= MAX_CALLS:
		return _refuse(id, "the game has too many actions to run")
	calls.append([id, payload["name"], payload.get("args")])


func _refuse(id, reason):
	if answers.size() < MAX_CALLS:
		answers.append([id, Json.write({"error": reason})])


# What is to be said now; null if the server is silent, and the connection of no more use.
func lines(now):
	if not _is_alive(now):
		return null
	var out = _urgent
	_urgent = []
	if _link != VERIFIED:
		return out
	if _has("rev"):
		_write_receipts(out)
	if not _has_count or _drain >= 0 or now < _paused_until:
		return out
	while outbox.has_room(_window):
		var report = _report(now)
		if report == "":
			break
		outbox.keep_report(report)
	if now >= _log_at and outbox.is_waiting():
		_log_at = now + LOG_TIME
		outbox.gather(_window)
	# the original server reads nothing but base64
	return out + outbox.lines(key, _has("ack"), _caps == null)


func _is_alive(now):
	if _link == GREETING:
		return now - _since <= GREETING_TIME
	if _link != VERIFIED or _caps == null:
		return true
	var silence = now - _heard_at
	if silence > _ping_time + 2 * PING_TIME:
		return false
	if silence >= _ping_time and (_pinged_at < 0 or now >= _pinged_at + PING_TIME):
		_pinged_at = now
		_urgent.append("p:1")
	return true


func _write_receipts(out):
	if _receipt != null:
		var payload = ":" + Json.write(_receipt.values()) if _receipt.size() > 0 else ""
		out.append("r:" + key + ":" + str(_revision) + payload)
		_receipt = null
	for answer in answers:
		out.append("r:" + key + ":" + answer[0] + ":" + answer[1])
	answers.clear()


# At most one line of what is to be said of variables now; "" for nothing. Declarations at once, values at their pace.
func _report(now):
	var is_due = now >= _report_at
	var is_measure_due = now >= _measure_at
	var reports = []
	var size = 0
	for name in actions:
		if not name in _declared_actions:
			_declared_actions[name] = true
			reports.append(actions[name])
			size += actions[name].length()
	for name in variables:
		var variable = variables[name]
		if variable.is_said or not (is_measure_due if variable.is_measured else is_due):
			continue
		var report = variable.report()
		reports.append(report)
		size += report.length()
		if size > 32768 or reports.size() >= 1000:
			return "[" + Platform.join(reports) + "]"
	if is_due:
		_report_at = now + report_time
	if is_measure_due:
		_measure_at = now + measure_time
	return "[" + Platform.join(reports) + "]" if reports.size() > 0 else ""
