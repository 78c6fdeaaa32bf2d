--- How connections begin: over TCP and over Unix sockets, in waiting style and with a handler. The
-- numbers are those of seeds.md 3.5.
local check = require "check"
local child = require "child"
local descriptors = require "descriptors"
local pair = require "pair"
local refusing = require "refusing"

-- A listener that takes no more connections, so that connecting to it waits.
local function full()
  local srv = check.ok(listen("127.0.0.1:0", { backlog = 1 }))
  local taken = {}
  for i = 1, 10 do
    local c = connect(srv.address, { timeout = 0.1 })
    if not c then return srv, taken end
    taken[i] = c
  end
  check.ok(false, "the listener is never full")
end

local function server(handler) return check.ok(listen("127.0.0.1:0", handler)) end

-- --- connecting ---------------------------------------------------------------------------

check.case("connect waits and returns the connection", function()
  local srv <close> = server(function(c) c:write("to ", c.peer) end)
  local c = check.ok(connect(srv.address))
  check.equal(c.state, "open")
  check.equal(c.peer, srv.address)
  check.match(c.sock, "^127%.0%.0%.1:%d+$")
  check.equal(c:read "a", "to " .. c.sock)
end)

check.case("with a handler it returns at once, and the handler gets the connection", function()
  local srv <close> = server(function(c) c:write "hello\n" end)
  local got
  local c = connect(srv.address, check.expect(function(conn, ...)
    check.equal(select("#", ...), 0)
    got = conn
    check.equal(conn:read "l", "hello")
  end))
  check.equal(c.state, "connecting")
  check.equal(got, nil)
  check.match(tostring(c), "^connection %d+ %(127%.0%.0%.1:%d+%), connecting$")
  check.eventually(function() return got end)
  check.equal(got, c)
end)

check.case("a handler may be anything callable, and come after options or nil", function()
  local srv <close> = server(function(c) c:read() end)
  local calls = 0
  local handler = setmetatable({}, { __call = function(_, c) calls = calls + (c and 1 or 100) end })
  connect(srv.address, handler)
  connect(srv.address, {}, handler)
  connect(srv.address, nil, handler)
  check.eventually(function() return calls == 3 end)
end)

check.case("S157 a refused connect is nil, message, code in waiting style", function()
  local address = refusing()
  local message = check.fails("ECONNREFUSED", connect(address))
  check.equal(message, "connect " .. address .. ": Connection refused")
end)

