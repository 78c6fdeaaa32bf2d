-- bench/tls_echo.lua PORT: every byte goes back inside TLS, a coroutine for each connection.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: tls_echo.lua PORT")

listen("tls://127.0.0.1:" .. port, function(c)
  local bytes = c:read()
  while bytes do
    c:write(bytes)
    bytes = c:read()
  end
end)
