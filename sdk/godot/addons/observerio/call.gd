# Somebody pressed a button. Answer it once, now or later; after 30 seconds people are told that it failed.
const Json = preload("json.gd")
const Platform = preload("platform.gd")
# Of a result or an error, in bytes.
const MAX_RESULT_BYTES = 65536

var name
# Any JSON, null if there are none. Whole numbers beyond 64 bits are a Number with `digits`.
var args

var _id
var _answers


func _init(id, the_name, the_args, answers):
	_id = id
	name = the_name
	args = the_args
	_answers = answers


# It is done. The result becomes JSON; null is none.
func answer(result = null):
	_finish({} if result == null else {"result": result})


# It failed, for a reason that people read.
func fail(reason):
	_finish({"error": str(reason)})


func _finish(said):
	if _answers == null:
		push_error("observerio: this call was answered before")
		return
	var text = Json.write(said)
	if Platform.to_bytes(text).size() > MAX_RESULT_BYTES:
		text = Json.write({"error": "the answer is longer than %d bytes" % MAX_RESULT_BYTES})
	_answers.append([_id, text])
	_answers = null
