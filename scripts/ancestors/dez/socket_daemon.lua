#!/usr/bin/env moonwire
-- socket_daemon.lua [ADDRESS [CERT KEY]]: dez's SocketDaemon. Each line comes back in capital
-- letters; with a certificate inside TLS, whose handshake has five seconds. SIGINT ends it.
local address, cert, key = arg[1] or "127.0.0.1:8888", arg[2], arg[3]

local function converse(conn)
  for line in conn:lines() do conn:write(line:upper(), "\n") end
end

if cert then address = "tls://" .. address end
local server = assert(listen(address, { tls = cert and { cert = cert, key = key, timeout = 5 } }, converse))
print("daemon on " .. server.address)
io.stdout:flush()

signal("SIGINT", abort)
print(dispatch() .. ": " .. server.accepted .. " connections")
