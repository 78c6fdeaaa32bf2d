#!/usr/bin/env moonwire
-- echo_server.lua [ADDRESS [RATE]]: PYED's echo server from a configuration table: what has come is taken
-- from the connection's buffer and written back. RATE: bytes a second that each client may send. Default 8000.
io.stdout:setvbuf "line"
local conf = { backlog = 1024, reuseaddr = true, recvbuf = 65536, sendbuf = 65536,
  rate = { read = tonumber(arg[2] or -1), write = -1 } }

local server = assert(listen(arg[1] or 8000, conf, function(c)
  c:on {
    data = function(_, bytes) c:write(bytes) end,
    close = function(_, why) print(("%s: broken, %s"):format(c.peer, why)) end,
  }
end))
print("echo on " .. server.address)
