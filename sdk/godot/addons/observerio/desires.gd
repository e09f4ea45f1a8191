# What people want variables to be, until the game takes it: the newest of each, also of variables that are not declared yet.
const Json = preload("json.gd")

# No server of ours has more for one project.
const MAX_NAMES = 5000
const MAX_BYTES = 16 * 1024 * 1024

# By name, [value, bytes].
var _all = {}
var _bytes = 0
# Names whose desired value, or the lack of one, the game does not know yet, as keys.
var _pending = {}
var _has_news = false
# The newest revision that was heard of, and its history; -1 and "" for none.
var _revision = -1
var _epoch = ""


func desire(name, value):
	var before = _all[name][1] if name in _all else 0
	var size = name.length() + Json.write(value).length()
	if (before == 0 and _all.size() >= MAX_NAMES) or _bytes - before + size > MAX_BYTES:
		return
	_bytes += size - before
	_all[name] = [value, size]
	_pending[name] = true
	_has_news = true


func let_go(name):
	if name in _all:
		_bytes -= _all[name][1]
		_all.erase(name)
		_pending[name] = true
		_has_news = true


# Names that have a desired value and are not among these edits.
func all_but(edits):
	var named = {}
	for edit in edits:
		if typeof(edit) == TYPE_DICTIONARY:
			named[edit.get("name")] = true
	var others = []
	for name in _all:
		if not name in named:
			others.append(name)
	return others


# Everything up to this revision was heard.
func reached(revision, epoch):
	_revision = revision
	_epoch = epoch
	_has_news = true


# A variable is declared: what people want of it is news.
func declared(name):
	if name in _all:
		_pending[name] = true
		_has_news = true


# What the game is to apply at its next boundary: null if that is nothing, else `set` and `released` of declared names, all
# `names`, the revision and its epoch.
func take(variables):
	if not _has_news:
		return null
	_has_news = false
	var edits = {"set": {}, "released": [], "names": [], "revision": _revision, "epoch": _epoch}
	for name in _pending:
		if not name in variables:
			continue
		edits.names.append(name)
		if name in _all:
			edits.set[name] = _all[name][0]
		else:
			edits.released.append(name)
	_pending = {}
	return edits
