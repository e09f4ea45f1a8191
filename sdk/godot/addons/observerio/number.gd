# A whole number beyond 64 bits, or between 2^63 and 2^64: its digits.
var digits


func _init(text):
	digits = text


func _to_string():
	return digits
