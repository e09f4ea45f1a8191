# JSON whose whole numbers keep all their digits: Godot's own reads every number as a float.
const Platform = preload("platform.gd")
const Numbers = preload("numbers.gd")
const Number = preload("number.gd")

# What a server sends is flatter.
const MAX_DEPTH = 64

var _text = ""
var _at = 0
var _is_good = true


# What the text says, as { "value": … }; empty if it is not JSON.
func read(text):
	_text = text
	_at = 0
	_is_good = true
	var value = _value(0)
	_skip_space()
	return {"value": value} if _is_good and _at == _text.length() else {}


func _value(depth):
	_skip_space()
	if _at >= _text.length() or depth > MAX_DEPTH:
		return _fail()
	match _text[_at]:
		"\"":
			return _string()
		"{":
			return _object(depth)
		"[":
			return _array(depth)
		"t":
			return _word("true", true)
		"f":
			return _word("false", false)
		"n":
			return _word("null", null)
	return _number()


func _fail():
	_is_good = false
	return null


func _skip_space():
	while _at < _text.length() and _text[_at] in " \t\r\n":
		_at += 1


# Whether this character is next; then it is read.
func _takes(character):
	_skip_space()
	if _at < _text.length() and _text[_at] == character:
		_at += 1
		return true
	return false


func _word(word, value):
	if _text.substr(_at, word.length()) != word:
		return _fail()
	_at += word.length()
	return value


func _number():
	var first = _at
	while _at < _text.length() and _text[_at] in "+-0123456789.eE":
		_at += 1
	var number = Numbers.read(_text.substr(first, _at - first))
	return _fail() if number == null else number


func _string():
	_at += 1
	var parts = ""
	while true:
		var quote = _text.find("\"", _at)
		if quote < 0:
			return _fail()
		var escape = _text.find("\\", _at)
		if escape < 0 or escape > quote:
			parts += _text.substr(_at, quote - _at)
			_at = quote + 1
			return parts
		parts += _text.substr(_at, escape - _at)
		_at = escape + 1
		parts += _escaped()
		if not _is_good:
			return null


func _escaped():
	var escapes = {"\"": "\"", "\\": "\\", "/": "/", "b": char(8), "f": char(12), "n": "\n", "r": "\r", "t": "\t"}
	var letter = _text.substr(_at, 1)
	_at += 1
	if letter in escapes:
		return escapes[letter]
	if letter != "u":
		_fail()
		return ""
	var code = _hex()
	if code >= 0xd800 and code < 0xdc00 and _text.substr(_at, 2) == "\\u":
		_at += 2
		code = 0x10000 + ((code - 0xd800) << 10) + (_hex() - 0xdc00)
	# a text of Godot ends at a zero
	return char(code) if code > 0 else char(0xfffd)


func _hex():
	var digits = _text.substr(_at, 4)
	_at += 4
	if digits.length() < 4 or not digits.is_valid_hex_number():
		_fail()
		return 0
	return ("0x" + digits).hex_to_int()


func _array(depth):
	_at += 1
	var all = []
	if _takes("]"):
		return all
	while _is_good:
		all.append(_value(depth + 1))
		if _takes("]"):
			return all
		if not _takes(","):
			return _fail()


func _object(depth):
	_at += 1
	var all = {}
	if _takes("}"):
		return all
	while _is_good:
		_skip_space()
		if _text.substr(_at, 1) != "\"":
			return _fail()
		var name = _string()
		if not _takes(":"):
			return _fail()
		all[name] = _value(depth + 1)
		if _takes("}"):
			return all
		if not _takes(","):
			return _fail()


# Any value of Godot as JSON: what JSON has no notation for becomes text.
static func write(value):
	var of = typeof(value)
	if of == TYPE_NIL:
		return "null"
	if of == TYPE_BOOL:
		return "true" if value else "false"
	if of == TYPE_INT:
		return str(value)
	if of == Platform.REAL:
		return Numbers.write_float(value)
	if of == TYPE_ARRAY:
		var items = []
		for item in value:
			items.append(write(item))
		return "[" + Platform.join(items) + "]"
	if of == TYPE_DICTIONARY:
		var members = []
		for name in value:
			members.append(quote(str(name)) + ":" + write(value[name]))
		return "{" + Platform.join(members) + "}"
	if value is Number:
		return value.digits
	return quote(str(value))


# A text as JSON.
static func quote(text):
	text = text.replace("\\", "\\\\").replace("\"", "\\\"")
	text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
	for code in range(1, 32):
		var control = char(code)
		if control in text:
			text = text.replace(control, "\\u%04x" % code)
	return "\"" + text + "\""
