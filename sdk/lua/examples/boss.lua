-- A boss whose speed people tune while it walks: luajit boss.lua YOUR_KEY [HOST:PORT]
local ffi = require "ffi"
local observerio = require "observerio"

local game = observerio.game { key = arg[1] or "YOUR_KEY", device = "my-laptop", app = "1.0" }
local speed = game:var("boss.speed", 2.5, { min = 0, max = 20, unit = "m/s" })
local playing = game:var("game.playing", true)
game:connect(arg[2] or "127.0.0.1:6667")

-- In LÖVE, this is love.update. Plain Lua can't sleep.
ffi.cdef "int poll(void *fds, unsigned long count, int timeout);"
local x = 0
while playing:get() do
    if game:frame() > 0 then game:log("info", "somebody tuned the boss") end
    x = x + speed:get() * 0.016
    ffi.C.poll(nil, 0, 16)
end
print(("the boss walked %.1f m"):format(x))
game:close(2)
