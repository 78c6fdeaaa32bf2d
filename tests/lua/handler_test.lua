--- The module handler: handlers that own their timeouts, over real sockets.
local check = require "check"
local handler = require "handler"
local pair = require "pair"
local log = require "log"

log.terminal(false)

--- Runs fn(lines) with the log in a file; `lines()` is what it has so far.
local function with_log(fn)
  local path = os.tmpname()
  check.ok(log.file(path))
  local ok, problem = pcall(fn, function()
    local file <close> = io.open(path)
    return file and file:read "a" or ""
  end)
  log.file(false)
  os.remove(path)
  if not ok then error(problem, 0) end
end

--- A handler on a connection of its own, and the other end.
local function on_pair(class)
  local near, far = pair()
  return handler.new("demo", near, class), far
end

-- --- any descriptor -----------------------------------------------------------------------------------

check.case("M2 the callbacks of what is ready and asked for", function()
  local got, writable = {}, false
  local h, far = on_pair {
    read_callback = function(self) got[#got + 1] = self.x:take() end,
    is_writable = function() return writable end,
    write_callback = function() got[#got + 1] = "writable" writable = false end,
  }
  far:write "one"
  check.eventually(function() return got[1] == "one" end, 10)
  writable = true
  check.eventually(function() return got[2] == "writable" end, 10)
  far:write "two"
  check.eventually(function() return got[3] == "two" end, 10)
  check.same(got, { "one", "writable", "two" }, "writable is told only while it is asked for")
  h:destroy()
  far:close()
end)

check.case("M2 what is not asked for waits until it is", function()
  local reads, wanted = 0, false
  local h, far = on_pair {
    is_readable = function() return wanted end,
    read_callback = function(self) reads = reads + #self.x:take() end,
  }
  far:write "abc"
  check.eventually(function() return far.queued == 0 and #h.x:peek() == 3 or not wanted end, 10)
  sleep(0.02)
  check.equal(reads, 0)
  wanted = true
  check.eventually(function() return reads == 3 end, 10)
  h:destroy()
  far:close()
end)

check.case("M3 destroy: the callback first, then its timeouts die, the descriptor closes; a second raises", function()
  local order = {}
  local h, far = on_pair { read_callback = function() end,
    destroyed_callback = function(self) order[#order + 1] = self.x.state end }
  local task = h:timeout("t", 60, function() order[#order + 1] = "timeout" end)
  h:destroy()
  check.same(order, { "open" })
  check.equal(h.x.state, "closed")
  check.equal(far:read(), nil)
  check.equal(h.dead, true)
  check.raises(function() h:destroy() end, "handler_test.lua:%d+: demo:destroy: it was destroyed before")
  check.raises(function() h:timeout("u", 1, print) end, "demo:timeout: it was destroyed")
  for _, name in ipairs { "restart", "cancel", "alive", "remaining" } do
    check.raises(function() task[name](task) end, "timeout t:" .. name .. ": its owner demo has died")
  end
  check.raises(function() task:reset(1) end, "its owner demo has died")
  far:close()
end)

check.case("M3 destroy within a callback, and of a handler that is ready as well", function()
  local calls = 0
  local first, second, far_first, far_second
  local class = { read_callback = function(self)
    calls = calls + 1
    local other = self == first and second or first
    other:destroy()
    self:destroy()
  end }
  first, far_first = on_pair(class)
  second, far_second = on_pair(class)
  far_first:write "x"
  far_second:write "x"
  check.equal(far_first:read(), nil)
  check.equal(far_second:read(), nil)
  check.equal(calls, 1)
  far_first:close()
  far_second:close()
end)

-- --- timeouts -----------------------------------------------------------------------------------------

check.case("M4 a timeout runs once, gets itself, and restart within makes it periodic", function()
  local ran, alive_inside = 0, nil
  local task = handler.timeout("tick", 0.02, function(task)
    alive_inside = task:alive()
    ran = ran + 1
    if ran < 3 then task:restart() end
  end)
  check.equal(task:alive(), true)
  check.eventually(function() return ran == 3 end, 10)
  check.equal(alive_inside, false, "it is out of the way before its callback")
  sleep(0.05)
  check.equal(ran, 3)
  check.equal(task:alive(), false)
end)

check.case("M5 cancel, restart, reset, remaining", function()
  local ran = 0
  local task = handler.timeout("t", 0.5, function() ran = ran + 1 end)
  local left = task:remaining()
  check.ok(left > 0.4 and left <= 0.5, left)
  check.equal(task:cancel(), true)
  check.equal(task:cancel(), false)
  check.equal(task:alive(), false)
  check.ok(task:remaining() > 0.3, "remaining ignores cancelling")
  task:reset(0.01)
  check.eventually(function() return ran == 1 end, 10)
  check.equal(task:remaining(), 0)
  local began = now()
  task:restart()
  check.eventually(function() return ran == 2 end, 10)
  check.ok(now() - began >= 0.01, "restart has the time of reset")
  check.raises(function() task:reset(-1) end, "timeout t:reset: a number of seconds expected, got %-1")
  check.raises(function() handler.timeout("t", 1) end, "handler_test.lua:%d+: timeout t: a function expected")
  check.raises(function() handler.timeout("t", "soon", print) end, "a number of seconds expected, got \"soon\"")
end)

check.case("M6 nearest first, ties in the order made", function()
  local order, tasks = {}, {}
  for _, each in ipairs { { "c", 0.03 }, { "a", 0.01 }, { "b", 0.02 } } do
    tasks[#tasks + 1] = handler.timeout(each[1], each[2], function() order[#order + 1] = each[1] end)
  end
  check.eventually(function() return #order == 3 end, 10)
  check.equal(table.concat(order), "abc")
end)

check.case("M4 161 an owned timeout dies with its handler", function()
  local ran = false
  local h, far = on_pair { read_callback = function() end }
  local task = h:timeout("t", 0.02, function() ran = true end)
  h:destroy()
  sleep(0.06)
  check.equal(ran, false)
  check.raises(function() task:restart() end, "has died")
  far:close()
end)

-- --- streams ------------------------------------------------------------------------------------------

check.case("M8 M10 one handler a connection: recv_buf gathers, send queues", function()
  local handlers, sent = {}, 0
  local srv = check.ok(handler.tcp_listener("127.0.0.1:0", {
    connected_callback = function(self) handlers[#handlers + 1] = self end,
    recv_callback = function(self, latest)
      check.ok(self.recv_buf:sub(-#latest) == latest)
      for line in self.recv_buf:gmatch "(.-)\n" do self:send(line:upper() .. "\n") end
      self.recv_buf = self.recv_buf:match "[^\n]*$"
    end,
    send_callback = function(_, count) sent = sent + count end,
  }))
  local one, two = check.ok(connect(srv.address)), check.ok(connect(srv.address))
  one:write "he"
  two:write "other\n"
  check.equal(two:read "l", "OTHER")
  one:write "llo\nrest"
  check.equal(one:read "l", "HELLO")
  check.eventually(function() return sent == 12 end, 10)
  check.equal(#handlers, 2)
  one:close()
  two:close()
  check.eventually(function() return handlers[1].dead and handlers[2].dead end, 10)
  srv:close()
end)

check.case("M10 shutdown_callback: overridden, a half-closed connection is sent to", function()
  local dead = false
  local srv = check.ok(handler.tcp_listener("127.0.0.1:0", {
    recv_callback = function() end,
    shutdown_callback = function(self) self:send(("%d bytes"):format(#self.recv_buf)) self:timeout("end", 0.05, function() self:destroy() end) end,
    destroyed_callback = function() dead = true end,
  }))
  local c = check.ok(connect(srv.address))
  c:write "12345"
  c:shutdown()
  check.equal(c:read "a", "5 bytes")
  check.equal(dead, true)
  c:close()
  srv:close()
end)

check.case("M10 an error is a warning, and destroys", function()
  with_log(function(lines)
    local h
    local srv = check.ok(handler.tcp_listener("127.0.0.1:0", {
      connected_callback = function(self) h = self end, recv_callback = function() end }))
    local c = check.ok(connect(srv.address))
    check.eventually(function() return h end, 10)
    c:abort()
    check.eventually(function() return h.dead end, 10)
    check.match(lines(), "warn 127%.0%.0%.1:%d+ failed: .*reset")
    check.fails("ECLOSED", h:send "late")
    srv:close()
  end)
end)

check.case("M11 a client: connection_callback, what was sent before is sent, data both ways", function()
  local srv = check.ok(listen("127.0.0.1:0", function(c) c:pipe(c) end))
  local told, got
  local h = handler.tcp_client(srv.address, {
    connection_callback = function(_, ok) told = ok end,
    recv_callback = function(self) got = self.recv_buf end,
  })
  check.equal(told, nil, "it returns before it is connected")
  h:send "early "
  h:send "bird"
  check.eventually(function() return got == "early bird" end, 10)
  check.equal(told, true)
  h:destroy()
  srv:close()
end)

check.case("M11 a connect that fails: told, then destroyed", function()
  local srv = check.ok(listen "127.88.0.2:0")  -- of this test's own: nobody else listens there then
  local address = srv.address
  srv:close()
  local order = {}
  local h = handler.tcp_client(address, {
    connection_callback = function(self, ok, message, code)
      order[#order + 1] = ("%s %s %s"):format(ok, code, self.dead)
      check.match(message, address:gsub("%p", "%%%0"))
    end,
    destroyed_callback = function() order[#order + 1] = "destroyed" end,
  })
  check.eventually(function() return h.dead end, 10)
  check.same(order, { "false ECONNREFUSED false", "destroyed" })
end)

check.case("M11 an owned timeout is the limit of a connect", function()
  local srv = check.ok(listen("127.0.0.1:0", function(c) c:read() end))
  local told, destroyed = 0, 0
  local h = handler.tcp_client(srv.address, { connection_callback = function() told = told + 1 end,
    destroyed_callback = function() destroyed = destroyed + 1 end })
  local limit = h:timeout("connect", 0, function() h:destroy() end)
  h:destroy()
  check.raises(function() limit:alive() end, "has died")
  check.eventually(function() return h.connection.state == "closed" end, 10)
  sleep(0)
  check.equal(told, 0)
  check.equal(destroyed, 1)
  srv:close()
end)

-- --- datagrams ----------------------------------------------------------------------------------------

check.case("M12 163 a UDP echo reverses datagrams of 2 to 10 bytes, and of none", function()
  local server = check.ok(handler.udp("127.0.0.1:0", {
    recv_callback = function(self, from, datagram) self:sendto(from, datagram:reverse()) end }, "reverser"))
  local got = {}
  local client = check.ok(handler.udp("127.0.0.1:0", {
    recv_callback = function(_, from, datagram)
      check.equal(from, (server.address:gsub("^udp://", "")))
      got[#got + 1] = datagram
    end }))
  local sent = {}
  for size = 2, 10 do sent[#sent + 1] = ("0123456789"):sub(1, size) end
  sent[#sent + 1] = ""
  for _, datagram in ipairs(sent) do client:sendto(server.address, datagram) end
  check.eventually(function() return #got == #sent end, 10)
  for i, datagram in ipairs(sent) do check.equal(got[i], datagram:reverse()) end
  check.equal(tostring(server), "handler reverser")
  client:destroy()
  server:destroy()
end)

check.case("M12 what cannot be sent is a warning and is dropped, the others leave", function()
  with_log(function(lines)
    local got = {}
    local server = check.ok(handler.udp("127.0.0.1:0", {
      recv_callback = function(_, _, datagram) got[#got + 1] = datagram end }))
    local client = check.ok(handler.udp("127.0.0.1:0", { recv_callback = function() end }, "client"))
    client:sendto(server.address, "one")
    check.fails("EMSGSIZE", client:sendto(server.address, ("x"):rep(70000)))
    client:sendto(server.address, "two")
    check.eventually(function() return #got == 2 end, 10)
    check.same(got, { "one", "two" })
    check.match(lines(), "warn client not sent: .*70000 bytes")
    client:destroy()
    server:destroy()
  end)
end)

check.case("M7 a handler's log has its label in front", function()
  with_log(function(lines)
    local h, far = on_pair { read_callback = function() end }
    h:info("hello", 1)
    h:debug2 "fine"
    check.match(lines(), "info demo hello 1\n.*debug2 demo fine\n")
    h:destroy()
    far:close()
  end)
end)

check.case_here("M1 the loop goes on while a handler wants something; a cycle; hooks around the wait", function()
  local near, far = pair()
  local order, wanting = {}, true
  local h = handler.new("h", near, {
    is_readable = function() return wanting end,
    read_callback = function(self)
      order[#order + 1] = near:take()
      wanting = false
      self:destroy()
    end,
  })
  local started = after_sleep(function() order[#order + 1] = "started" end)     -- started_cycle
  local before = before_sleep(function(seconds)                                 -- before_select
    if seconds then order[#order + 1] = "before" end
  end)
  handler.timeout("talk", 0.01, function() far:write "said" end)
  check.equal(dispatch(), "empty")
  check.equal(h.dead, true)
  check.match(table.concat(order, " "), "before started.*said")
  started:delete()
  before:delete()
  check.equal(dispatch(), "empty")
  far:close()
  local calls = 0
  handler.timeout("once", 0, function() calls = calls + 1 end)
  check.equal(loop(), 1)  -- cycle()
  check.equal(calls, 1)
end)

check.case("M1 a peer that is gone costs no program: SIGPIPE is ignored", function()
  local output, status = require "child" [[
    local srv = listen(0, function(c) c:read "l" c:abort() end)
    local c = connect(srv.address)
    c:write "go\n"
    c:read()
    for _ = 1, 3 do c:write "x" sleep(0.01) end
    srv:close()
    local reader = io.popen("exec true", "w")
    sleep(0.05)
    pcall(reader.write, reader, ("x"):rep(100000))
    print "alive"]]
  check.match(output, "alive\n$")
  check.equal(status, 0)
end)

check.case("M14 told when what was queued has left", function()
  local near, far = pair({ sendbuf = 8192, high_water = 1 << 16, low_water = 1 << 14 }, { recvbuf = 8192 })
  local drained = false
  near:on { drain = function(c)
    drained = true
    check.ok(c.queued <= 1 << 14)
  end }
  spawn(near.write, near, ("x"):rep(1 << 20))
  check.equal(#far:read(1 << 20, { timeout = 10 }), 1 << 20)
  check.eventually(function() return drained end, 10)
  near:close()
  far:close()
end)

check.case("M9 serve is listener and loop in one", function()
  local output = require "child" [[
local handler = require "handler"
timeout(0.01, function()
  for _, row in ipairs(require "native.listing".listeners()) do
    connect(row.object.address, function(c) c:write "x" print(c:read(1)) abort() end)
  end
end)
print(handler.serve("127.0.0.1:0", { recv_callback = function(self, latest) self:send(latest) end }))]]
  check.equal(output, "x\nabort\n")
  check.raises(function() handler.tcp_listener("127.0.0.1:0", print) end, "handler.tcp_listener: a class")
end)

check.done()
