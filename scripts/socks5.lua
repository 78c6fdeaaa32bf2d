#!/usr/bin/env moonwire
-- socks5.lua [-u USER:PASSWORD] [-t SECONDS] [ADDRESS]: a proxy that clients tell where to go.
local usage = [==[
usage: socks5.lua [-u USER:PASSWORD] [-t SECONDS] [ADDRESS]
Takes clients of SOCKS 5 (RFC 1928) on ADDRESS, whatever listen takes, 1080 if left out, and connects
each to where it asks for: an address of IPv4 or IPv6, or a name, which is looked up here. Passes on
what comes, both ways, and datagrams (UDP ASSOCIATE). Tells each, with its bytes. Try:
curl --socks5-hostname localhost:1080 URL
-u USER:PASSWORD  takes only clients who say so
-t SECONDS        the longest for a client to ask, and again to connect, default 10
Exit: 1 cannot listen there, 2 usage.]==]

local VERSION <const>, AUTH_VERSION <const> = 5, 1
local NO_AUTH <const>, PASSWORD <const>, NONE_FITS <const> = 0, 2, 255
local IPV4 <const>, NAME <const>, IPV6 <const> = 1, 3, 4
local GRANTED <const>, FAILED <const>, FORBIDDEN <const>, NO_NET <const>, NO_HOST <const>,
  REFUSED <const>, NO_COMMAND <const>, NO_KIND <const> = 0, 1, 2, 3, 4, 5, 7, 8
local REPLIES <const> = { ECONNREFUSED = REFUSED, ENETUNREACH = NO_NET, EHOSTUNREACH = NO_HOST,
  ETIMEDOUT = NO_HOST, EDNS = NO_HOST, EACCES = FORBIDDEN, EPERM = FORBIDDEN }

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

-- --- arguments ----------------------------------------------------------------------------

