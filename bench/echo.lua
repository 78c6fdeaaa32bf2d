-- bench/echo.lua PORT: every byte goes back, a coroutine for each connection.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: echo.lua PORT")

listen(port, function(c)
  local bytes = c:read()
  while bytes do
    c:write(bytes)
    bytes = c:read()
  end
end)
