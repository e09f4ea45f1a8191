-- As in the game's own file, which LÖVE reads before the game can be mounted.
function love.conf(t)
    t.identity = "mrrescue"
    t.version = "11.0"
    t.window.title = "Mr. Rescue"
    t.window.width, t.window.height = 3 * 256, 3 * 200
    t.modules.mouse, t.modules.physics, t.modules.touch, t.modules.video = false, false, false, false
end
