# A variable that people tune, or a measurement. The game reads and sets `value`; what it sets is its own value from the next
# frame on, in force until people want another one.
const Platform = preload("platform.gd")
const Json = preload("json.gd")
const Number = preload("number.gd")
const Numbers = preload("numbers.gd")

# What the declaration takes beside these.
const TEXTS = ["label", "help", "unit", "group", "source"]

# The value in force.
var value
var name
# The word for its type on the wire.
var type
var is_measured = false

# On this connection.
var is_declared = false
var is_said = false

var _own
var _known
var _spec = {}
var _check = null
var _min = null
var _max = null


# `problem` of the result says why there is none.
func declare(the_name, own, spec, is_measurement):
	name = the_name
	is_measured = is_measurement
	value = own
	_own = own
	_known = own
	type = _type_of(own, spec)
	if type == null:
		return "%s: a variable is a bool, an int, a float, a String or a Color" % name
	for word in spec:
		var problem = _take(word, spec[word])
		if problem != null:
			return "%s: %s" % [name, problem]
	return null


func _type_of(own, spec):
	var words = {TYPE_BOOL: "boolean", TYPE_INT: "integer", Platform.REAL: "float", TYPE_COLOR: "color"}
	if typeof(own) == TYPE_STRING:
		return "enum" if "options" in spec else spec.get("type", "string")
	return words.get(typeof(own))


func _take(word, said):
	if word in TEXTS:
		_spec[word] = str(said)
	elif word == "options":
		_spec["options"] = said
	elif word == "step":
		_spec["step"] = said
	elif word == "min" or word == "max":
		if not typeof(said) in [TYPE_INT, Platform.REAL] or not type in ["integer", "float"]:
			return "%s belongs to a number, and is one" % word
		var bound = int(said) if type == "integer" else 1.0 * said
		_spec[word] = bound
		set("_" + word, bound)
	elif word == "check":
		_check = said
	elif word != "type":
		return "a variable has no " + word
	return null


# A value that the game has set is its own from now on.
func notice():
	if typeof(value) == typeof(_known) and value == _known:
		return
	if typeof(value) == TYPE_INT and typeof(_own) == Platform.REAL:
		value = 1.0 * value
	if typeof(value) != typeof(_own) or (typeof(value) == Platform.REAL and (is_nan(value) or is_inf(value))):
		push_error("observerio: %s is a %s, and keeps its value" % [name, type])
		value = _known
		return
	_own = value
	_known = value
	is_said = false


func _use(wanted):
	value = wanted
	_known = wanted
	is_said = false


# Nobody wants anything of it any more.
func release():
	_use(_own)


# Takes what people want, as far as the game can. What became of it, as `r:` says it; null if it was taken as it is.
func apply(wanted):
	var fitting = _fit(wanted)
	if fitting == null:
		return {"name": name, "status": "rejected", "reason": "the game keeps it as " + type}
	var outcome = null
	if _min != null and fitting < _min:
		fitting = _min
		outcome = {"name": name, "status": "clamped", "value": _min, "reason": "the smallest is " + Json.write(_min)}
	elif _max != null and fitting > _max:
		fitting = _max
		outcome = {"name": name, "status": "clamped", "value": _max, "reason": "the largest is " + Json.write(_max)}
	var said = _check[0].call(_check[1], fitting) if _check != null else null
	if said != null and said.status == "rejected":
		return {"name": name, "status": "rejected", "reason": said.reason}
	if said != null:
		fitting = _fit(said.value)
		if fitting == null:
			return {"name": name, "status": "rejected", "reason": "the game keeps it as " + type}
		outcome = {"name": name, "status": "clamped", "value": to_wire(fitting), "reason": said.reason}
	_use(fitting)
	return outcome


# As the game keeps it; null if it can't.
func _fit(wanted):
	match type:
		"integer":
			if typeof(wanted) == Platform.REAL and wanted == floor(wanted) and abs(wanted) <= 9007199254740992:
				return int(wanted)
			return wanted if typeof(wanted) == TYPE_INT else null
		"float":
			if wanted is Number:
				return Numbers.read_float(wanted.digits)
			return 1.0 * wanted if typeof(wanted) in [TYPE_INT, Platform.REAL] else null
		"boolean":
			return wanted if typeof(wanted) == TYPE_BOOL else null
		"color":
			if typeof(_own) == TYPE_COLOR:
				return wanted if typeof(wanted) == TYPE_COLOR else _read_color(wanted)
	return wanted if typeof(wanted) == TYPE_STRING else null


# "#rgb", "#rrggbb" or "#rrggbbaa" of CSS, where the last two are the opacity.
static func _read_color(text):
	if typeof(text) != TYPE_STRING or not text.begins_with("#"):
		return null
	var digits = text.substr(1)
	if digits.length() == 3:
		digits = digits[0] + digits[0] + digits[1] + digits[1] + digits[2] + digits[2]
	if digits.length() == 6:
		digits += "ff"
	if digits.length() != 8 or not digits.is_valid_hex_number():
		return null
	var part = []
	for at in range(0, 8, 2):
		part.append(("0x" + digits.substr(at, 2)).hex_to_int() / 255.0)
	return Color(part[0], part[1], part[2], part[3])


static func to_wire(of):
	if typeof(of) != TYPE_COLOR:
		return of
	var text = "#%02x%02x%02x" % [of.r8, of.g8, of.b8]
	return text if of.a8 == 255 else text + "%02x" % of.a8


# What `i:` says of it: everything the first time on a connection, then the value.
func report():
	var said = {"name": name, "type": type, "value": to_wire(value)}
	if not is_declared:
		for word in _spec:
			said[word] = _spec[word]
		if is_measured:
			said["readonly"] = true
		else:
			said["default"] = to_wire(_own)
	is_declared = true
	is_said = true
	return Json.write(said)
