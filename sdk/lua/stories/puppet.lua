-- Plays the game in the stories of sdk/stories, by observerio.lua: one command a line, one answer a line.
local ffi = require "ffi"
local observerio = require "observerio"

ffi.cdef "int poll(void *fds, unsigned long count, int timeout);"

local game, call
local vars, kinds = {}, {}

local function int64(word) return assert(loadstring("return " .. word .. "LL"))() end

local function keep(name, kind, var) vars[name], kinds[name] = var, kind end

local function only_even(wanted)
    if wanted < 0 then return observerio.reject "in a cutscene" end
    if wanted % 2 ~= 0 then return observerio.clamp(wanted - 1, "even numbers only") end
end

local function say(value)
    if type(value) == "cdata" then return (tostring(value):gsub("LL$", "")) end
    if type(value) == "number" then return ("%.15g"):format(value) end
    return tostring(value)
end

-- A whole number that Lua has itself has 16 digits at most.
local function say_int(value) return type(value) == "number" and ("%.0f"):format(value) or say(value) end

local obey = {}
function obey.new(key, device, folder)
    local who = { key = key, device = device, name = "Puppet", app = "1.0", values_in = folder, outbox_in = folder }
    game = observerio.game(who)
end
function obey.connect(address) game:connect(address) end
function obey.bool(name, own) keep(name, "bool", game:var(name, own == "true")) end
function obey.int(name, own, low, high)
    keep(name, "int", game:int(name, int64(own), { min = int64(low), max = int64(high) }))
end
function obey.even(name, own) keep(name, "int", game:int(name, int64(own), { check = only_even })) end
function obey.double(name, own, low, high, unit)
    local spec = { min = tonumber(low), max = tonumber(high), unit = unit, group = "enemy/boss", help = "How fast" }
    keep(name, "double", game:var(name, tonumber(own), spec))
end
function obey.measure(name, first) keep(name, "double", game:measure(name, tonumber(first))) end
function obey.text(name, own) keep(name, "text", game:var(name, own)) end
function obey.choice(name, own, ...) keep(name, "text", game:var(name, own, { options = { ... } })) end
function obey.color(name, own) keep(name, "text", game:color(name, own)) end
function obey.action(name) game:action(name) end
function obey.get(name) return (kinds[name] == "int" and say_int or say)(vars[name]:get()) end
function obey.set(name, word)
    local read = { bool = function() return word == "true" end, int = int64, double = tonumber, text = tostring }
    vars[name]:set(read[kinds[name]](word))
end
function obey.frame()
    game:frame()
    ffi.C.poll(nil, 0, 1)
end
function obey.log(level, message, hp, room) game:log(level, message, { hp = int64(hp), room = room }) end
function obey.poll()
    call = game:take()
    return call and call.name .. " " .. (call.args or "-") or "none"
end
function obey.answer(json) call:answer(json) end
function obey.fail(reason) call:fail(reason) end
function obey.stats()
    local stats, dropped = game:stats(), 0
    for level = 0, 5 do dropped = dropped + tonumber(stats.dropped[level]) end
    local flag = function(on) return on and "1" or "0" end
    return ("%s %s %d %d"):format(flag(stats.is_connected), flag(stats.is_original), tonumber(stats.stored), dropped)
end
function obey.flush(milliseconds) return game:flush(tonumber(milliseconds) / 1000) and "ok" or "timeout" end
function obey.close(milliseconds) game:close(tonumber(milliseconds) / 1000) end

for line in io.lines() do
    local words = {}
    for word in line:gmatch "[^\t]+" do words[#words + 1] = word end
    local done, answer = pcall(obey[words[1]], unpack(words, 2))
    print(not done and "error " .. tostring(answer) or answer or "ok")
    io.flush()
end
