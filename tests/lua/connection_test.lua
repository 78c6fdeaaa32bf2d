--- Connections: how they begin, what belongs to them, and how they end. The numbers are those
-- of seeds.md 3.5.
local check = require "check"
local child = require "child"
local pair = require "pair"

-- How many descriptors this process has open, the first few left out.
local function descriptors()
  local count = 0
  for i = 3, 200 do
    local file, _, code = io.open("/proc/self/fd/" .. i)
    if file then file:close() end
    if code ~= 2 then count = count + 1 end  -- not ENOENT
  end
  return count
end

-- The address of a port where nobody listens.
local function refusing()
  local srv = check.ok(listen "127.0.0.1:0")
  local address = srv.address
  srv:close()
  return address
end

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

-- --- what is told of it ---------------------------------------------------------------------------

check.case("fields and tostring tell it at a glance", function()
  local near, far = pair()
  check.equal(math.type(near.id), "integer")
  check.equal(near.id, conns[near.id].id)
  check.equal(conns[near.id], near)
  check.equal(near.peer, far.sock)
  check.equal(near.sock, far.peer)
  check.ok(near.fd > 2 and near.fd ~= far.fd)
  check.ok(near.opened <= now() and near.opened > now() - 5)
  check.equal(near.nosuch, nil)
  check.equal(tostring(near), ("connection %d (%s)"):format(near.id, near.peer))
  far:shutdown()
  check.eventually(function() return near.state == "half-closed" end)
  check.equal(tostring(near), ("connection %d (%s), half-closed"):format(near.id, near.peer))
  near:shutdown()
  check.equal(near.state, "ended")
  near:close()
  check.same({ near.state, near.fd, near.queued, near.bytes_in }, { "closed", nil, 0, 0 })
  check.match(tostring(near), ", closed$")
  check.match(near.peer, "^127%.0%.0%.1:")
  check.raises(function() near.label = "x" end, "a connection has no field 'label' to set")
  check.raises(function() near.read(far.fd) end, "connection expected, got number")
  check.raises(function() near.read(io.stdout) end, "connection expected")
end)

-- --- ending ---------------------------------------------------------------------------------------

check.case("<close> closes it at the end of the block", function()
  local near, far = pair()
  do
    local c <close> = near
    check.equal(c.state, "open")
  end
  check.equal(near.state, "closed")
  check.equal(far:read(), nil)
end)

check.case("one that only a variable held is closed when it is collected", function()
  local near, far = pair()
  local before = descriptors()
  near = nil
  collectgarbage()
  collectgarbage()
  check.equal(far:read(), nil)
  check.equal(descriptors(), before - 1)
  check.equal(near, nil)
end)

check.case("a task that reads keeps it", function()
  local near, far = pair()
  local reader
  do
    local c = near
    reader = spawn(function() return c:read "l" end)
  end
  near = nil
  sleep(0)
  collectgarbage()
  collectgarbage()
  far:write "still here\n"
  check.equal(reader:join(), "still here")
  check.equal(near, nil)
end)

check.case("when its handler returns it is finished: what is queued goes out, then it closes", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", { sendbuf = 4096 }, function(c)
    c:write(("x"):rep(300000))
  end))
  local c = check.ok(connect(srv.address, { recvbuf = 4096, unread_limit = 0 }))
  sleep(0.02)
  check.equal(#c:read "a", 300000)
  local up
  local other = connect(srv.address, function() up = true end)
  check.eventually(function() return up and other.state == "closed" end)
end)

check.case("... unless a task of its own lives", function()
  local srv <close> = server(function(c)
    c:spawn(function()
      for i = 1, 3 do
        sleep(0.005)
        c:write(i)
      end
    end)
  end)
  check.equal(check.ok(connect(srv.address)):read "a", "123")
end)

