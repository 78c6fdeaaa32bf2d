-- bench/tls_echo.lua PORT [callbacks]: every byte goes back, over TLS with a certificate of the
-- moment: a coroutine for each connection, or a callback for each piece.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: tls_echo.lua PORT [callbacks]")
local hooks = { data = function(c, bytes) c:write(bytes) end }

listen("tls://127.0.0.1:" .. port, arg[2] and function(c) c:on(hooks) end or function(c)
  local bytes = c:read()
  while bytes do
    c:write(bytes)
    bytes = c:read()
  end
end)
