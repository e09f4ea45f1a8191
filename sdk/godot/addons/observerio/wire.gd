# A TCP connection that is never waited for: lines go in, lines come out.
const Platform = preload("platform.gd")

# The longest line of a server that is read, in bytes: all values of a project, with room for how they are written.
const MAX_LINE_BYTES = 32 * 1024 * 1024
# What waits for the socket, in bytes, before lines are held back.
const MAX_UNSENT_BYTES = 64 * 1024

var _peer = StreamPeerTCP.new()
var _name_item = IP.RESOLVER_INVALID_ID
var _port = 0
var _was_connected = false
var _received = Platform.no_bytes()
var _unsent = Platform.no_bytes()


# Begins to connect. A name is looked up without waiting for it.
func open(host, port):
	_port = port
	if host.is_valid_ip_address():
		return _peer.connect_to_host(host, port) == OK
	_name_item = IP.resolve_hostname_queue_item(host)
	return _name_item != IP.RESOLVER_INVALID_ID


# "connecting", "connected" or "closed". Ask in every frame.
func state():
	if _name_item != IP.RESOLVER_INVALID_ID:
		return _look_up()
	# Godot 4 asks for it, Godot 3 knows no such method
	if _peer.has_method("poll"):
		_peer.call("poll")
	match _peer.get_status():
		StreamPeerTCP.STATUS_CONNECTING:
			return "connecting"
		StreamPeerTCP.STATUS_CONNECTED:
			if not _was_connected:
				_was_connected = true
				_peer.set_no_delay(true)
			return "connected"
	return "closed"


func _look_up():
	var status = IP.get_resolve_item_status(_name_item)
	if status == IP.RESOLVER_STATUS_WAITING:
		return "connecting"
	var address = IP.get_resolve_item_address(_name_item)
	IP.erase_resolve_item(_name_item)
	_name_item = IP.RESOLVER_INVALID_ID
	if status != IP.RESOLVER_STATUS_DONE or _peer.connect_to_host(address, _port) != OK:
		return "closed"
	return "connecting"


# Whole lines that have come, without what ends them; null when the connection is of no more use.
func receive():
	var available = _peer.get_available_bytes()
	if available <= 0:
		return []
	var got = _peer.get_partial_data(available)
	if got[0] != OK:
		return null
	var bytes = got[1]
	var end = _last_newline(bytes)
	if end < 0:
		_received.append_array(bytes)
		return null if _received.size() > MAX_LINE_BYTES else []
	_received.append_array(Platform.part(bytes, 0, end))
	var text = Platform.to_text(_received)
	_received = Platform.part(bytes, end + 1, bytes.size())
	return Array(text.split("\n", false))


static func _last_newline(bytes):
	for back in range(bytes.size()):
		var at = bytes.size() - 1 - back
		if bytes[at] == 10:
			return at
	return -1


func has_room():
	return _unsent.size() < MAX_UNSENT_BYTES


# Sends what the socket takes now, and keeps the rest. Returns whether the connection is of use.
func send(lines):
	for line in lines:
		_unsent.append_array(Platform.to_bytes(line + "\n"))
	if _unsent.size() == 0:
		return true
	var sent = _peer.put_partial_data(_unsent)
	if sent[0] != OK:
		return false
	_unsent = Platform.part(_unsent, sent[1], _unsent.size())
	return true


# Whether everything has gone to the operating system.
func is_sent():
	return _unsent.size() == 0


func close():
	if _name_item != IP.RESOLVER_INVALID_ID:
		IP.erase_resolve_item(_name_item)
		_name_item = IP.RESOLVER_INVALID_ID
	_peer.disconnect_from_host()
