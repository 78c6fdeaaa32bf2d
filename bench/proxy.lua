-- bench/proxy.lua PORT UPSTREAM: everything between a client and a port on this host.
local port = assert(math.tointeger(tonumber(arg[1])), "usage: proxy.lua PORT UPSTREAM")
local upstream = assert(arg[2], "usage: proxy.lua PORT UPSTREAM")

listen(port, function(client)
  local server = assert(connect("127.0.0.1:" .. upstream))
  local back = spawn(server.pipe, server, client)
  client:pipe(server)
  back:join()
  server:finish()
end)