local user, password
local patience = 10
local words = table.move(arg, 1, #arg, 1, {})
while words[1] and words[1]:find "^%-" do
  local word = table.remove(words, 1)
  if word == "--help" then print(usage) os.exit(0) end
  local value = table.remove(words, 1) or fail(2, usage)
  if word == "-u" then
    user, password = value:match "^([^:]+):(.+)$"
    if not user then fail(2, usage) end
  elseif word == "-t" then
    patience = tonumber(value)
    if not patience or patience <= 0 or patience > 3600 then
      fail(2, "socks5.lua: -t: more than 0 and up to 3600, not " .. value)
    end
  else fail(2, usage)
  end
end
if #words > 1 then fail(2, usage) end
io.stdout:setvbuf "line"

-- --- addresses on the wire ------------------------------------------------------------------

--- "host:port" of its bytes; nil for a name that is none: it must not mean anything else to connect.
local function address_text(kind, host, port)
  if kind == IPV4 then return ("%d.%d.%d.%d"):format(host:byte(1, 4)) .. ":" .. port end
  if kind == IPV6 then
    return ("[%x:%x:%x:%x:%x:%x:%x:%x]:"):format((">I2I2I2I2I2I2I2I2"):unpack(host)) .. port
  end
  if host:find "^[%w._-]+$" then return host .. ":" .. port end
  if host:find "^[%x:.]*:[%x:.]*$" then return ("[%s]:%d"):format(host, port) end
end

local function ipv6_bytes(text)
  local function groups(part)
    return (part:gsub("%x+:?", function(group) return (">I2"):pack(tonumber(group:match "%x+", 16)) end))
  end
  local head, tail = text:match "^(.*)::(.*)$"
  head, tail = groups(head or text), groups(tail or "")
  return head .. ("\0"):rep(16 - #head - #tail) .. tail
end

--- Kind, host and port of "host:port", in bytes.
local function address_bytes(text)
  local ipv6, port = text:match "^%[([%x:]*).*%]:(%d+)$"
  if ipv6 then return ("Bc16>I2"):pack(IPV6, ipv6_bytes(ipv6), tonumber(port)) end
  local a, b, c, d, last = text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+):(%d+)$"
  if not a then return ("B>I4I2"):pack(IPV4, 0, 0) end
  return ("BBBBB>I2"):pack(IPV4, a, b, c, d, last)
end

-- --- what a client asks for -------------------------------------------------------------------

local function give_up(message) error(message, 0) end

local function read(client, count)
  local bytes, message = client:read(count)
  return bytes or give_up(message or "left")
end

local function read_byte(client) return read(client, 1):byte() end
local function read_string(client)
  local size = read_byte(client)
  return size > 0 and read(client, size) or ""
end

local function authenticate(client)
  if read_byte(client) ~= VERSION then give_up "does not speak SOCKS 5" end
  local method = user and PASSWORD or NO_AUTH
  local offered = read_string(client):find(string.char(method), 1, true)
  client:write(string.char(VERSION, offered and method or NONE_FITS))
  if not offered then give_up(user and "offers no password" or "wants a password") end
  if not user then return end
  if read_byte(client) ~= AUTH_VERSION then give_up "does not speak RFC 1929" end
  local name, word = read_string(client), read_string(client)
  local right = name == user and word == password
  client:write(string.char(AUTH_VERSION, right and 0 or 1))
  if not right then give_up "has the wrong password" end
end

local function reply(client, code, address)
  client:write(string.char(VERSION, code, 0), address_bytes(address or ""))
end

--- The command, by its number, and "host:port", nil if that makes no sense.
local function read_request(client)
  local version, command, _, kind = read(client, 4):byte(1, 4)
  if version ~= VERSION then give_up "does not speak SOCKS 5" end
  local host
  if kind == IPV4 then host = read(client, 4)
  elseif kind == IPV6 then host = read(client, 16)
  elseif kind == NAME then host = read_string(client)
  else
    reply(client, NO_KIND)
    give_up "asks for an unknown kind of address"
  end
  return command, address_text(kind, host, (">I2"):unpack(read(client, 2)))
end

-- --- doing it -----------------------------------------------------------------------------------

local function log(...) print(string.format(...)) end

--- Up to the end of `from`, which ends that direction of `to` as well. A failure resets both, so
-- that nobody takes it for the end.
local function pass(from, to)
  if not from:pipe(to) then
    from:abort()
    to:abort()
  end
end

local function serve_connect(client, target, title)
  local ok, server, message, code = pcall(connect, target, { timeout = patience })
  if not ok then server, message, code = nil, server, "EDNS" end
  if not server then
    reply(client, REPLIES[code] or FAILED)
    return log("%s refused: %s", title, message)
  end
  reply(client, GRANTED, server.sock)
  local upward = spawn(pass, client, server)
  pass(server, client)
  upward:join()
  server:flush()  -- what the pipe has written is not yet sent
  server:finish()
  log("%s closed: %d bytes up, %d down", title, server.bytes_out, server.bytes_in)
end

--- A datagram's target and what is for it; nil if it is cut short, or a fragment.
local function unwrap(packet)
  local ok, fragment, kind = pcall(string.unpack, ">xxBB", packet)
  if not ok or fragment ~= 0 then return nil end
  local host_format = ({ [IPV4] = "c4", [NAME] = "s1", [IPV6] = "c16" })[kind]
  if not host_format then return nil end
  local whole, host, port, at = pcall(string.unpack, ">" .. host_format .. "I2", packet, 5)
  if not whole then return nil end
  return address_text(kind, host, port), packet:sub(at)
end

--- Datagrams between the client and anybody, as long as its connection lasts.
local function serve_datagrams(client, title)
  local here, there = client.sock:match "^(.*):%d+$", client.peer:match "^(.*):%d+$"
  local peer, up, down = nil, 0, 0  -- the client's socket: whose datagram comes first
  local inner, outer
  inner = listen("udp://" .. here .. ":0", function(_, packet, from)
    if from:match "^(.*):%d+$" ~= there or peer and from ~= peer then return end
    local target, data = unwrap(packet)
    if not target then return end
    peer = from
    local ok, sent = pcall(outer.send, outer, target, data)
    if ok and sent then up = up + #data end
  end)
  outer = listen("udp://:0", function(_, data, from)
    if not peer then return end
    down = down + #data
    inner:send(peer, "\0\0\0" .. address_bytes(from) .. data)
  end)
  reply(client, inner and outer and GRANTED or FAILED, inner and inner.address:match "^udp://(.*)$")
  while inner and outer and client:read() do end
  if inner then inner:close() end
  if outer then outer:close() end
  log("%s closed: %d bytes up, %d down", title, up, down)
end

local function serve(client)
  local peer = client.peer
  local alarm = client:timeout(patience, function() client:close() end)
  local ok, command, target = pcall(function()
    authenticate(client)
    return read_request(client)
  end)
  if not ok then return log("%s %s", peer, command) end
  alarm:delete()
  if command == 1 and target then
    serve_connect(client, target, ("%s to %s"):format(peer, target))
  elseif command == 3 then
    serve_datagrams(client, peer .. " datagrams")
  else
    reply(client, command == 1 and NO_HOST or NO_COMMAND)
    log("%s asks for what is not done: command %d", peer, command)
  end
end

local ok, server, message = pcall(listen, words[1] or "1080", serve)
if not ok then fail(2, "socks5.lua: " .. server) end
if not server then fail(1, "socks5.lua: " .. message) end
print("socks on " .. server.address)
