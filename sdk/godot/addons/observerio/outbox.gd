# What is to be stored: log entries that wait, and numbered lines that are not acknowledged. Bounded: what does not fit is
# dropped, the least important first, and counted.
const Platform = preload("platform.gd")
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"]
# Entries of one line, and about so many bytes.
const LINE_ENTRIES = 500
const LINE_BYTES = 32 * 1024
# What an entry takes beside its text.
const ENTRY_BYTES = 96
# The payload of a line that says nothing.
const NOTHING = "[]"
# What is put together before it is handed to the socket, about.
const MAX_UNWRITTEN = 64 * 1024

var max_bytes = 1024 * 1024
# Log entries that the server has stored.
var stored = 0
# Log entries that were dropped, by level.
var dropped = [0, 0, 0, 0, 0, 0]

# By level, [place in the order of all, JSON, bytes].
var _waiting = [[], [], [], [], [], []]
var _pushed = 0
var _waiting_bytes = 0
# Dictionaries with is_report, payload and entries.
var _kept = []
var _kept_bytes = 0
# The number of the first kept line, or of the next one.
var _first = 1
# How many of the kept lines are on their way on this connection.
var _sent = 0
# Those of `dropped` that the log does not mention yet.
var _untold = 0


func bytes():
	return _waiting_bytes + _kept_bytes


func is_waiting():
	return _waiting_bytes > 0


# Whether everything is acknowledged.
func is_empty():
	return _kept.size() == 0 and not is_waiting()


func has_room(window):
	return _kept.size() < window


# Takes an entry, if need be in place of older ones that are no more important.
func push(level, json):
	var size = ENTRY_BYTES + json.length()
	while bytes() + size > max_bytes or size > max_bytes / 2:
		if size > max_bytes / 2 or not _drop_lowest(level):
			_count_dropped(level, 1)
			return
	_pushed += 1
	_waiting[level].append([_pushed, json, size])
	_waiting_bytes += size


func _drop_lowest(level):
	for lowest in range(level + 1):
		if _waiting[lowest].size() > 0:
			_waiting_bytes -= _waiting[lowest].pop_front()[2]
			_count_dropped(lowest, 1)
			return true
	return false


func _count_dropped(level, count):
	dropped[level] += count
	_untold += count


# Numbers what waits, as long as no more than `window` lines are unacknowledged.
func gather(window):
	while is_waiting() and has_room(window):
		var entries = []
		if _untold > 0:
			entries.append(_tell_dropped())
		var size = 0
		while is_waiting() and entries.size() < LINE_ENTRIES and size < LINE_BYTES:
			var entry = _pop_oldest()
			size += entry[2]
			entries.append(entry[1])
		_keep({"is_report": false, "payload": "[" + Platform.join(entries) + "]", "entries": entries.size()})


func _tell_dropped():
	var noun = "log entry was" if _untold == 1 else "log entries were"
	var text = "{\"message\":\"%d %s dropped: the outbox was full\",\"level\":\"warn\"}" % [_untold, noun]
	_untold = 0
	return text


func _pop_oldest():
	var oldest = null
	for queue in _waiting:
		if queue.size() > 0 and (oldest == null or queue[0][0] < oldest[0][0]):
			oldest = queue
	var entry = oldest.pop_front()
	_waiting_bytes -= entry[2]
	return entry


func keep_report(payload):
	_keep({"is_report": true, "payload": payload, "entries": 0})


func _keep(line):
	_kept_bytes += line.payload.length()
	_kept.append(line)


# The lines to be sent now, with numbers, and kept; or without, and forgotten.
func lines(key, is_numbered, is_base64):
	var out = []
	var size = 0
	while _sent < _kept.size() and size < MAX_UNWRITTEN:
		var line = _kept[_sent]
		var number = str(_first + _sent) + ":" if is_numbered else ""
		var verb = "i:" if line.is_report else "l:"
		var text = verb + key + ":" + number + (Platform.to_base64(line.payload) if is_base64 else line.payload)
		out.append(text)
		size += text.length()
		_sent += 1
		if not is_numbered:
			_settle(1)
	return out


# Everything up to `number` is stored. The first word of a connection says where the server's count is, which may be another
# one: a backup was restored.
func acknowledged(number, is_first):
	var settled = int(clamp(number + 1 - _first, 0, _kept.size()))
	for i in range(settled):
		stored += _kept[i].entries
	_settle(settled)
	if is_first:
		_first = number + 1


func _settle(count):
	for _i in range(count):
		_kept_bytes -= _kept.pop_front().payload.length()
	_first += count
	_sent = int(max(0, _sent - count))


# Everything from `number` on is to be sent again.
func not_taken(number):
	_sent = int(clamp(number - _first, 0, _sent))


# A line was too long for the server, which does not say which one: the longest goes, or it would never go on.
func drop_longest():
	var longest = -1
	for place in range(_sent):
		if longest < 0 or _kept[place].payload.length() > _kept[longest].payload.length():
			longest = place
	if longest >= 0:
		_count_dropped(2, _kept[longest].entries)
		_blank(longest)


func _blank(place):
	_kept_bytes += NOTHING.length() - _kept[place].payload.length()
	_kept[place] = {"is_report": false, "payload": NOTHING, "entries": 0}


# Nothing is on its way any more. The values of that time are said by newer lines.
func disconnected():
	_sent = 0
	for place in range(_kept.size()):
		if _kept[place].is_report:
			_blank(place)
