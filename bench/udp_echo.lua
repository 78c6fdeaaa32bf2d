-- bench/udp_echo.lua PORT: every datagram goes back.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: udp_echo.lua PORT")

listen("udp://127.0.0.1:" .. port, function(sock, data, from) sock:send(from, data) end)