check.case("... or a task waits on it", function()
  local srv <close> = server(function(c)
    spawn(function()
      for line in c:lines() do c:write(line:upper(), "\n") end
    end)
  end)
  local c = check.ok(connect(srv.address))
  for i = 1, 3 do
    c:write("line ", i, "\n")
    check.equal(c:read "l", "LINE " .. i)
    sleep(0.002)
  end
  c:shutdown()
  check.equal(c:read(), nil)  -- the task has ended: so has the connection
end)

check.case("... a spawned task that does not wait on it does not hold it", function()
  local task
  local srv <close> = server(function(c)
    task = spawn(function()
      sleep(0.03)
      return c:write "late"
    end)
  end)
  check.equal(check.ok(connect(srv.address)):read "a", "")
  check.fails("ECLOSED", task:join())
end)

check.case("... a wait that times out or is cancelled holds it no longer", function()
  for _, how in ipairs { "timeout", "cancel" } do
    local srv <close> = server(function(c)
      local reader = spawn(function()
        c:read("l", { timeout = how == "timeout" and 0.02 or nil })
        sleep(5)
      end)
      timeout(0.02, function() if how == "cancel" then reader:cancel() end end)
      timeout(1, function() reader:cancel() end)
    end)
    local clock = check.clock()
    check.equal(check.ok(connect(srv.address)):read "a", "")
    clock:took(0, 0.9)
    check.eventually(function() return #tasks() < 3 end)
  end
end)

check.case("a handler that fails costs its connection, and nothing else", function()
  local output, status = child [[
    local srv = listen("127.0.0.1:0", function(c)
      local line = c:read "l"
      if line == "fail" then local x = nil; x.y = 1 end
      c:write(line or "")
    end)
    local bad, good = connect(srv.address), connect(srv.address)
    bad:write "fail\n"
    print("bad", bad:read())
    good:write "fine\n"
    print("good", good:read "a")
    local failed
    connect(srv.address, function(c) failed = c; error { code = 7 } end)
    while not failed or failed.state ~= "closed" do sleep(0.001) end
    srv:close()
    print "on it goes"]]
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-: attempt to index a nil value")
  check.match(output, "stack traceback:\n\t.-:3: in function")
  check.match(output, "bad\tnil\n")
  check.match(output, "good\tfine\n")
  check.match(output, "error object is a table value")
  check.match(output, "on it goes\n$")
  check.equal(status, 0)
end)

-- --- timers and tasks of its own ---------------------------------------------------------------------

check.case("S161 a timer of a connection dies with it, and then raises", function()
  local near, far <close> = pair()
  local t = near:timeout(0.2, function() check.ok(false, "it ran") end)
  check.equal(t:alive(), true)
  timeout(0.1, function() near:close() end)
  sleep(0.25)
  check.equal(t:alive(), false)
  check.raises(function() t:restart() end, "restart: the timer is gone")
  check.raises(function() near:timeout(1, print) end, "timeout: the connection is gone")
  check.equal(t:delete(), false)
end)

check.case("a timer of a connection is otherwise a timer", function()
  local near, far <close> = pair()
  local ticks = {}
  near:timeout(0.01, function(...)
    ticks[#ticks + 1] = table.pack(...)
    return #ticks < 3
  end, "a", nil, 3)
  check.eventually(function() return #ticks == 3 end)
  check.same(ticks[3], { n = 3, "a", nil, 3 })
  local idle = near:timeout(nil, check.expect())
  check.equal(idle:pending(), false)
  idle:add(0)
  sleep(0.01)
  check.raises(function() near:timeout(-1, print) end, "must not be negative")
  check.raises(function() near:timeout(1) end, "function expected")
end)

check.case("the peer's end of a connection ends its timers and tasks as well", function()
  for _, how in ipairs { "close", "abort" } do
    local near, far = pair()
    local log = {}
    near:on { close = function(_, reason) log[#log + 1] = reason end }
    local t = near:timeout(0.01, function() return true end)
    local task = near:spawn(function()
      local guard <close> = setmetatable({}, { __close = function() log[#log + 1] = "task" end })
      sleep(60)
    end)
    sleep(0.03)
    far[how](far)
    if how == "close" then
      -- its task still holds it, as it might answer
      sleep(0.02)
      check.same({ near.state, task:alive() }, { "half-closed", true })
      near:close()
    end
    check.eventually(function() return #log == 2 end)
    table.sort(log)
    check.same(log, { how == "close" and "closed" or "reset", "task" })
    check.same({ t:alive(), task:alive() }, { false, false })
    check.fails("ECLOSED", near:spawn(print))
    check.raises(function() near:timeout(1, print) end, "timeout: the connection is gone")
  end
end)

check.case("S169 a task of a connection is cancelled with it, its <close> variables run", function()
  local near, far <close> = pair()
  local closed, ticks = 0, 0
  local task = near:spawn(function()
    local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
    while true do
      sleep(0.005)
      ticks = ticks + 1
    end
  end)
  local free = near:spawn(function()
    sleep(0.05)
    return "free"
  end)
  check.equal(free:detach(), free)
  sleep(0.02)
  check.equal(closed, 0)
  near:close()
  local seen = ticks
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.equal(closed, 1)
  check.equal(free:join(), "free")
  check.equal(ticks, seen)
end)

check.case("a task that closes its own connection ends at its next wait", function()
  local near, far <close> = pair()
  local after = false
  local task = near:spawn(function()
    near:close()
    after = true
    sleep(0.01)
    after = "too far"
  end)
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.equal(after, true)
end)

check.case("detaching the task that held it ends a connection whose handler has returned", function()
  local task, released
  local srv <close> = server(function(c)
    task = c:spawn(function()
      while not released do sleep(0.005) end
      return "done"
    end)
  end)
  local c = check.ok(connect(srv.address))
  check.eventually(function() return task end)
  sleep(0.01)
  task:detach()
  check.equal(c:read "a", "")
  released = true
  check.equal(task:join(), "done")
end)

check.case("an error in a task or timer of a connection costs the connection only", function()
  local output, status = child [[
    local srv = listen("127.0.0.1:0", function(c)
      local what = c:read "l"
      if what == "task" then c:spawn(function() sleep(0.001); error "in the task" end)
      elseif what == "timer" then c:timeout(0.001, function() error "in the timer" end)
      elseif what == "joined" then
        c:write(tostring(select(2, c:spawn(function() error("heard", 0) end):join())), "\n")
      end
      c:read()
    end)
    for _, what in ipairs { "task", "timer", "joined" } do
      local c = connect(srv.address)
      c:write(what, "\n")
      print(what, c:read "l")
      c:close()
    end
    srv:close()]]
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-in the task\nstack traceback:")
  check.match(output, "task\tnil\n")
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-in the timer\nstack traceback:")
  check.match(output, "timer\tnil\n")
  check.match(output, "joined\theard\n")
  check.equal(status, 0)
end)

-- --- read_deadline ------------------------------------------------------------------------------------

check.case("read_deadline drops a connection from which nothing comes", function()
  local near, far = pair(nil, { read_deadline = 0.1 })
  local clock = check.clock()
  local reader = spawn(function() return far:read "l" end)
  for _ = 1, 5 do
    sleep(0.04)
    near:write "x"
  end
  local message = check.fails("ETIMEDOUT", reader:join())
  check.match(message, "nothing came within the read_deadline$")
  clock:took(0.3, 0.5)
  check.equal(far:take(), "xxxxx")
  check.equal(far.state, "failed")
  check.equal(near:read(), nil)
end)

check.case("read_deadline may be set, moved and taken away", function()
  local near, far = pair()
  check.equal(near:get "read_deadline", nil)
  near:set { read_deadline = 0.02 }
  check.equal(near:get "read_deadline", 0.02)
  near:set { nodelay = true }
  near:set { read_deadline = 0 }
  check.equal(near:get "read_deadline", nil)
  sleep(0.05)
  check.equal(near.state, "open")
  near:set { read_deadline = 0.02 }
  check.fails("ETIMEDOUT", near:read())
  check.equal(far:read(), nil)
end)

check.done()
