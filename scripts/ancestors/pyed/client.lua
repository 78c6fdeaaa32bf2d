#!/usr/bin/env moonwire
-- client.lua ADDRESS TEXT [TIMES]: PYED's client: writes a text so often, prints what comes back from the
-- connection's buffer, and closes with a reset, as `linger = 0` has it.
io.stdout:setvbuf "line"
assert(arg[2], "usage: client.lua ADDRESS TEXT [TIMES]")
local expected = #arg[2] * (tonumber(arg[3]) or 1)

local c = assert(connect(arg[1], { recvbuf = 65536, sendbuf = 65536 }))
c:set { linger = 0 }
local seen = 0
c:on {
  data = function(_, bytes)
    seen = seen + #bytes
    io.write(bytes)
    if seen >= expected then
      print ""
      c:close()
    end
  end,
  close = function(_, why) if why ~= "closed" then print("broken: " .. why) end end,
}
for _ = 1, tonumber(arg[3]) or 1 do c:write(arg[2]) end
