# What no story tells: colours, values that don't fit, and an outbox that is full. Faults end the program with 1, and the reason.
extends SceneTree

const Outbox = preload("res://addons/observerio/outbox.gd")
const Session = preload("res://addons/observerio/session.gd")
const Variable = preload("res://addons/observerio/variable.gd")

const KEY = "0123456789ab"
const HELLO = "h:{\"proto\":2,\"caps\":[\"ack\",\"rev\",\"ping\",\"drain\",\"json\"],\"limits\":{\"inflight\":2},\"ping\":20000}"

var faults = []


func _init():
	colors()
	fitting()
	full_outbox()
	conversation()
	for fault in faults:
		printerr(fault)
	quit(int(faults.size() > 0))


func expect(what, is_so):
	if not is_so:
		faults.append(what)


func variable(own, spec = {}):
	var declared = Variable.new()
	var problem = declared.declare("x", own, spec, false)
	return declared if problem == null else problem


func colors():
	var sky = variable(Color(0, 0.4, 1))
	expect("a Color is told as CSS", "\"type\":\"color\",\"value\":\"#0066ff\"" in sky.report())
	expect("a colour is taken", sky.apply("#ff800080") == null and sky.value.to_html() == "80ff8000")
	expect("with opacity", "\"value\":\"#ff800080\"" in sky.report())
	expect("three digits are a colour", sky.apply("#fff") == null and sky.value == Color(1, 1, 1))
	expect("a name is none", sky.apply("tomato").status == "rejected" and sky.value == Color(1, 1, 1))


func fitting():
	var lives = variable(3, {"min": 0, "max": 10})
	expect("a whole float is an integer", lives.apply(4.0) == null and typeof(lives.value) == TYPE_INT)
	expect("half is none", lives.apply(4.5).status == "rejected" and lives.value == 4)
	expect("a text is none", lives.apply("5").status == "rejected")
	expect("too much is clamped", lives.apply(11).value == 10 and lives.value == 10)
	lives.value = 7
	lives.notice()
	lives.apply(9)
	lives.release()
	expect("what the game has set is its own", lives.value == 7)
	var speed = variable(2.5)
	expect("an integer is a float", speed.apply(7) == null and typeof(speed.value) == TYPE_REAL)
	expect("a range belongs to numbers", "belongs to a number" in variable("a", {"min": 1}))
	expect("no type", "a variable is a bool" in variable([1]))
	expect("no such word", "has no colour" in variable(1, {"colour": "red"}))


func full_outbox():
	var outbox = Outbox.new()
	outbox.max_bytes = 1000
	for i in range(20):
		outbox.push(1, "\"debug %d\"" % i)
	outbox.push(4, "\"error\"")
	expect("it is bounded", outbox.bytes() <= 1000)
	expect("debug gives way to errors", outbox.dropped[4] == 0 and outbox.dropped[1] > 0)
	outbox.push(4, "\"%s\"" % "x".repeat(600))
	expect("what is too large is dropped", outbox.dropped[4] == 1)
	outbox.gather(256)
	var said = outbox.lines(KEY, true, false)[0]
	expect("the log says how many", "log entries were dropped" in said and "\"error\"" in said)
	expect("and has a number", said.begins_with("l:" + KEY + ":1:["))


func conversation():
	var session = Session.new()
	session.key = KEY
	expect("it connects at once", session.connects_at() == 0)
	session.connected(0)
	expect("it says who it is", session.lines(0).size() == 2)
	for line in [HELLO, "OK", "a:%s:0" % KEY]:
		session.hear(line, 1)
	for i in range(3):
		session.outbox.keep_report("{\"x\":%d}" % i)
	expect("three lines are numbered", session.lines(2).size() == 3)
	session.hear("n:%s:2:busy:500" % KEY, 3)
	expect("it waits when it is told to", session.lines(4).size() == 0)
	var again = session.lines(600)
	expect("and resends", again.size() == 2 and again[0].begins_with("i:%s:2:" % KEY))
	session.hear("p:7", 601)
	expect("it answers pings", session.lines(602) == ["q:7"])
	session.hear("x:%s:x1:{\"name\":\"none\",\"args\":null}" % KEY, 603)
	expect("it has no such action", "no such action" in session.lines(604)[0])
	expect("it asks a silent server", session.lines(20603) == ["p:1"])
	expect("and gives it up", session.lines(50000) == null)
	session.hear("ERR revoked the key was revoked", 50001)
	session.disconnected(50002)
	expect("a key that has ended is tried rarely", session.connects_at() >= 50002 + 15000)
	for nonsense in ["", ":", "a:", "a:%s" % KEY, "a:%s:x" % KEY, "v:%s:1:{" % KEY, "v:%s:*" % KEY, "h:[]", "n:%s:1" % KEY, "x:%s:" % KEY, "ERR "]:
		session.hear(nonsense, 50003)
