-- bench/lines_callback.lua PORT: each line is handled alone, by a callback.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: lines_callback.lua PORT")

local hooks = { data = function(c, line) c:write(line, "\n") end }
listen(port, function(c)
  c:frame("line")
  c:on(hooks)
end)
