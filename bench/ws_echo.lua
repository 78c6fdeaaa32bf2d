-- bench/ws_echo.lua PORT [callbacks]: every message of a WebSocket goes back, by a coroutine for
-- each connection, or by a hook.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: ws_echo.lua PORT [callbacks]")

local function by_hook(ws)
  ws:on { message = function(c, message, kind) c:write(message, kind) end }
end

local function by_coroutine(ws)
  local message, kind = ws:read()
  while message do
    ws:write(message, kind)
    message, kind = ws:read()
  end
end

listen("ws://127.0.0.1:" .. port, arg[2] == "callbacks" and by_hook or by_coroutine)
