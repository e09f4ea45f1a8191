# Numbers as JSON writes them, without losing digits. Of Godot's own conversions, str prints six digits of a float, and float
# goes through 32 bits.
const Platform = preload("platform.gd")
const Number = preload("number.gd")

# Whole numbers up to here are exact as floats: 2^53.
const EXACT = 9007199254740992
# Powers of ten up to here are exact as floats.
const EXACT_POWER = 22


# An int, a float, or a Number for whole numbers beyond an int; null if this is no number of JSON.
static func read(text):
	if not _is_number(text):
		return null
	if "." in text or "e" in text or "E" in text:
		return read_float(text)
	var whole = read_int(text)
	return Number.new(text) if whole == null else whole


# An int, or null if it is none: not digits, or more than 64 bits.
static func read_int(text):
	var is_negative = text.begins_with("-")
	var digits = text.substr(1) if is_negative else text
	if digits == "" or digits.length() > 19:
		return null
	# below zero there is one number more
	var whole = 0
	for i in range(digits.length()):
		var digit = Platform.code_at(digits, i) - 48
		if digit < 0 or digit > 9:
			return null
		var next = whole * 10 - digit
		# 19 digits overflow at most once
		if next > whole or whole < -922337203685477580:
			return null
		whole = next
	if is_negative:
		return whole
	return null if whole == -whole and whole != 0 else -whole


static func _is_number(text):
	var at = 1 if text.begins_with("-") else 0
	var first = at
	at = _skip_digits(text, at)
	if at == first or (text[first] == "0" and at > first + 1):
		return false
	if at < text.length() and text[at] == ".":
		first = at + 1
		at = _skip_digits(text, first)
		if at == first:
			return false
	if at < text.length() and text[at] in "eE":
		at += 1
		if at < text.length() and text[at] in "+-":
			at += 1
		first = at
		at = _skip_digits(text, first)
		if at == first:
			return false
	return at == text.length()


static func _skip_digits(text, at):
	while at < text.length() and text[at] in "0123456789":
		at += 1
	return at


# Up to 15 digits and a moderate exponent, exactly; longer numbers may differ in the last bit.
static func read_float(text):
	var mark = text.to_lower().find("e")
	var exponent = 0
	var mantissa = text
	if mark >= 0:
		var said = read_int(text.substr(mark + 1).replace("+", ""))
		exponent = 0 if said == null else int(clamp(said, -9999, 9999))
		mantissa = text.substr(0, mark)
	var is_negative = mantissa.begins_with("-")
	mantissa = mantissa.replace("-", "")
	var point = mantissa.find(".")
	if point >= 0:
		exponent -= mantissa.length() - point - 1
		mantissa = mantissa.replace(".", "")
	while mantissa.length() > 1 and mantissa.begins_with("0"):
		mantissa = mantissa.substr(1)
	while mantissa.length() > 1 and mantissa.ends_with("0"):
		mantissa = mantissa.substr(0, mantissa.length() - 1)
		exponent += 1
	if mantissa.length() > 18:
		exponent += mantissa.length() - 18
		mantissa = mantissa.substr(0, 18)
	var size = _scaled(1.0 * read_int(mantissa), exponent)
	return -size if is_negative else size


# In steps, so that no power of ten is more than exact.
static func _scaled(number, exponent):
	if number == 0.0 or exponent < -400:
		return 0.0
	exponent = int(min(exponent, 400))
	while exponent > 0:
		var step = int(min(exponent, EXACT_POWER))
		number *= _power(step)
		exponent -= step
	while exponent < 0:
		var step = int(min(-exponent, EXACT_POWER))
		number /= _power(step)
		exponent += step
	return number


static func _power(exponent):
	var power = 1.0
	for _i in range(exponent):
		power *= 10.0
	return power


# With as many digits as are needed to read it back; "null" for what JSON has no number for.
static func write_float(number):
	if is_nan(number) or is_inf(number):
		return "null"
	var size = abs(number)
	var sign_text = "-" if number < 0 else ""
	if size == floor(size) and size < EXACT:
		return sign_text + str(int(size)) + ".0"
	# plain as far as its digits reach that far
	var plain = _digits(size, "", size) if size >= 1e-5 and size < 1e16 else null
	if plain != null:
		return sign_text + plain
	var exponent = 0
	var scaled = size
	while scaled >= 10.0:
		scaled /= 10.0
		exponent += 1
	while scaled < 1.0:
		scaled *= 10.0
		exponent -= 1
	var suffix = "e" + str(exponent)
	var text = _digits(scaled, suffix, size)
	return sign_text + (("%.16f" % scaled) + suffix if text == null else text)


# The fewest places with which the text reads as this number; null if 16 are not enough.
static func _digits(digits, suffix, number):
	for places in range(1, 17):
		var text = ("%." + str(places) + "f") % digits + suffix
		if read_float(text) == number:
			return text
	return null
