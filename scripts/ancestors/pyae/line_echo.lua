#!/usr/bin/env moonwire
-- line_echo.lua [ADDRESS]: pyae's line echo server: a line comes back when it is whole.
local server = assert(listen(arg[1] or "127.0.0.1:8046", function(conn)
  for line in conn:lines "L" do conn:write(line) end
end))
print("line echo on " .. server.address)
io.stdout:flush()
dispatch()
