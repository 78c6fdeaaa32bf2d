--- Options of connections and listeners: what is refused and how that is told, and that each
-- is in force where it is set. The numbers are those of seeds.md 3.5.
local check = require "check"
local pair = require "pair"

local function refused(options, pattern)
  check.raises(function() listen(0, options) end, "listen: " .. pattern)
end

-- --- checking --------------------------------------------------------------------------------

check.case("an unknown option raises and names the nearest right one", function()
  refused({ revcbuf = 1 }, "unknown option 'revcbuf', did you mean 'recvbuf'%?$")
  refused({ max_conections = 1 }, "unknown option 'max_conections', did you mean 'max_connections'%?$")
  check.raises(function() connect("localhost:1", { reuseprt = true }) end,
    "^.-connect: unknown option 'reuseprt'")
  check.raises(function() connect("localhost:1", { tmeout = 1 }) end, "did you mean 'timeout'%?$")
  refused({ zzzzzzzzzzz = 1 }, "unknown option 'zzzzzzzzzzz'; help%(\"listen\"%) lists them$")
  local near, far <close> = pair()
  check.raises(function() near:set { nodealy = true } end,
    "set: unknown option 'nodealy', did you mean 'nodelay'%?$")
  check.raises(function() near:get "nodealy" end,
    "get: unknown option 'nodealy', did you mean 'nodelay'%?$")
end)

check.case("options of other functions, and those to come, are unknown", function()
  refused({ bind = "localhost" }, "unknown option 'bind'")
  check.raises(function() connect("localhost:1", { backlog = 5 }) end, "unknown option 'backlog'")
  local near, far <close> = pair()
  check.raises(function() near:set { reuseport = true } end, "unknown option 'reuseport'")
  check.raises(function() near:get "backlog" end, "unknown option 'backlog'")
end)

check.case("a wrong type raises and says what is right", function()
  refused({ nodelay = 1 }, "option 'nodelay' must be a boolean, got number$")
  refused({ nodelay = "yes" }, "option 'nodelay' must be a boolean, got string$")
  refused({ recvbuf = "64k" }, "option 'recvbuf' must be an integer, got string$")
  refused({ recvbuf = 1.5 }, "option 'recvbuf' must be an integer, got 1.5$")
  refused({ recvbuf = true }, "option 'recvbuf' must be an integer, got true$")
  refused({ timeout = {} }, "option 'timeout' must be a number, got table$")
  refused({ linger = "no" }, "option 'linger' must be a number or false, got string$")
  refused({ linger = true }, "option 'linger' must be a number or false, got true$")
  refused({ read_deadline = 0 / 0 }, "option 'read_deadline' must be a number, got number$")
  refused({ "nodelay" }, "option names are strings, got a number$")
  check.raises(function() connect("localhost:1", { bind = 5 }) end,
    "connect: option 'bind' must be a string, got number$")
end)

check.case("a number out of range raises and tells the range", function()
  refused({ backlog = 0 }, "option 'backlog' must be from 1 to 2147483647, got 0$")
  refused({ tos = 256 }, "option 'tos' must be from 0 to 255, got 256$")
  refused({ ttl = 0 }, "option 'ttl' must be from 1 to 255, got 0$")
  refused({ timeout = -0.5 }, "option 'timeout' must be at least 0, got %-0.5$")
  refused({ read_size = 1 << 20 }, "option 'read_size' must be from 1 to 262144, got 1048576$")
  refused({ max_line = 0 }, "option 'max_line' must be at least 1, got 0$")
  refused({ max_connections = -1 }, "option 'max_connections' must be from 1 to 2147483647, got %-1$")
  refused({ high_water = -1 }, "option 'high_water' must be at least 0, got %-1$")
  refused({ linger = 70000 }, "option 'linger' must be from 0 to 65535, got 70000$")
end)

check.case("a frame is a kind or a number of bytes, and the kinds are named", function()
  for _, bad in ipairs { "xyz", "", "LINE", "html" } do
    refused({ frame = bad },
      ("option 'frame' must be an integer or \"line\", \"json\", \"xml\", got %q$"):format(bad))
  end
  refused({ frame = 0 }, "option 'frame' must be from 1 to 1073741824, got 0$")
  refused({ frame = 1.5 }, "option 'frame' must be an integer, got 1.5$")
  refused({ frame = {} }, "option 'frame' must be an integer or \"line\", \"json\", \"xml\", got table$")
  local near, far <close> = pair()
  check.raises(function() near:set { frame = "xyz" } end, "set: option 'frame' must be")
end)

