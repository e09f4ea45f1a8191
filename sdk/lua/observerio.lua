-- The game's side of observerio for LuaJIT and LÖVE, over the C library by FFI.
--
--     local observerio = require "observerio"
--     local game = observerio.game { key = "0123456789ab" }
--     local speed = game:var("boss.speed", 2.5, { min = 0, max = 20, unit = "m/s" })
--     game:connect("127.0.0.1:6667")
--     function love.update(dt) game:frame(); x = x + speed:get() * dt end
--
-- The game never waits for the network, but in flush and close, which have a deadline. What can't be is raised as an error.
local ffi = require "ffi"
local jit = require "jit"

ffi.cdef(require "observerio_h")

local observerio = { _VERSION = "0.1.0" }

-- The library that OBSERVERIO_LIBRARY names, or the system's.
local C = ffi.load(os.getenv "OBSERVERIO_LIBRARY" or "observerio")

local function number_of(version)
    local major, minor, patch = version:match "^(%d+)%.(%d+)%.(%d+)$"
    return major * 65536 + minor * 256 + patch
end
assert(C.obs_is_compatible(number_of(observerio._VERSION)), "libobserverio has another version than observerio.lua")

local LEVELS = { trace = 0, debug = 1, info = 2, warn = 3, error = 4, fatal = 5 }
local OK, TIMEOUT = C.OBS_STATUS_OK, C.OBS_STATUS_TIMEOUT
-- Whole numbers up to here are exact as Lua's own.
local EXACT = 2 ^ 53

local function demand(status, level)
    if tonumber(status) < 0 then error("observerio: " .. ffi.string(C.obs_last_error()), level or 3) end
    return status
end

local function milliseconds(seconds) return math.max(0, math.min(math.floor((seconds or 2) * 1000), 2 ^ 32 - 1)) end

-- The length is asked for first; a text that has grown by then is asked for again.
local function text(ask, object)
    local size = 0
    while true do
        local buffer = ffi.new("char[?]", size + 1)
        local length = tonumber(demand(ask(object, buffer, size + 1)))
        if length <= size then return ffi.string(buffer, length) end
        size = length
    end
end

-- A number of Lua where that is exact, otherwise an int64_t.
local function whole(integer)
    if integer >= -EXACT and integer <= EXACT then return tonumber(integer) end
    return integer
end

local Var, Call, Game = {}, {}, {}
Var.__index, Call.__index, Game.__index = Var, Call, Game

local function same(value) return value end
local KINDS = {
    bool = { get = C.obs_get_bool, set = C.obs_set_bool, read = same },
    int = { get = C.obs_get_int, set = C.obs_set_int, read = whole },
    double = { get = C.obs_get_double, set = C.obs_set_double, read = same },
    text = { get = function(var) return text(C.obs_get_text, var) end, set = C.obs_set_text, read = same },
}

-- The value in force.
function Var:get() return self.kind.read(self.kind.get(self.handle)) end

-- The game's own value from now on, in force until people want another one.
function Var:set(value) demand(self.kind.set(self.handle, value)) end

-- What a check returns to take another value, or none.
function observerio.clamp(value, reason) return { decision = C.OBS_DECISION_CLAMP, value = value, reason = reason } end
function observerio.reject(reason) return { decision = C.OBS_DECISION_REJECT, reason = reason } end

-- Puts a value of Lua into an obs_value. Its text must stay.
local function put(raw, value)
    if type(value) == "boolean" then
        raw.kind, raw.boolean = C.OBS_KIND_BOOL, value
    elseif ffi.istype("int64_t", value) or type(value) == "number" and value % 1 == 0 and math.abs(value) <= EXACT then
        raw.kind, raw.integer = C.OBS_KIND_INT, value
    elseif type(value) == "number" then
        raw.kind, raw.number = C.OBS_KIND_DOUBLE, value
    else
        raw.kind, raw.text = C.OBS_KIND_TEXT, tostring(value)
    end
end

