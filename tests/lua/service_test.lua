--- The module service: protocols and their hooks, factories, the service itself; over real sockets.
local check = require "check"
local service = require "service"
local log = require "log"

log.terminal(false)

--- An address of this test's own: where it has stopped listening nobody else does.
local HERE <const> = "127.88.0.1:0"

--- A protocol class that notes what it is called with in `calls`, one text a call.
local function noting(calls, more)
  local class = {
    connection_made = function() calls[#calls + 1] = "made" end,
    data_received = function(_, data) calls[#calls + 1] = "data " .. data end,
    pre_connection_lost = function(_, reason) calls[#calls + 1] = "pre " .. reason end,
    connection_lost = function(_, reason) calls[#calls + 1] = "lost " .. reason end,
  }
  for name, value in pairs(more or {}) do class[name] = value end
  return class
end

local function serve(protocol, more)
  local options = { address = HERE, protocol = protocol }
  for name, value in pairs(more or {}) do options[name] = value end
  return check.ok(service.tcp_server(options):start())
end

local function members_are_gone()
  for _, name in ipairs(service:names()) do service:remove(name) end
end

--- What the log gets while fn() runs.
local function logged(fn)
  local path = os.tmpname()
  check.ok(log.file(path))
  fn()
  log.file(false)
  local file <close> = check.ok(io.open(path))
  os.remove(path)
  return file:read "a"
end

-- --- the service ------------------------------------------------------------------------------------

check.case("S183 notify reaches all in order, one, or a list; an unknown name is an error value", function()
  local heard = {}
  local function member(name)
    return { on_notify = function(...) heard[#heard + 1] = name .. ":" .. table.concat({ ... }, ",") end }
  end
  service:add("zeta", member "zeta")
  service:add("alpha", member "alpha")
  service:add("mid", member "mid")
  check.equal(service:notify("*", "hello"), 3)
  check.same(heard, { "zeta:hello", "alpha:hello", "mid:hello" })
  heard = {}
  check.equal(service:notify("alpha", 1, 2), 1)
  check.equal(service:notify({ "mid", "zeta" }, "x"), 2)
  check.same(heard, { "alpha:1,2", "mid:x", "zeta:x" })
  heard = {}
  check.fails("ENOENT", service:notify("nobody", "x"))
  check.match(check.fails("ENOENT", service:notify({ "zeta", "nobody" }, "x")), '"nobody"')
  check.same(heard, {}, "with an unknown name nobody hears")
  members_are_gone()
end)

check.case("S185 names: taken, missing, removed; one service everywhere", function()
  local first = {}
  check.equal(service:add("echo", first), first)
  check.raises(function() service:add("echo", {}) end, 'service_test.lua:%d+: service:add: there is a "echo" already')
  check.equal(service:get "echo", first)
  check.equal(service:get "nobody", nil)
  check.equal(service.echo, first)
  check.equal(service.nobody, nil)
  local heard = 0
  first.on_notify = function() heard = heard + 1 end
  check.equal(service:remove "echo", first)
  check.equal(service:remove "echo", nil)
  check.equal(service:notify("*", "x"), 0)
  check.equal(heard, 0)
  service.by_index = first
  package.loaded.other = nil
  check.equal(require "service", service)
  check.equal(require("service").by_index, first)
  local second = {}
  service.last = {}
  service.by_index = second
  check.same(service:names(), { "by_index", "last" }, "replaced in its place")
  service.by_index = nil
  check.same(service:names(), { "last" })
  check.raises(function() service:add("*", {}) end, "is the name of all")
  check.raises(function() service:add(1, {}) end, "must be a string")
  members_are_gone()
end)

check.case("B23 a receiver that fails, or has none, is no matter for the others", function()
  local heard = 0
  service.bad = { on_notify = function() error "on purpose" end }
  service.deaf = {}
  service.listener = check.ok(listen(HERE, function() end))
  service.text = "not even a table"
  service.good = { on_notify = function() heard = heard + 1 end }
  service.listener.on_notify = function() heard = heard + 1 end
  local text = logged(function() check.equal(service:notify "*", 2) end)
  check.equal(heard, 2)
  check.match(text, "error service: on_notify of bad: .*service_test.lua:%d+: on purpose")
  service.listener:close()
  members_are_gone()
end)

check.case("start in order, stop in the opposite order, on_stop before; failures isolated", function()
  local order = {}
  local function member(name, fails)
    return { start = function() order[#order + 1] = "start " .. name if fails then error "broken" end end,
      stop = function(_, grace) order[#order + 1] = ("stop %s %g"):format(name, grace) if fails then error "broken" end end }
  end
  service:add("one", member "one")
  service:add("two", member("two", true))
  service:add("three", member "three")
  service:add("four", { start = function() return nil, "no room", "ENOSPC" end })
  local stops = 0
  service:on_stop(function() stops = stops + 1 order[#order + 1] = "on_stop" end)
  local message = check.fails("EINVAL", service:start())
  check.match(message, "^service:start: two: .*broken.*; four: no room$")
  local text = logged(function() check.equal(service:stop(0.5), true) end)
  check.match(text, "service: stop of two: .*broken")
  check.same(order, { "start one", "start two", "start three", "on_stop", "stop three 0.5", "stop two 0.5", "stop one 0.5" })
  check.equal(stops, 1)
  members_are_gone()
end)

check.case("a listener and a connection are members: stop ends them as is usual", function()
  local srv = check.ok(listen(HERE, function(c) c:read "a" end))
  local c = check.ok(connect(srv.address))
  service.srv, service.c = srv, c
  check.equal(service:start(), true)
  c:write "x"
  service:stop(0.2)
  check.eventually(function() return c.state == "closed" end, 10)
  check.equal(srv:close(), false, "closed before")
  members_are_gone()
end)

-- --- protocols --------------------------------------------------------------------------------------

check.case("G2 hooks in order, the reason of an end by the peer is eof", function()
  local calls = {}
  local server = serve(noting(calls))
  local c = check.ok(connect(server.address))
  c:write "abc"
  check.eventually(function() return calls[2] end, 10)
  c:close()
  check.eventually(function() return calls[4] end, 10)
  check.same(calls, { "made", "data abc", "pre eof", "lost eof" })
  check.equal(next(server.protocols), nil)
  server:stop()
end)

check.case("G2 B22 a local close and a reset call the hooks too, once", function()
  local calls = {}
  local server = serve(noting(calls, { data_received = function(self, data)
    if data == "close" then self:close_protocol() self:close_protocol() end
  end }))
  local c = check.ok(connect(server.address))
  c:write "close"
  check.equal(c:read(), nil)
  c:close()
  check.eventually(function() return calls[3] end, 10)
  check.same(calls, { "made", "pre closed", "lost closed" })
  calls[1], calls[2], calls[3] = nil, nil, nil
  c = check.ok(connect(server.address))
  check.eventually(function() return calls[1] end, 10)
  c:abort()
  check.eventually(function() return calls[3] end, 10)
  check.same(calls, { "made", "pre reset", "lost reset" })
  server:stop()
end)

check.case("G1 recv_buf_size bounds what comes at once", function()
  local pieces = {}
  local class = noting({}, { recv_buf_size = 100, data_received = function(_, data) pieces[#pieces + 1] = data end })
  local server = serve(class)
  local c = check.ok(connect(server.address))
  local sent = ("0123456789"):rep(105)
  c:write(sent)
  check.eventually(function() return #table.concat(pieces) == #sent end, 10)
  check.equal(table.concat(pieces), sent)
  for _, piece in ipairs(pieces) do check.ok(#piece <= 100, #piece .. " bytes at once") end
  c:close()
  server:stop()
end)

check.case("G1 without a word recv_buf_size is 256", function()
  local longest = 0
  local server = serve { data_received = function(_, data) longest = math.max(longest, #data) end }
  local c = check.ok(connect(server.address))
  c:write(("x"):rep(5000))
  check.eventually(function() return longest > 0 end, 10)
  c:close()
  check.eventually(function() return next(server.protocols) == nil end, 10)
  check.equal(longest, 256)
  server:stop()
end)

check.case("G1 B22 read_deadline: who says nothing is lost, for that reason", function()
  local calls = {}
  local server = serve(noting(calls, { read_deadline = 0.1 }))
  local began = now()
  local c = check.ok(connect(server.address))
  check.equal(c:read(), nil)
  check.ok(now() - began >= 0.1)
  check.eventually(function() return calls[3] end, 10)
  check.same(calls, { "made", "pre timeout", "lost timeout" })
  c:close()
  server:stop()
end)

check.case("G3 G4 what is queued leaves in order, then send_lose's data, then the end", function()
  local big = ("y"):rep(1000000)
  local server = serve { connection_made = function(self)
    self:send_data("first ", 1, " ")
    self:add_inner_task("rest", function() self:send_data(big) end)
  end, data_received = function(self) self:send_lose "bye" end }
  local c = check.ok(connect(server.address))
  check.equal(c:read(8), "first 1 ")
  c:write "go"
  local rest = check.ok(c:read "a")
  check.equal(rest:sub(-3), "bye")
  check.equal(#rest, #big + 3)
  c:close()
  server:stop()
end)

check.case("G5 G6 inner tasks die with their protocol, removed ones do not", function()
  local ended, survived, protocol = {}, false, nil
  local server = serve { connection_made = function(self)
    protocol = self
    local task = self:add_inner_task("loop", function()
      local note <close> = setmetatable({}, { __close = function() ended[#ended + 1] = "loop" end })
      sleep(60)
    end)
    check.equal(self:get_inner_task "loop", task)
    self:add_inner_task("free", function() sleep(0.05) survived = true end)
    check.equal(self:remove_inner_task "free":alive(), true)
    check.equal(self:get_inner_task "free", nil)
    check.equal(self:remove_inner_task "nobody", nil)
  end }
  local c = check.ok(connect(server.address))
  check.eventually(function() return protocol end, 10)
  protocol:close_protocol()
  check.eventually(function() return ended[1] end, 10)
  check.eventually(function() return survived end, 10)
  check.equal(c:read(), nil)
  c:close()
  server:stop()
end)

check.case("B21 every connection has its own queue, tasks and fields", function()
  local server = serve { connection_made = function(self)
    self:add_inner_task("own", function() sleep(60) end)
    self.seen = {}
  end, data_received = function(self, data)
    self.seen[#self.seen + 1] = data
    self:send_data(self.session_id, ":", #self.seen)
  end }
  local one, two = check.ok(connect(server.address)), check.ok(connect(server.address))
  one:write "a"
  local id = check.match(check.ok(one:read()), "^(%d+):1$")
  two:write "b"
  check.ok(check.match(check.ok(two:read()), "^(%d+):1$") ~= id, "one session id for two")
  one:close()
  check.eventually(function()
    local count = 0
    for each in pairs(server.protocols) do
      count = count + 1
      if each.session_id ~= tonumber(id) then check.equal(each:get_inner_task("own"):alive(), true) end
    end
    return count == 1
  end, 10)
  two:close()
  server:stop()
end)

check.case("G7 build_protocol makes each protocol; a class may inherit", function()
  local Base = { greeting = "base", connection_made = function(self) self:send_data(self.greeting) end }
  local Derived = setmetatable({ greeting = "derived" }, { __index = Base })
  local asked = 0
  local server = serve(nil, { build_protocol = function(factory, conn)
    asked = asked + 1
    check.equal(type(conn.peer), "string")
    check.equal(factory.kind, "tcp_server")
    return asked == 1 and Base or Derived
  end })
  local c = check.ok(connect(server.address))
  check.equal(c:read(4), "base")
  c:close()
  c = check.ok(connect(server.address))
  check.equal(c:read(7), "derived")
  c:close()
  server:stop()
end)

check.case("G11 a hook that sleeps holds back its own connection only", function()
  local server = serve { data_received = function(self, data)
    if data == "slow" then sleep(0.3) end
    self:send_data(data)
  end }
  local slow, quick = check.ok(connect(server.address)), check.ok(connect(server.address))
  slow:write "slow"
  sleep(0.02)
  slow:write "next"
  local began = now()
  quick:write "quick"
  check.equal(quick:read(5), "quick")
  check.ok(now() - began < 0.25, "it waited for the other connection")
  check.equal(slow:read(8), "slownext")
  slow:close()
  quick:close()
  server:stop()
end)

check.case("a hook that fails costs its connection, and nothing else", function()
  local script = [[
local service = require "service"
srv = assert(service.tcp_server { address = "127.0.0.1:0", protocol = {
  data_received = function(self, data) if data == "bad" then error "on purpose" end self:send_data(data) end,
  connection_lost = function(_, reason) print("lost " .. reason) end } }:start())
local bad, good = connect(srv.address), connect(srv.address)
bad:write "bad"
print(bad:read())
good:write "good"
print(good:read(4))
good:close()
srv:stop()]]
  local output = require "child"(script)
  check.match(output, "on purpose")
  check.match(output, "lost error\n")
  check.match(output, "\ngood\n")
end)

-- --- factories --------------------------------------------------------------------------------------

check.case("a server starts, stops gracefully, and starts again on its address", function()
  local server = service.tcp_server { address = HERE, protocol = { connection_made = function(self)
    self:send_data(("z"):rep(500000))
  end } }
  check.equal(tostring(server), "tcp_server 127.88.0.1:0, not started")
  check.equal(server:stop(), false)
  check.equal(check.ok(server:start()), server)
  check.equal(check.ok(server:start()), server, "started already")
  local c = check.ok(connect(server.address))
  local got
  local reader = spawn(function() got = c:read "a" c:close() end)
  check.eventually(function() return next(server.protocols) end, 10)
  sleep(0)
  check.equal(server:stop(5), true)
  reader:join()
  check.equal(#got, 500000)
  check.fails("ECONNREFUSED", connect(server.address))
  check.ok(server:start())
  c = check.ok(connect(server.address))
  check.equal(c:read(1), "z")
  c:close()
  server:stop()
end)

check.case("an address that is taken, and options that are wrong", function()
  local taken = serve {}
  local message = check.fails("EADDRINUSE", service.tcp_server { address = taken.address,
    options = { reuseport = true }, protocol = {} }:start())
  check.match(message, taken.address, "the address is named")
  taken:stop()
  check.raises(function() service.tcp_server { address = 0, protocl = {} } end,
    "service_test.lua:%d+: service.tcp_server: unknown option 'protocl', did you mean 'protocol'")
  check.raises(function() service.tcp_server { protocol = {} } end,
    "service_test.lua:%d+: service.tcp_server: option 'address' is missing")
  check.raises(function() service.tcp_server "x" end, "a table of options expected, got \"x\"")
  check.raises(function() service.reconnecting_client { address = 1, reconnect_delay = -1 } end, "at least 0")
end)

check.case("G8 B22 a reconnecting client: at once after a loss, then by the delay, each with its own protocol", function()
  local server = serve { connection_made = function(self) self:send_data "welcome" end }
  local made, lost, times = {}, 0, {}
  local client = service.reconnecting_client { address = server.address, reconnect_delay = 0.3, protocol = {
    data_received = function(self)
      times[#times + 1] = now()
      self.own = #times
      made[#made + 1] = self
    end,
    connection_lost = function(self) lost = lost + 1 check.equal(self.own, lost) end,
  } }
  check.ok(client:start())
  check.eventually(function() return made[1] end, 10)
  for each in pairs(server.protocols) do each.connection:abort() end
  local began = now()
  check.eventually(function() return made[2] end, 10)
  check.ok(times[2] - began < 0.25, "the first attempt after a loss waited")
  check.ok(made[1] ~= made[2] and made[1].session_id ~= made[2].session_id, "the same protocol")
  check.equal(lost, 1)
  local address = server.address
  server:stop(0)
  check.eventually(function() return client.connection.attempts >= 2 end, 10)
  began = now()
  check.ok(server:start())
  check.equal(server.address, address)
  check.eventually(function() return made[3] end, 10)
  check.ok(client:stop())
  check.eventually(function() return lost == 3 end, 10)
  server:stop()
end)

check.case("G8 B22 the first attempt is repeated as well; delay 0 never is", function()
  local server = serve {}
  local address = server.address
  server:stop()
  local connected = 0
  local function client(delay)
    local made = service.reconnecting_client { address = address, reconnect_delay = delay,
      protocol = { connection_made = function() connected = connected + 1 end } }
    return check.ok(made:start())
  end
  local once = client(0)
  local text = logged(function() check.eventually(function() return not once.running end, 10) end)
  check.match(text, "warn service: connect " .. address:gsub("%p", "%%%0") .. ": Connection refused")
  local again = client(0.05)
  check.eventually(function() return again.connection.attempts >= 1 end, 10)
  server.address = address
  check.ok(server:start())
  check.eventually(function() return connected == 1 end, 10)
  check.equal(once:stop(), false)
  again:stop()
  server:stop()
end)

check.case("a UDP server: one protocol for all", function()
  local calls = {}
  local server = check.ok(service.udp_server { address = HERE, protocol = noting(calls, {
    data_received = function(self, data, from) self:send_data(data:reverse(), from) end }) }:start())
  local sock = check.ok(connect(server.address))
  sock:send "abc"
  check.equal(sock:read { timeout = 10 }, "cba")
  sock:send ""
  check.equal(sock:read { timeout = 10 }, "")
  sock:close()
  check.equal(server:stop(), true)
  check.equal(server:stop(), false)
  check.same(calls, { "made", "pre closed", "lost closed" })
end)

check.case("G9 a web server: http and WebSocket on one port, a greeting without an app, a log line", function()
  local http = require "http"
  local lines = {}
  local app = http.app()
  app:get("/", function() return "hello" end)
  app:ws("/ws", function(ws) for message in ws:messages() do ws:write(message) end end)
  local server = check.ok(service.web_server { address = HERE, app = app,
    log = function(line) lines[#lines + 1] = line end }:start())
  check.equal(http.get(server.address, { keep_alive = false }).body, "hello")
  local ws = check.ok(connect((server.address:gsub("^http", "ws")) .. "/ws"))
  ws:write "over a socket"
  check.equal(ws:read(), "over a socket")
  ws:close()
  check.match(lines[1], '^127%.0%.0%.1:?%d* .*"GET / HTTP/1.1" 200 %d+ %d')
  check.equal(server:stop(), true)
  local bare = check.ok(service.web_server { address = HERE }:start())
  check.match(http.get(bare.address, { keep_alive = false }).body, "no routes yet")
  bare:stop()
end)

check.case("S189 G12 shorten", function()
  local text = shorten(("x"):rep(200), 32)
  check.equal(text, ("x"):rep(23) .. "..(177)..")
  check.equal(#text, 32)
  local whole = ("y"):rep(35)
  check.equal(shorten(whole, 80), whole)
end)

check.done()