check.case("what is refused has no effect", function()
  check.raises(function() listen("127.0.0.1:0", { nodelay = false, oops = 1 }, print) end)
  check.equal(#require "native.listing".listeners(), 0)
  local near, far <close> = pair()
  check.raises(function() near:set { high_water = 5, oops = 1 } end)
  check.equal(near:get "high_water", 1 << 20)
end)

check.case("an empty table of options is none", function()
  local near, far <close> = pair({}, {})
  check.equal(near:set {}, near)
  check.raises(function() near:set() end, "set: a table of options expected")
  check.raises(function() near:set "nodelay" end, "set: a table of options expected")
end)

-- --- defaults ----------------------------------------------------------------------------------

check.case("defaults are those of the manual", function()
  local near, far = pair()
  for _, c in ipairs { near, far } do
    local got = {}
    for _, name in ipairs { "nodelay", "keepalive", "linger", "high_water", "low_water", "max_line",
      "read_size", "unread_limit" } do
      got[name] = c:get(name)
    end
    check.same(got, { nodelay = true, keepalive = false, linger = false, high_water = 1 << 20,
      low_water = 256 << 10, max_line = 1 << 20, read_size = 256 << 10, unread_limit = 1 << 20 })
    for _, name in ipairs { "timeout", "read_deadline", "frame" } do
      check.equal(c:get(name), nil, name)
    end
  end
  local srv <close> = check.ok(listen "127.0.0.1:0")
  check.equal(srv:get "max_connections", nil)
  check.ok(srv:get "backlog" >= 128)
end)

check.case("the manifest's defaults are the ones in force", function()
  local manifest = require "manifest"
  local near, far <close> = pair()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  for object, table_name in pairs { [near] = "set", [srv] = "listener_set" } do
    for _, name in ipairs(manifest.tables[table_name]) do
      local option = manifest.option(table_name, name)
      local value = object:get(name)
      if option.default ~= nil and name ~= "backlog" then  -- the kernel bounds it
        check.equal(value, option.default, name)
      end
    end
  end
end)

-- --- in force ------------------------------------------------------------------------------------

-- Values other than the defaults, and what get() then says if not the same.
local VALUES = {
  { "nodelay", false }, { "keepalive", true }, { "linger", 7 }, { "ttl", 42 }, { "tos", 16 },
  { "high_water", 5000 }, { "low_water", 100 }, { "max_line", 77 }, { "read_size", 512 },
  { "unread_limit", 9000 }, { "timeout", 2.5 }, { "read_deadline", 30 }, { "frame", 12 },
}

check.case("every option that is set at listen, connect or set is read back", function()
  for _, entry in ipairs(VALUES) do
    local name, value = entry[1], entry[2]
    local near, far = pair(name ~= "timeout" and { [name] = value } or {}, { [name] = value })
    check.equal(far:get(name), value, "listen " .. name)
    if name ~= "timeout" then check.equal(near:get(name), value, "connect " .. name) end
    local third, fourth <close> = pair()
    check.equal(third:set { [name] = value }, third)
    check.equal(third:get(name), value, "set " .. name)
    for _, c in ipairs { near, far, third } do c:set { linger = false } end
  end
end)

check.case("each option of the manifest is tried in this file, and read back where it can be", function()
  local manifest = require "manifest"
  local tried = { bind = true, ipv6only = true, reuseaddr = true, reuseport = true,
    max_connections = true, backlog = true, recvbuf = true, sendbuf = true,
    -- rate_test.lua, reconnect_test.lua, proxy_protocol_test.lua, tls_test.lua
    rate = true, reconnect = true, proxy_protocol = true, tls = true }
  -- udp_test.lua tries these
  for _, name in ipairs(manifest.tables.udp_listen) do tried[name] = true end
  -- websocket_test.lua tries these
  for _, name in ipairs { "close_timeout", "compress", "headers", "max_message", "origins",
    "ping_interval", "ping_timeout", "protocols", "http" } do tried[name] = true end
  for _, entry in ipairs(VALUES) do tried[entry[1]] = true end
  for _, name in ipairs { "listen", "connect", "set", "listener_set" } do
    for _, option in ipairs(manifest.tables[name]) do check.ok(tried[option], option) end
  end
end)

check.case("what is not built yet is refused, and nothing speaks of it", function()
  local manifest = require "manifest"
  local near, far <close> = pair()
  for _, method in ipairs { "send" } do check.equal(near[method], nil, method) end
  check.raises(function() listen "ftp://x:1" end, "unknown scheme \"ftp\"; there are tcp, udp, tls, http, https, ws, wss, unix, fd$")
end)

check.case("so they are over IPv6", function()
  local srv <close> = check.ok(listen("[::1]:0", { ttl = 42, tos = 16, nodelay = false }))
  local near = check.ok(connect(srv.address, { ttl = 43, tos = 32 }))
  local far = check.ok(srv:accept())
  check.same({ far:get "ttl", far:get "tos", far:get "nodelay" }, { 42, 16, false })
  check.same({ near:get "ttl", near:get "tos", near:get "nodelay" }, { 43, 32, true })
end)

check.case("S153 recvbuf and sendbuf at listen, connect and set are at least that", function()
  local near, far = pair({ recvbuf = 50000, sendbuf = 60000 }, { recvbuf = 70000, sendbuf = 80000 })
  check.ok(near:get "recvbuf" >= 50000 and near:get "sendbuf" >= 60000)
  check.ok(far:get "recvbuf" >= 70000 and far:get "sendbuf" >= 80000)
  near:set { recvbuf = 90000, sendbuf = 100000 }
  check.ok(near:get "recvbuf" >= 90000 and near:get "sendbuf" >= 100000)
  local small = pair { recvbuf = 4096 }
  check.ok(small:get "recvbuf" < 50000)
end)

check.case("S153 on Unix sockets as well; what these have not is EOPNOTSUPP", function()
  local near, far = pair.unix({ sendbuf = 50000 }, { sendbuf = 60000, nodelay = true })
  check.ok(near:get "sendbuf" >= 50000)
  check.ok(far:get "sendbuf" >= 60000)
  check.fails("EOPNOTSUPP", near:get "nodelay")
  check.fails("EOPNOTSUPP", far:get "ttl")
  check.equal(near:set { nodelay = true, keepalive = true }, near)
end)

check.case("low_water is never above high_water", function()
  local near, far <close> = pair()
  near:set { high_water = 1000 }
  check.equal(near:get "low_water", 1000)
  near:set { low_water = 500 }
  check.equal(near:get "low_water", 500)
  near:set { low_water = 5000 }
  check.equal(near:get "low_water", 1000)
end)

check.case("listening again without an option ends it for sockets as well", function()
  local srv <close> = check.ok(listen("127.0.0.1:0",
    { nodelay = false, keepalive = true, ttl = 9, tos = 16, linger = 0, backlog = 7 }))
  check.equal(srv:get "backlog", 7)
  local usual = check.ok(listen "127.0.0.1:0")
  check.equal(listen(srv.address), srv)
  local near, far = check.ok(connect(srv.address)), check.ok(srv:accept())
  for _, name in ipairs { "nodelay", "keepalive", "ttl", "tos", "linger" } do
    check.equal(srv:get(name), usual:get(name), name)
    check.equal(far:get(name), near:get(name), name)
  end
  check.equal(srv:get "backlog", usual:get "backlog")
  usual:close()
end)

check.case("setting one option leaves the others", function()
  local near, far <close> = pair { max_line = 50, frame = "line", read_deadline = 60 }
  near:set { high_water = 7 }
  check.same({ near:get "max_line", near:get "frame", near:get "read_deadline",
    near:get "high_water" }, { 50, "line", 60, 7 })
end)

check.case("linger 0 makes close a reset", function()
  local near, far = pair { linger = 0 }
  near:close()
  check.fails("ECONNRESET", far:read())
  local other, its_far = pair { linger = 0 }
  other:set { linger = false }
  other:close()
  check.equal(its_far:read(), nil)
end)

check.case("linger with seconds has close go on sending, for so long at most", function()
  local data = ("x"):rep(1 << 20)
  local near, far = pair.narrow { linger = 5 }
  near:write(data)
  local clock = check.clock()
  check.equal(near:close(), true)
  clock:took(0, 0.5, "close does not wait itself")
  check.same({ near.state, near.fd }, { "closed", nil })
  check.fails("ECLOSED", near:write "x")
  check.ok(far:read "a" == data)
  local other, its_far = pair.narrow { linger = 0.05 }
  other:write(data)
  check.equal(other:get "linger", 0.05)
  other:close()
  sleep(0.1)
  check.ok(#its_far:read "a" < #data)
end)

check.case("ipv6only keeps IPv4 off a listener on IPv6", function()
  local six <close> = check.ok(listen("[::]:0", { ipv6only = true }, function(c) c:write "six" end))
  local port = six.address:match ":(%d+)$"
  check.fails("ECONNREFUSED", connect("127.0.0.1:" .. port))
  check.equal(check.ok(connect("[::1]:" .. port)):read "a", "six")
  local both <close> = check.ok(listen("[::]:0", { ipv6only = false }, function(c) c:write "both" end))
  port = both.address:match ":(%d+)$"
  check.equal(check.ok(connect("127.0.0.1:" .. port)):read "a", "both")
end)

check.case("reuseaddr false leaves the kernel its wait", function()
  local srv = check.ok(listen("127.0.0.1:0", { reuseaddr = false }, function(c) c:finish() end))
  local address = srv.address
  check.ok(connect(address)):read "a"
  sleep(0.01)
  srv:close()
  check.fails("EADDRINUSE", listen(address, { reuseaddr = false }))
end)

check.case("options of a closed connection are ECLOSED", function()
  local near, far <close> = pair()
  near:close()
  check.fails("ECLOSED", near:set { nodelay = true })
  check.fails("ECLOSED", near:get "nodelay")
end)

check.done()
