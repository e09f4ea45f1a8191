# What Godot 3 and 4 call differently. docs/sdk-godot.md lists the changes for Godot 4: most of them are here and in wire.gd.
const REAL = TYPE_REAL


# Milliseconds since the game started.
static func now():
	return OS.get_ticks_msec()


# Milliseconds since 1970.
static func time():
	return OS.get_system_time_msecs()


static func wait_a_millisecond():
	OS.delay_msec(1)


static func platform():
	return OS.get_name()


static func to_bytes(text):
	return text.to_utf8()


static func to_text(bytes):
	return bytes.get_string_from_utf8()


static func to_base64(text):
	return Marshalls.utf8_to_base64(text)


static func from_base64(text):
	return Marshalls.base64_to_utf8(text)


# 32 random hexadecimal digits.
static func random_id():
	return Crypto.new().generate_random_bytes(16).hex_encode()


# A part of the bytes: Godot 4 calls it slice, whose end is not included.
static func part(bytes, from, to):
	return bytes.subarray(from, to - 1) if to > from else PoolByteArray()


static func no_bytes():
	return PoolByteArray()


static func join(texts):
	return PoolStringArray(texts).join(",")


# The number of the character there.
static func code_at(text, at):
	return text.ord_at(at)
