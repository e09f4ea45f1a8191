-- Mr. Rescue, tuned: love . YOUR_KEY [HOST:PORT]
--
-- The game comes from Debian's package, and stays as it is. Its files are mounted in front of this folder, and its constants, which
-- are locals of those files, are variables from here on.
local ARCHIVE = "/usr/share/games/mrrescue/mrrescue.love"

package.path = love.filesystem.getSource() .. "/../../sdk/lua/?.lua;" .. package.path
local observerio = require "observerio"

local file = assert(io.open(ARCHIVE, "rb"))
assert(love.filesystem.mount(love.filesystem.newFileData(file:read "*a", "mrrescue.love"), "", false))
file:close()
love.filesystem.load "main.lua"()

local key, address = unpack(love.arg.parseGameArguments(arg))
local game = observerio.game { key = key or "YOUR_KEY", device = os.getenv "HOSTNAME" or "mr-rescue", name = "Mr. Rescue", app = "1.02e" }

-- Whose functions use the local, and its name, range, unit and help.
local TUNED = {
    ["player.acceleration"] = { Player, "RUN_SPEED", 50, 2000, "px/s²", "When starting to run" },
    ["player.max_speed"] = { Player, "MAX_SPEED", 20, 600, "px/s", "Running" },
    ["player.carry_speed"] = { Player, "MAX_SPEED_CARRY", 20, 600, "px/s", "Running with somebody on the shoulders" },
    ["player.gravity"] = { Player, "GRAVITY", 20, 1000, "px/s²" },
    ["player.jump_power"] = { Player, "JUMP_POWER", 0, 400, "px/s", "Speed at which a jump begins" },
    ["player.climb_speed"] = { Player, "CLIMB_SPEED", 10, 300, "px/s" },
    ["player.burn_damage"] = { Player, "BURN_DAMAGE", 0, 5, "1/s", "Heat from touching fire" },
    ["water.reach"] = { Player, "MAX_STREAM", 20, 250, "px" },
    ["water.use"] = { Player, "USE_RATE", 0, 10, "1/s", "How fast the tank empties" },
    ["fire.regrowth"] = { Fire, "REGEN_RATE", 0, 1, "1/s", "How fast a fire that was hit grows again" },
    ["human.panic_radius"] = { Human, "PANIC_RADIUS", 0, 200, "px", "How near a fire makes people panic" },
    ["human.throw_speed"] = { Human, "THROW_SPEED", 0, 800, "px/s" },
}

-- A function that uses a local of its file, the local's place among what it uses, and its value.
local function find(class, name)
    for _, user in pairs(class) do
        for place = 1, type(user) == "function" and debug.getinfo(user, "u").nups or 0 do
            local found, value = debug.getupvalue(user, place)
            if found == name then return user, place, value end
        end
    end
    error("this Mr. Rescue has no " .. name)
end

local tuned = {}
for name, of in pairs(TUNED) do
    local class, constant, low, high, unit, help = unpack(of, 1, 6)
    local user, place, own = find(class, constant)
    local spec = { min = low, max = high, unit = unit, help = help, group = name:match "^%a+" }
    tuned[game:var(name, own, spec)] = { user, place }
end
local measured = {}
for _, name in ipairs { "score", "saved", "best_jump" } do measured[name] = game:measure("now." .. name, 0, { group = "now" }) end

game:action("game.start", function() level = 1; ingame.enter() end, { group = "game", help = "A new game on the first level" })
game:action("player.jump", function()
    assert(state == STATE_INGAME and ingame_state == INGAME_ACTIVE, "nobody plays; run game.start, and wait for its countdown")
    player:jump()
end, { group = "player" })

local last_saved, best_jump, ground, top = 0, 0, 0, 0

-- What happens in the game, for the log.
local function follow()
    if saved > last_saved then game:log("info", "somebody was rescued", { score = score, section = section }) end
    last_saved = saved
    if player.onGround ~= true then
        top = math.min(top, player.y)
        return
    end
    if ground - top > 1 then
        best_jump = math.max(best_jump, math.floor(ground - top + 0.5))
        game:log("info", ("jumped %.0f px high"):format(ground - top))
    end
    ground, top = player.y, player.y
end

local new_game, update, quit = ingame.newGame, love.update, love.quit

function ingame.newGame()
    new_game()
    last_saved, best_jump, ground, top = 0, 0, player.y, player.y
    game:log("info", "new game", { level = level })
end

function love.update(dt)
    if game:frame() > 0 then
        for var, of in pairs(tuned) do debug.setupvalue(of[1], of[2], var:get()) end
        jit.flush() -- compiled code has the old constants in it
    end
    update(dt)
    if state == STATE_INGAME then follow() end
    for name, value in pairs { score = score, saved = saved, best_jump = best_jump } do measured[name]:set(value) end
end

function love.quit()
    game:close(2)
    return quit()
end

game:connect(address or "127.0.0.1:6667")
