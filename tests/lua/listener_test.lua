--- Listeners: addresses, handlers and their swapping, options, closing. The numbers are those of
-- seeds.md 3.5.
local check = require "check"
local child = require "child"
local pair = require "pair"

local function port_of(srv) return tonumber(srv.address:match ":(%d+)$") end

-- What a server of ours says on its own at `address`.
local function said_at(address)
  local c <close> = check.ok(connect(address))
  return c:read "a"
end

local function saying(text) return function(c) c:write(text) end end

local function file_exists(path)
  local file, _, code = io.open(path)
  if file then file:close() end
  return code ~= 2  -- ENOENT; a socket cannot be opened
end

-- --- addresses ---------------------------------------------------------------------------------

check.case("S143 two listeners on port 0 have different ports and their own clients", function()
  local one <close> = check.ok(listen("127.0.0.1:0", saying "one"))
  local two <close> = check.ok(listen("127.0.0.1:0", saying "two"))
  check.match(one.address, "^127%.0%.0%.1:%d+$")
  check.ok(one.address ~= two.address)
  check.equal(said_at(one.address), "one")
  check.equal(said_at(two.address), "two")
  check.equal(said_at(two.address), "two")
  check.same({ one.accepted, two.accepted }, { 1, 2 })
end)

check.case("a bare port is the loopback in both families, with the same port", function()
  local srv <close> = check.ok(listen(0, function(c) c:write(c.sock) end))
  local port = port_of(srv)
  check.same(srv.addresses, { "127.0.0.1:" .. port, "[::1]:" .. port })
  check.equal(srv.address, srv.addresses[1])
  for _, address in ipairs(srv.addresses) do check.equal(said_at(address), address) end
end)

check.case("every interface: the star and the bare colon", function()
  for _, address in ipairs { "*:0", ":0" } do
    local srv <close> = check.ok(listen(address, saying "hello"))
    local port = port_of(srv)
    check.same(srv.addresses, { "0.0.0.0:" .. port, "[::]:" .. port })
    check.equal(said_at("127.0.0.1:" .. port), "hello")
    check.equal(said_at("[::1]:" .. port), "hello")
    check.equal(said_at(port), "hello")
  end
end)

check.case("one address is one socket", function()
  local four <close> = check.ok(listen("127.0.0.1:0"))
  local six <close> = check.ok(listen("[::1]:0"))
  check.same(four.addresses, { four.address })
  check.match(six.address, "^%[::1%]:%d+$")
  check.same(six.addresses, { six.address })
end)

check.case("the address can be given to connect, of whatever kind it is", function()
  for _, address in ipairs { "127.0.0.1:0", "[::1]:0", 0, "unix:" .. pair.path(),
    "unix:@moonwire " .. now() } do
    local srv <close> = check.ok(listen(address, saying "hello"))
    check.equal(said_at(srv.address), "hello")
  end
end)

check.case("a busy port is EADDRINUSE, and the message tells by whom", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local message = check.fails("EADDRINUSE", listen(srv.address, { reuseport = true }))
  check.equal(message, "listen " .. srv.address .. ": Address already in use (by this program)")
  check.match(child(("print(listen %q)"):format(srv.address)),
    "^nil\tlisten 127%.0%.0%.1:%d+: Address already in use %(by moonwire%S*, pid %d+%)\tEADDRINUSE\n$")
end)

check.case("an address that is not ours is EADDRNOTAVAIL", function()
  local message = check.fails("EADDRNOTAVAIL", listen "192.0.2.1:0")
  check.match(message, "^listen 192%.0%.2%.1:0: ")
end)

-- --- Unix sockets ------------------------------------------------------------------------------

check.case("a socket file is there while it is listened on", function()
  local path = pair.path()
  local srv <close> = check.ok(listen("unix:" .. path, saying "hello"))
  check.equal(file_exists(path), true)
  check.equal(said_at("unix:" .. path), "hello")
  srv:close()
  check.equal(file_exists(path), false)
end)

check.case("a stale socket file is taken over, a live one is not", function()
  local path = pair.path()
  child(("listen('unix:%s'); os.exit(0)"):format(path))
  check.equal(file_exists(path), true)
  local srv <close> = check.ok(listen("unix:" .. path, saying "again"))
  check.equal(said_at("unix:" .. path), "again")
  local output = child(("print(select(3, listen('unix:%s')))"):format(path))
  check.equal(output, "EADDRINUSE\n")
  check.equal(said_at("unix:" .. path), "again")
end)

