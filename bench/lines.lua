-- bench/lines.lua PORT: each line is handled alone, a coroutine for each connection.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: lines.lua PORT")

listen(port, function(c)
  for line in c:lines() do c:write(line, "\n") end
end)
