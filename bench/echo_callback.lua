-- bench/echo_callback.lua PORT: every byte goes back, a callback for each piece read.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: echo_callback.lua PORT")

local hooks = { data = function(c, bytes) c:write(bytes) end }
listen(port, function(c) c:on(hooks) end)