check.case("S157 ... or one call of the handler, never both", function()
  local calls = {}
  local c = connect(refusing(), function(...) calls[#calls + 1] = table.pack(...) end)
  check.equal(type(c), "userdata")
  check.eventually(function() return #calls > 0 end)
  sleep(0.02)
  check.equal(#calls, 1)
  check.fails("ECONNREFUSED", table.unpack(calls[1], 1, 3))
  check.equal(c.state, "failed")
  check.equal(c.failure.code, "ECONNREFUSED")
  check.fails("ECONNREFUSED", c:write "x")
  check.fails("ECONNREFUSED", c:read())
end)

check.case("a connect that nobody answers is ETIMEDOUT, in its time", function()
  local srv <close> = full()
  local clock = check.clock()
  local message = check.fails("ETIMEDOUT", connect(srv.address, { timeout = 0.1 }))
  check.match(message, "^connect 127%.0%.0%.1:%d+: ")
  clock:took(0.1, 0.5)
  connect(srv.address, { timeout = 0.05 }, check.expect(function(c, _, code)
    check.same({ c, code }, { nil, "ETIMEDOUT" })
  end))
end)

check.case("S159 what is written before the connection is up is sent once it is", function()
  local got
  local srv <close> = server(function(c) got = c:read "a" end)
  local c = connect(srv.address, function(conn) conn:write "after" end)
  check.equal(c:write("before ", 1, " "), true)
  check.equal(c.state, "connecting")
  check.ok(c.queued > 0)
  check.eventually(function() return got end)
  check.equal(got, "before 1 after")
end)

check.case("before it is up one may wait for it to read, flush, shut down or finish", function()
  local srv <close> = server(function(c) c:write((c:read "a"):upper()) end)
  local c = connect(srv.address, function() end)
  local reader = spawn(function() return c:read "a" end)
  c:write "abc"
  check.equal(c:flush(), true)
  c:shutdown()
  check.equal(reader:join(), "ABC")
  local other = connect(srv.address, function() end)
  check.equal(other:finish "def", true)
  check.eventually(function() return other.state == "closed" end)
end)

check.case("options set before it is up hold afterwards", function()
  local srv <close> = server(function(c) c:read() end)
  local up
  local c = connect(srv.address, function(conn)
    up = true
    conn:read()
  end)
  c:set { nodelay = false, ttl = 33, high_water = 1000 }
  check.same({ c:get "nodelay", c:get "ttl", c:get "high_water" }, { false, 33, 1000 })
  check.eventually(function() return up end)
  check.same({ c:get "nodelay", c:get "ttl", c:get "high_water" }, { false, 33, 1000 })
  c:close()
end)

check.case("a cancelled connect leaves nothing behind", function()
  local srv <close>, taken = full()
  local before = descriptors()
  local tasks = {}
  for i = 1, 5 do tasks[i] = spawn(function() return connect(srv.address) end) end
  sleep(0.01)
  check.equal(descriptors(), before + 5)
  for i = 1, 5 do tasks[i]:cancel() end
  for i = 1, 5 do check.same(table.pack(tasks[i]:join()), { n = 2, nil, "cancelled" }) end
  check.equal(descriptors(), before)
  check.ok(#taken > 0)
end)

check.case("so does one that is cancelled just when it comes up", function()
  local srv <close> = server(function(c) c:read() end)
  local before = descriptors()
  for i = 1, 60 do
    local task = spawn(function() return connect(srv.address) end)
    if i > 20 then
      local over = now() + i * 2e-6
      repeat sleep(0) until now() > over
    end
    task:cancel()
    task:join()
  end
  local task
  task = spawn(function()
    task:cancel()  -- takes effect at the next wait
    return connect(srv.address)
  end)
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  collectgarbage()
  check.eventually(function() return descriptors() == before end, 2, "descriptors")
end)

check.case("closing it while it connects tells the handler, once", function()
  local srv <close> = full()
  local calls = {}
  local c = connect(srv.address, function(...) calls[#calls + 1] = table.pack(...) end)
  local writer = spawn(function() return c:read() end)
  sleep(0)
  check.equal(c:close(), true)
  check.same(calls, {})
  check.fails("ECLOSED", writer:join())
  check.eventually(function() return #calls == 1 end)
  check.fails("ECLOSED", table.unpack(calls[1], 1, 3))
  sleep(0.01)
  check.equal(#calls, 1)
end)

check.case("connecting where nothing can wait raises; with a handler it works", function()
  local srv <close> = server(function(c) c:read() end)
  check.raises(function()
    table.sort({ 2, 1 }, function(a, b) connect(srv.address); return a < b end)
  end, "connect: cannot wait inside a sort comparator, __tostring, ...; use spawn")
  local c, called
  table.sort({ 2, 1 }, function(a, b)
    c = c or connect(srv.address, function() called = true end)
    return a < b
  end)
  check.eventually(function() return called end)
end)

check.case("a number is a port of this machine; localhost has both families", function()
  local srv <close> = check.ok(listen(0, function(c) c:write(c.sock) end))
  local port = tonumber(srv.address:match ":(%d+)$")
  for _, address in ipairs { port, tostring(port), "localhost:" .. port, "tcp://localhost:" .. port,
    ":" .. port } do
    local c = check.ok(connect(address))
    check.match(c:read "a", ":" .. port .. "$")
  end
end)

check.case("malformed addresses raise, and say what to write", function()
  for address, message in pairs {
    [""] = "empty; write a port, \"host:port\" or \"unix:/path\"",
    ["host"] = 'no port; write "host:80"',
    ["host:"] = "no port after the colon",
    ["host:99999"] = "port 99999 is out of range",
    ["::1:80"] = 'needs brackets: "%[::1%]:80"',
    ["xyz://a:1"] = 'unknown scheme "xyz"',
    ["unix:"] = "no path",
    ["a b:1"] = "a blank",
    ["a:b:c"] = "too many colons",
  } do
    check.raises(function() connect(address) end, "connect: .*" .. message)
    check.raises(function() listen(address, print) end, "listen: .*" .. message)
  end
  check.raises(function() connect(0) end, "port 0 can be listened on only")
  check.raises(function() connect(70000) end, "port 70000 is out of range")
  check.raises(function() connect(-1) end, "port %-1 is out of range")
  check.raises(function() connect(1.5) end, "port number has a fraction")
  check.raises(function() connect() end, "address expected, got no value")
  check.raises(function() connect {} end, "address expected, got table")
  check.raises(function() connect("localhost:1", 5) end, "function expected, got number")
  check.raises(function() connect "http://localhost:1" end,
    "connect: http://localhost:1: requests are made by http.get")
end)

check.case("an unknown host is EDNS, an unknown service ENOENT", function()
  local message = check.fails("EDNS", connect "[fe80::1%nosuch]:80")
  check.match(message, "^connect %[fe80::1%%nosuch%]:80: ")
  message = check.fails("ENOENT", connect "localhost:nosuch")
  check.equal(message, 'connect localhost:nosuch: unknown service "nosuch"')
  check.fails("ENOENT", listen "localhost:nosuch")
  check.fails("EDNS", listen "nosuch.invalid:0")
end)

check.case("bind names our own address", function()
  local srv <close> = server(function(c) c:read() end)
  local c <close> = check.ok(connect(srv.address, { bind = "127.0.0.2" }))
  check.match(c.sock, "^127%.0%.0%.2:%d+$")
  check.fails("EADDRNOTAVAIL", connect(srv.address, { bind = "192.0.2.1" }))
  check.fails("EAFNOSUPPORT", connect(srv.address, { bind = "::1" }))
  check.raises(function() connect(srv.address, { bind = "nonsense" }) end, "connect: .*nonsense")
end)

-- --- Unix sockets ------------------------------------------------------------------------------

check.case("a Unix socket is an address like any other", function()
  local path = pair.path()
  local srv <close> = check.ok(listen("unix:" .. path, function(c) c:write(c:read "l") end))
  check.equal(srv.address, "unix:" .. path)
  local c = check.ok(connect(srv.address))
  check.equal(c.peer, "unix:" .. path)
  c:write "hello\n"
  check.equal(c:read "a", "hello")
  srv:close()
  check.fails("ENOENT", connect("unix:" .. path))
end)

check.case("a socket file that nobody listens on refuses", function()
  local path = pair.path()
  child(("listen('unix:%s'); os.exit(0)"):format(path))
  check.fails("ECONNREFUSED", connect("unix:" .. path))
  os.remove(path)
end)

check.case("an abstract Unix socket leaves no file", function()
  local name = "unix:@moonwire test " .. now()
  local srv <close> = check.ok(listen(name, function(c) c:write "from nowhere" end))
  check.equal(srv.address, name)
  check.equal(check.ok(connect(name)):read "a", "from nowhere")
end)

check.case("the failures of a Unix socket name its file, or the connection", function()
  local near, far = pair.unix()
  check.match(check.fails("ETIMEDOUT", near:read(nil, { timeout = 0 })), "^read unix:/tmp/")
  check.match(check.fails("ETIMEDOUT", far:read(nil, { timeout = 0 })), "^read connection %d+: ")
end)

check.done()