local function wanted_value(raw)
    if raw.kind == C.OBS_KIND_BOOL then return raw.boolean end
    if raw.kind == C.OBS_KIND_INT then return whole(raw.integer) end
    if raw.kind == C.OBS_KIND_DOUBLE then return raw.number end
    return ffi.string(raw.text)
end

-- A check of Lua as one of C. `kept` holds what C still reads.
local function callback(check, kept)
    return ffi.cast("obs_check", function(_, wanted, verdict)
        local done, said = pcall(check, wanted_value(wanted))
        if not done then said = observerio.reject(tostring(said)) end
        if said == nil then return C.OBS_DECISION_TAKE end
        kept.said = said.value
        if said.value ~= nil then put(verdict.value, said.value) end
        local reason = (said.reason or ""):sub(1, 255)
        ffi.copy(verdict.reason, reason)
        return said.decision
    end)
end

local TEXTS = { label = true, help = true, unit = true, group = true, source = true }

-- A table of Lua as an obs_spec, and what it points to.
local function spec_of(game, from, kind)
    local spec, kept = ffi.new "obs_spec", {}
    for name, value in pairs(from or {}) do
        if TEXTS[name] then
            kept[name] = tostring(value)
            spec[name] = kept[name]
        elseif name == "step" then
            spec.step = value
        elseif name == "options" then
            kept.options = ffi.new("const char *[?]", #value, value)
            spec.options, spec.option_count = kept.options, #value
        elseif name == "check" then
            spec.check = callback(value, kept)
            game.checks[#game.checks + 1] = { spec.check, kept }
        elseif name ~= "min" and name ~= "max" then
            error("observerio: a variable has no " .. tostring(name), 3)
        end
    end
    if from and (from.min or from.max) then
        spec.has_range = true
        if kind == "int" then
            spec.min_int, spec.max_int = from.min or -9223372036854775807LL - 1, from.max or 9223372036854775807LL
        else
            spec.min, spec.max = from.min or -1.7e308, from.max or 1.7e308
        end
    end
    if spec.source == nil then
        local place = debug.getinfo(3, "Sl")
        kept.source = place and place.short_src .. ":" .. place.currentline or nil
        spec.source = kept.source
    end
    return spec, kept
end

local function declare(game, verb, kind, name, own, from)
    local spec, kept = spec_of(game, from, kind)
    local var = ffi.new "obs_var *[1]"
    demand(verb(game.handle, name, own, spec, var))
    kept = nil -- until here the library read from it
    return setmetatable({ game = game, handle = var[0], kind = KINDS[kind] }, Var)
end

-- A variable that people tune: a boolean, a number (a double) or a text. For whole numbers there is int.
-- In the table: min, max, step, unit, group, label, help, options; check(wanted) returns nothing to take it, or clamp or reject.
function Game:var(name, own, spec)
    if type(own) == "boolean" then return declare(self, C.obs_declare_bool, "bool", name, own, spec) end
    if type(own) == "number" then return declare(self, C.obs_declare_double, "double", name, own, spec) end
    return declare(self, C.obs_declare_text, "text", name, own, spec)
end

-- A whole number of 64 bits: beyond 2^53 it is read as an int64_t.
function Game:int(name, own, spec) return declare(self, C.obs_declare_int, "int", name, own, spec) end

-- A colour in one of the ways of CSS, such as "#ff8844".
function Game:color(name, own, spec) return declare(self, C.obs_declare_color, "text", name, own, spec) end

-- Something that the game measures: shown, never edited.
function Game:measure(name, first, spec) return declare(self, C.obs_measure_double, "double", name, first, spec) end

-- A button. run(arguments) is run inside frame: arguments and what it returns are JSON texts, or nil; what it raises failed.
-- Without run, take gives its calls.
function Game:action(name, run, spec)
    local raw, kept = spec_of(self, spec, nil)
    demand(C.obs_declare_action(self.handle, name, raw))
    kept = nil
    self.runs[name] = run
end

-- The oldest call that frame has brought of an action without a function: name, args (JSON or nil), answer, fail.
function Game:take() return table.remove(self.calls, 1) end

local function finish(call, verb, said)
    demand(verb(assert(call.handle, "this call was answered before"), said), 4)
    call.handle = nil
end

-- It is done; `json` is the result, or nil.
function Call:answer(json) finish(self, C.obs_answer, json) end

-- It failed, for a reason that people read.
function Call:fail(reason) finish(self, C.obs_fail, reason) end

-- Connects to "host:port", and connects again whenever it must. Once for each game; it returns at once.
function Game:connect(address)
    local connection = ffi.new "obs_connection *[1]"
    demand(C.obs_connect(self.handle, address, connection))
    self.connection = connection[0]
end

local function run(game, call)
    local action = game.runs[call.name]
    if not action then
        game.calls[#game.calls + 1] = call
        return
    end
    local done, said = pcall(action, call.args)
    if not done or not pcall(call.answer, call, said) then call:fail(done and "the result is not JSON" or tostring(said)) end
end

-- A boundary between two frames: applies what people want, asks checks, runs actions. How many variables have another value.
function Game:frame()
    local changed = demand(C.obs_frame(self.handle))
    local call = ffi.new "obs_call *[1]"
    while demand(C.obs_poll_action(self.handle, call)) == OK and call[0] ~= nil do
        local args = C.obs_call_args(call[0])
        local name = ffi.string(C.obs_call_name(call[0]))
        run(self, setmetatable({ handle = call[0], name = name, args = args ~= nil and ffi.string(args) or nil }, Call))
    end
    return changed
end
-- a check is called back from inside obs_frame, which a compiled trace can't do
jit.off(Game.frame)

-- Logs at a level such as "info", with fields.
function Game:log(level, message, fields)
    local count, raw, kept = 0, ffi.new "obs_field[16]", {}
    for name, value in pairs(fields or {}) do
        if count == 16 then break end
        kept[#kept + 1] = tostring(name)
        raw[count].name = kept[#kept]
        if type(value) ~= "number" and type(value) ~= "boolean" and type(value) ~= "cdata" then
            value = tostring(value)
            kept[#kept + 1] = value
        end
        put(raw[count].value, value)
        count = count + 1
    end
    demand(C.obs_log_fields(self.handle, assert(LEVELS[level], "no such level"), message, raw, count))
    kept = nil
end

-- How it goes, as obs_stats.
function Game:stats()
    local stats = ffi.new "obs_stats"
    demand(C.obs_get_stats(self.handle, stats))
    return stats
end

-- What the server last refused; empty if nothing.
function Game:server_error() return text(C.obs_server_error, self.handle) end

-- The last file that could not be read or written, and why; empty if there was none.
function Game:disk_error() return text(C.obs_disk_error, self.handle) end

-- Waits until everything that was logged is stored, at most so many seconds; whether it is.
function Game:flush(seconds)
    local status = C.obs_flush(self.connection, milliseconds(seconds))
    if status ~= TIMEOUT then demand(status) end
    return status == OK
end

-- Disconnects; what was logged has so many seconds to be stored. The variables keep their values.
function Game:close(seconds)
    local connection = self.connection
    self.connection = nil
    demand(C.obs_close(connection, milliseconds(seconds)))
end

local SETTINGS = { "key", "device", "name", "app", "platform", "values_in", "outbox_in" }

-- A game: key, and if you like device, name, app, platform; values_in and outbox_in are folders that keep the values people set,
-- and what is not stored yet.
function observerio.game(who)
    local settings = ffi.new "obs_settings"
    for _, name in ipairs(SETTINGS) do settings[name] = who[name] end
    local game = ffi.new "obs_game *[1]"
    demand(C.obs_game_new(settings, game))
    local handle = ffi.gc(game[0], C.obs_game_free)
    return setmetatable({ handle = handle, checks = {}, runs = {}, calls = {} }, Game)
end

return observerio
