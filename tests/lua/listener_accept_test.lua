--- How a listener lets connections in: accept, and limits. The numbers are those of seeds.md 3.5.
local check = require "check"
local child = require "child"

-- --- accept ----------------------------------------------------------------------------------------

check.case("without a handler accept waits for the next connection", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local acceptor = spawn(function() return srv:accept() end)
  sleep(0.01)
  check.equal(acceptor:alive(), true)
  local near = check.ok(connect(srv.address))
  local far = check.ok(acceptor:join())
  near:write "hello"
  check.equal(far:read(5), "hello")
  check.equal(far.peer, near.sock)
  check.same({ srv.accepted, srv.open }, { 1, 1 })
  near:close()
  far:close()
  check.equal(srv.open, 0)
end)

check.case("connections wait in the kernel until somebody accepts them, in order", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local clients = {}
  for i = 1, 3 do
    clients[i] = check.ok(connect(srv.address))
    clients[i]:write(i)
    clients[i]:flush()
  end
  check.equal(srv.accepted, 0)
  for i = 1, 3 do check.equal(check.ok(srv:accept()):read(1), tostring(i)) end
end)

check.case("several tasks that accept get one each, in their order", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local order, tasks = {}, {}
  for i = 1, 3 do
    tasks[i] = spawn(function()
      local c = srv:accept()
      order[#order + 1] = i
      return c
    end)
  end
  sleep(0)
  local clients = {}
  for i = 1, 3 do clients[i] = check.ok(connect(srv.address)) end
  local peers = {}
  for i = 1, 3 do peers[i] = check.ok(tasks[i]:join()).peer end
  check.same(order, { 1, 2, 3 })
  check.same(peers, { clients[1].sock, clients[2].sock, clients[3].sock })
end)

check.case("accept has a timeout, and takes nobody afterwards", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local began = now()
  local message = check.fails("ETIMEDOUT", srv:accept { timeout = 0.03 })
  check.match(message, "^accept 127%.0%.0%.1:%d+: ")
  check.ok(now() - began >= 0.03)
  local c = check.ok(connect(srv.address))
  sleep(0.01)
  check.equal(srv.accepted, 0)
  check.equal(check.ok(srv:accept { timeout = 10 }).peer, c.sock)
  check.raises(function() srv:accept { grace = 1 } end, "accept: unknown option 'grace'")
end)

check.case("a cancelled accept takes nobody", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local acceptor = spawn(function() return srv:accept() end)
  sleep(0)
  acceptor:cancel()
  check.same(table.pack(acceptor:join()), { n = 2, nil, "cancelled" })
  local c = check.ok(connect(srv.address))
  sleep(0.01)
  check.equal(srv.accepted, 0)
  check.equal(check.ok(srv:accept()).peer, c.sock)
end)

check.case("one that is cancelled just as a connection comes leaves nothing behind", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  for i = 1, 30 do
    local acceptor = spawn(function() return srv:accept() end)
    local client = spawn(function() return connect(srv.address) end)
    if i % 3 > 0 then sleep(0) end
    if i % 3 > 1 then sleep(0) end
    acceptor:cancel()
    acceptor:join()
    local c = check.ok(client:join())
    if srv.accepted == 0 then srv:accept():close() end
    c:close()
  end
  collectgarbage()
  check.eventually(function() return srv.open == 0 end)
end)

check.case("accept raises while there is a handler, and where nothing can wait", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", print))
  check.raises(function() srv:accept() end, "accept: the listener has a handler")
  local free <close> = check.ok(listen "127.0.0.1:0")
  check.raises(function()
    table.sort({ 2, 1 }, function(a, b) free:accept(); return a < b end)
  end, "accept: cannot wait inside a sort comparator")
  local c <close> = check.ok(connect(free.address))
  sleep(0.01)
  check.equal(free.accepted, 0)
end)

check.case("who waits in accept is served although a handler has come since", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local acceptor = spawn(function() return srv:accept() end)
  sleep(0)
  listen(srv.address, function(c) c:write "the handler" end)
  local first = check.ok(connect(srv.address))
  check.equal(check.ok(connect(srv.address)):read "a", "the handler")
  check.equal(check.ok(acceptor:join()).peer, first.sock)
end)

check.case("accepted connections have the listener's options", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", { max_line = 10, timeout = 0.01 }))
  local c <close> = check.ok(connect(srv.address))
  local far <close> = check.ok(srv:accept())
  check.same({ far:get "max_line", far:get "timeout" }, { 10, 0.01 })
  check.fails("ETIMEDOUT", far:read())
end)

check.case("who waits in accept is told that it was closed", function()
  local srv = check.ok(listen "127.0.0.1:0")
  local acceptor = spawn(function() return srv:accept() end)
  sleep(0)
  srv:close()
  check.match(check.fails("ECLOSED", acceptor:join()), "^accept 127%.0%.0%.1:%d+: ")
end)

-- --- limits -------------------------------------------------------------------------------------------

check.case("max_connections bounds those that are open; others wait their turn", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", { max_connections = 2 }, function(c)
    c:write "in\n"
    c:read()
  end))
  local clients, greeted = {}, 0
  for i = 1, 4 do
    clients[i] = check.ok(connect(srv.address))
    spawn(function() if clients[i]:read "l" then greeted = greeted + 1 end end)
  end
  check.eventually(function() return greeted == 2 end)
  sleep(0.02)
  check.same({ greeted, srv.open, srv.accepted }, { 2, 2, 2 })
  clients[1]:close()
  check.eventually(function() return greeted == 3 end)
  check.equal(srv:get "max_connections", 2)
  check.equal(srv:set { max_connections = 3 }, srv)
  check.eventually(function() return greeted == 4 end)
  check.equal(srv.open, 3)
  for i = 2, 4 do clients[i]:close() end
  check.eventually(function() return srv.open == 0 end)
end)

check.case("S145 without descriptors it says so once, does not spin, and goes on", function()
  local path = os.tmpname()
  local file = check.ok(io.open(path, "w"))
  file:write [[
    local srv
    srv = assert(listen("127.0.0.1:0", function(c)
      c:write "in\n"
      for line in c:lines() do
        c:write(os.clock(), "\n")
        if line == "quit" then srv:close() end
      end
    end))
    print(srv.address)
    io.stdout:flush()]]
  file:close()
  local pipe = check.ok(io.popen("ulimit -n 80; exec " .. child.command(path)))
  local address = pipe:read "l"
  local clients, greeted = {}, 0
  for i = 1, 100 do
    clients[i] = check.ok(connect(address))
    spawn(function() if clients[i]:read "l" then greeted = greeted + 1 end end)
  end
  local function clock()
    clients[1]:write "clock\n"
    return tonumber(clients[1]:read "l")
  end
  local before = -1
  check.eventually(function()  -- no more are let in
    local same = greeted == before and greeted > 40
    before = greeted
    sleep(0.15)
    return same
  end)
  check.ok(greeted < 80, greeted)
  local busy = clock()
  sleep(0.5)
  check.ok(clock() - busy < 0.05, "processor time in half a second")
  for i = 100, 51, -1 do clients[i]:close() end  -- some of them had been let in
  for i = 31, 50 do clients[i]:close() end
  local late = check.ok(connect(address))
  check.equal(late:read("l", { timeout = 5 }), "in")
  late:write "quit\n"
  check.ok(late:read "l")
  for i = 1, 30 do clients[i]:close() end
  late:close()
  local said = pipe:read "a"
  pipe:close()
  os.remove(path)
  local _, times = said:gsub("accepting goes on when one is free", "")
  check.equal(times, 1, said)
end)

check.done()
