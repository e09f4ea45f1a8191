-- A Minetest world, tuned. Its settings name the key: observerio.key, observerio.server, and observerio.sdk, the folder sdk/lua of a clone.
local insecure = assert(minetest.request_insecure_environment(), "put observerio into secure.trusted_mods")
local settings = minetest.settings

-- The SDK needs FFI, which mods have only in there.
local function load(name)
    local chunk = assert(insecure.loadfile(settings:get "observerio.sdk" .. "/" .. name .. ".lua"))
    return insecure.setfenv(chunk, insecure)()
end
insecure.package.loaded.observerio_h = load "observerio_h"
local observerio = load "observerio"
local game = observerio.game { key = settings:get "observerio.key" or "YOUR_KEY", device = settings:get "observerio.device" or "minetest", name = "Minetest", app = minetest.get_version().string }

-- Settings that the engine or the game reads while it runs.
local TUNED = {
    time_speed = { 0, 10000, "×", "How much faster time passes than ours; 72 is a day in 20 minutes" },
    item_entity_ttl = { -1, 3600, "s", "How long dropped items stay; -1 is for ever" },
    active_block_range = { 1, 10, "blocks", "How far from players things happen" },
    movement_speed_walk = { 0.5, 20, "nodes/s", "Of players who join from now on" },
    movement_speed_jump = { 0, 30, "nodes/s", "Of players who join from now on" },
    movement_gravity = { 0, 30, "nodes/s²", "Of players who join from now on" },
}
local tuned = {}
for name, of in pairs(TUNED) do
    local own = tonumber(settings:get(name))
    if own then tuned[name] = game:var("world." .. name, own, { min = of[1], max = of[2], unit = of[3], help = of[4], group = "world" }) end
end
local measured = {}
for name, unit in pairs { hour = "h", day = "d", players = "", lag = "s" } do
    measured[name] = game:measure("now." .. name, 0, { unit = unit, group = "now" })
end

game:action("world.noon", function() minetest.set_timeofday(0.5) end, { group = "world" })

-- What the engine and other mods log.
local LEVELS = { error = "error", warning = "warn", action = "info", info = "debug", verbose = "trace", deprecated = "warn", none = "info" }
local log = minetest.log
function minetest.log(level, text)
    if text == nil then level, text = "none", level end
    game:log(LEVELS[level] or "info", tostring(text))
    return log(level, text)
end
minetest.register_on_joinplayer(function(player) game:log("info", "joined", { player = player:get_player_name() }) end)
minetest.register_on_leaveplayer(function(player) game:log("info", "left", { player = player:get_player_name() }) end)
minetest.register_on_chat_message(function(name, text) game:log("info", "said", { player = name, text = text }) end)

local day
minetest.register_globalstep(function()
    if game:frame() > 0 then
        for name, var in pairs(tuned) do settings:set(name, tostring(var:get())) end
    end
    if day ~= minetest.get_day_count() then
        day = minetest.get_day_count()
        game:log("info", ("day %d begins"):format(day))
    end
    local now = { hour = minetest.get_timeofday() * 24, day = day, players = #minetest.get_connected_players(), lag = minetest.get_server_max_lag() or 0 }
    for name, value in pairs(now) do measured[name]:set(math.floor(value * 1000 + 0.5) / 1000) end
end)
minetest.register_on_shutdown(function() game:close(2) end)

game:connect(settings:get "observerio.server" or "127.0.0.1:6667")
