# What is read and written again is the same: a text that is not ends the program with 1, and the reason.
extends SceneTree

const Json = preload("res://addons/observerio/json.gd")
const Numbers = preload("res://addons/observerio/numbers.gd")

# Each as it is written after it was read.
const SAME = [
	"0",
	"-1",
	"9007199254740993",
	"9223372036854775807",
	"-9223372036854775808",
	"9223372036854775808",
	"-9223372036854775809",
	"18446744073709551615",
	"340282366920938463463374607431768211456",
	"0.1",
	"-0.0625",
	"2.5",
	"59.94",
	"123456.789",
	"0.3333333333333333",
	"33.333333333333336",
	"1000.0",
	"1.0e20",
	"5.0e-10",
	"\"\"",
	"\"Zoë \\\"quoted\\\" \\\\ 👩‍🚀 \\n\\t\\u0001\"",
	"[]",
	"{}",
	"[1,18446744073709551615,[],{\"a\":null,\"b\":[true,false]}]",
]
const OTHER = {
	" [ 1 , 2 ] ": "[1,2]",
	"1e3": "1000.0",
	"1E-7": "1.0e-7",
	"1.5e+3": "1500.0",
	"-0": "0",
	"\"\\ud83e\\udd8a \\/ \\u00eb\"": "\"🦊 / ë\"",
}
const NONE = ["", "01", "-", "1.", ".5", "1e", "+1", "abc", "nul", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "\"x", "\"\\x\"", "1 2", "[1"]

var faults = []


func _init():
	for text in SAME:
		compare(text, text)
	for text in OTHER:
		compare(text, OTHER[text])
	for text in NONE:
		if not Json.new().read(text).empty():
			faults.append("%s is not JSON, and was read" % text)
	var deep = "[".repeat(100) + "]".repeat(100)
	if not Json.new().read(deep).empty():
		faults.append("a hundred levels were read")
	if Json.write(1.0 / 3.0) != "0.3333333333333333" or Json.write(INF) != "null" or Json.write(NAN) != "null":
		faults.append("floats")
	for fault in faults:
		printerr(fault)
	quit(int(faults.size() > 0))


func compare(text, expected):
	var read = Json.new().read(text)
	var written = Json.write(read["value"]) if "value" in read else "not JSON"
	if written != expected:
		faults.append("%s is written as %s" % [text, written])