check.case("a file that is no socket is left alone", function()
  local path = os.tmpname()
  check.match(check.fails("EADDRINUSE", listen("unix:" .. path)),
    "the file exists and is not a socket")
  check.equal(file_exists(path), true)
  os.remove(path)
  check.fails("ENOENT", listen("unix:" .. path .. "/nosuch/socket"))
end)

-- --- handlers ------------------------------------------------------------------------------------

check.case("each connection has a task of its own", function()
  local order = {}
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    local name = c:read "l"
    if name == "slow" then sleep(0.05) end
    order[#order + 1] = name
  end))
  local slow, quick = check.ok(connect(srv.address)), check.ok(connect(srv.address))
  slow:write "slow\n"
  sleep(0.01)
  quick:write "quick\n"
  slow:read "a"
  check.same(order, { "quick", "slow" })
end)

check.case("listening again swaps the handler; socket and clients stay", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:write "one\n"
    c:write(c:read "l", "\n")
  end))
  local old = check.ok(connect(srv.address))
  check.equal(old:read "l", "one")
  local fd = srv.fd
  local again = check.ok(listen(srv.address, function(c) c:write "two\n" end))
  check.equal(again, srv)
  check.equal(srv.fd, fd)
  check.equal(check.ok(connect(srv.address)):read "l", "two")
  old:write "still with the first\n"
  check.equal(old:read "l", "still with the first")
  check.equal(srv.accepted, 2)
end)

check.case("... by any of its names, and options are as at first but for those given", function()
  local srv <close> = check.ok(listen(0, { max_connections = 7, max_line = 100 }, print))
  local port = port_of(srv)
  for _, name in ipairs { srv.address, "localhost:" .. port, port, tostring(port) } do
    check.equal(listen(name, { high_water = 1000 }, saying "x"), srv, name)
  end
  check.same({ srv:get "max_connections", srv:get "max_line", srv:get "high_water" },
    { nil, 1 << 20, 1000 })
  local path = "unix:" .. pair.path()
  local file <close> = check.ok(listen(path))
  check.equal(listen(path, saying "y"), file)
  check.equal(said_at(path), "y")
end)

check.case("port 0 is never our own address", function()
  local one <close> = check.ok(listen(0))
  local two <close> = check.ok(listen(0))
  check.ok(one ~= two and one.address ~= two.address)
end)

check.case("listening again after close is a new listener", function()
  local srv = check.ok(listen("127.0.0.1:0"))
  local address = srv.address
  srv:close()
  local again <close> = check.ok(listen(address, saying "again"))
  check.ok(again ~= srv)
  check.equal(said_at(address), "again")
end)

check.case("reuseport opens one more socket on the same address", function()
  local one <close> = check.ok(listen("127.0.0.1:0", { reuseport = true }, saying "hello"))
  local two <close> = check.ok(listen(one.address, { reuseport = true }, saying "hello"))
  check.ok(one ~= two)
  check.equal(one.address, two.address)
  for _ = 1, 60 do check.equal(said_at(one.address), "hello") end
  check.equal(one.accepted + two.accepted, 60)
  check.ok(one.accepted > 0 and two.accepted > 0)
end)

check.case("a handler may be anything callable, other values raise", function()
  local calls = 0
  local app = setmetatable({}, { __call = function(_, c) calls = calls + 1; c:write "called" end })
  local srv <close> = check.ok(listen("127.0.0.1:0", app))
  check.equal(said_at(srv.address), "called")
  check.equal(calls, 1)
  check.raises(function() listen(0, 5) end, "function expected, got number")
  check.raises(function() listen(0, {}, {}) end, "function expected, got table")
  check.raises(function() listen() end, "address expected, got no value")
end)

-- --- options of a listener ------------------------------------------------------------------------------

check.case("set changes the listener's own options and those of connections to come", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:write(tostring(c:get "nodelay"), " ", c:get "max_line")
  end))
  check.equal(said_at(srv.address), "true 1048576")
  check.equal(srv:set { nodelay = false, max_line = 7, backlog = 5, read_deadline = 9 }, srv)
  check.equal(said_at(srv.address), "false 7")
  check.same({ srv:get "nodelay", srv:get "max_line", srv:get "backlog", srv:get "read_deadline" },
    { false, 7, 5, 9 })
  check.raises(function() srv:set { reuseport = true } end, "set: unknown option 'reuseport'")
  check.raises(function() srv:set { max_connections = 0 } end,
    "set: option 'max_connections' must be from 1 to 2147483647, got 0")
  check.raises(function() srv:set { max_connections = math.maxinteger } end, "'max_connections' must be")
  check.raises(function() srv:set() end, "set: a table of options expected")
  check.raises(function() srv:get "bakclog" end,
    "get: unknown option 'bakclog', did you mean 'backlog'%?")
  check.raises(function() srv:get() end, "string expected")
end)

-- --- closing ----------------------------------------------------------------------------------------------

check.case("close ends the listening; connections go on", function()
  local srv = check.ok(listen("127.0.0.1:0", function(c)
    for line in c:lines() do c:write(line, "\n") end
  end))
  local address, fd = srv.address, srv.fd
  local c = check.ok(connect(address))
  c:write "one\n"
  check.equal(c:read "l", "one")
  check.equal(srv:close(), true)
  check.equal(srv:close(), false)
  check.fails("ECONNREFUSED", connect(address))
  c:write "two\n"
  check.equal(c:read "l", "two")
  check.same({ srv.address, srv.fd, srv.accepted }, { address, nil, 1 })
  check.ok(fd)
  check.equal(tostring(srv), ("listener %d (%s), closed"):format(srv.id, address))
  check.fails("ECLOSED", srv:accept())
  check.fails("ECLOSED", srv:set { backlog = 1 })
  check.fails("ECLOSED", srv:get "backlog")
end)

check.case("close with grace lets handlers end, then closes what is left", function()
  local log = {}
  local srv = check.ok(listen("127.0.0.1:0", function(c)
    c:write "in\n"
    local name = c:read "l"
    if name == "quick" then sleep(0.02) else log[1] = table.pack(c:read "l") end
    c:write(name, " done\n")
  end))
  local quick, slow = check.ok(connect(srv.address)), check.ok(connect(srv.address))
  check.same({ quick:read "l", slow:read "l" }, { "in", "in" })
  quick:write "quick\n"
  slow:write "slow\n"
  local clock = check.clock()
  check.equal(srv:close { grace = 0.5 }, true)
  check.fails("ECONNREFUSED", connect(srv.address))
  check.equal(quick:read "a", "quick done\n")
  check.equal(slow:read "a", "")
  clock:took(0.5, 0.8)
  check.equal(srv.open, 0)
  check.fails("ECLOSED", table.unpack(log[1], 1, 3))
end)

check.case("close with grace is over when the last handler is", function()
  local srv = check.ok(listen("127.0.0.1:0", function(c) c:read() end))
  local c = check.ok(connect(srv.address))
  check.eventually(function() return srv.open == 1 end)
  srv:close { grace = math.huge }
  c:close()
  check.eventually(function() return srv.open == 0 end)
  local idle = check.ok(listen "127.0.0.1:0")
  check.equal(idle:close { grace = 5 }, true)
  check.raises(function() idle:close { grace = -1 } end, "'grace' must be at least 0, got %-1")
  check.raises(function() idle:close { grce = 1 } end, "did you mean 'grace'%?")
end)

check.case("<close> closes a listener", function()
  local address
  do
    local srv <close> = check.ok(listen "127.0.0.1:0")
    address = srv.address
  end
  check.fails("ECONNREFUSED", connect(address))
end)

check.case("a listener with a handler needs no variable", function()
  local address
  do address = check.ok(listen("127.0.0.1:0", saying "alive")).address end
  collectgarbage()
  collectgarbage()
  check.equal(said_at(address), "alive")
  listen(address):close()
end)

check.case("a closed listener cannot be used for other things", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", print))
  check.equal(math.type(srv.id), "integer")
  check.equal(srv.nosuch, nil)
  srv.on_notify = print
  check.equal(srv.on_notify, print)
  check.raises(function() srv.other = 1 end, "a listener has no field 'other' to set")
  check.raises(function() srv.close(conns) end, "listener expected, got table")
end)

check.done()
