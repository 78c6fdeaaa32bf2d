--- The option `reconnect`: connections that come back. Waits are so long, or so short, that it
-- shows whether there was one: no case measures time.
local check = require "check"
local refusing = require "refusing"

local LONG <const> = 3600
local SHORT <const> = 0.01

--- A server that gives out the connections it has accepted.
local function server()
  local srv = check.ok(listen "127.0.0.1:0")
  return srv, function() return check.ok(srv:accept { timeout = 5 }) end
end

local function in_state(c, state)
  check.eventually(function() return c.state == state end, 5, state)
end

-- --- after a loss ------------------------------------------------------------------------------

check.case("the handler runs for each new connection; the first attempt is immediate", function()
  local srv <close>, accept = server()
  local runs = 0
  local c <close> = connect(srv.address, { reconnect = { delay = LONG } }, function(conn)
    runs = runs + 1
    while conn:read() do end
  end)
  accept():close()
  local second = accept()
  check.eventually(function() return runs == 2 end)
  check.equal(c.state, "open")
  second:close()
  in_state(c, "waiting")  -- once in a delay, or a peer that always hangs up would keep us busy
  check.equal(runs, 2)
  check.fails("ENOTCONN", c:write "x")
end)

check.case("it comes back after a reset, and when its handler fails", function()
  local srv <close>, accept = server()
  local c <close> = connect(srv.address, { reconnect = { delay = SHORT } }, function(conn)
    while conn:read() do end
  end)
  accept():abort()
  accept():abort()
  accept():close()
  local runs = 0
  local d <close> = connect(srv.address, { reconnect = { delay = SHORT } }, function(conn)
    runs = runs + 1
    if runs < 3 then error "planned" end
    conn:read()
  end)
  check.eventually(function() return runs == 3 end)
end)

check.case("it comes back after a read_deadline", function()
  local srv <close>, accept = server()
  local reasons = {}
  local c <close> = connect(srv.address, { read_deadline = 0.02, reconnect = { delay = SHORT } },
    function(conn)
      conn:on { close = function(_, reason) reasons[#reasons + 1] = reason end }
    end)
  local one <close> = accept()
  local again <close> = accept()
  check.equal(reasons[1], "timeout")
end)

check.case("hooks stay; close runs once for each connection, open as well", function()
  local srv <close>, accept = server()
  local told = {}
  local function note(name)
    return function(_, what) told[#told + 1] = name .. (what and " " .. what or "") end
  end
  local c <close> = connect(srv.address, { reconnect = { delay = SHORT } }, function() end)
  c:on { open = note "open", data = note "data", close = note "close" }
  for i = 1, 2 do
    local peer <close> = accept()
    peer:write("no. " .. i)
    check.eventually(function() return #told == 3 * i - 1 end)
  end
  check.eventually(function() return #told >= 6 end)
  check.same(table.move(told, 1, 6, 1, {}),
    { "open", "data no. 1", "close eof", "open", "data no. 2", "close eof" })
end)

check.case("options hold on the new connection as well", function()
  local srv <close>, accept = server()
  local c <close> = connect(srv.address, { reconnect = { delay = SHORT }, nodelay = false,
    rate = { read = 1e6 }, max_line = 100 }, function(conn) while conn:read() do end end)
  local first <close> = accept()
  c:set { keepalive = true }
  first:close()
  local second <close> = accept()
  in_state(c, "open")
  check.equal(c:get "nodelay", false)
  check.equal(c:get "keepalive", true)
  check.equal(c:get("rate").read, 1000000)
  check.equal(c:get "max_line", 100)
end)

check.case("hello is written first on each", function()
  local srv <close>, accept = server()
  local c <close> = connect(srv.address, { reconnect = { delay = SHORT, hello = "HELLO\n" } },
    function(conn) conn:write "more\n" while conn:read() do end end)
  c:write "early\n"
  local first = accept()
  check.equal(first:read "l", "HELLO")
  check.equal(first:read "l", "early")
  check.equal(first:read "l", "more")
  first:close()
  local second <close> = accept()
  check.equal(second:read "l", "HELLO")
  check.equal(second:read "l", "more")
end)

-- --- not after our own end -------------------------------------------------------------------

check.case("it does not come back when we end it", function()
  local srv <close>, accept = server()
  local function ends(how)
    local c = connect(srv.address, { reconnect = { delay = SHORT } }, how)
    local peer <close> = accept()
    peer:read "a"
    in_state(c, "closed")
    check.fails("ETIMEDOUT", srv:accept { timeout = 0.05 })
  end
  ends(function(c) c:close() end)
  ends(function(c) c:write "x" end)  -- its handler returns
  ends(function(c) c:finish() c:read() end)
end)

check.case("close ends the waiting, and nothing is left", function()
  local c = connect(refusing(), { reconnect = { delay = LONG } }, function() end)
  in_state(c, "waiting")
  check.equal(c:close(), true)
  check.equal(c.state, "closed")
  check.equal(c.attempts, 0)
end)

check.case("delay 0, or none, never reconnects; hello is written all the same", function()
  local srv <close>, accept = server()
  for _, reconnect in ipairs { { hello = "h\n" }, { delay = 0, hello = "h\n" } } do
    local ended = 0
    local c = connect(srv.address, { reconnect = reconnect }, function(conn)
      while conn:read() do end
      ended = ended + 1
    end)
    local peer = accept()
    check.equal(peer:read "l", "h")
    peer:close()
    in_state(c, "closed")
    check.equal(ended, 1)
  end
  local calls = 0
  connect(refusing(), { reconnect = {} }, function(c, message, code)
    calls = calls + 1
    check.equal(c, nil)
    check.equal(code, "ECONNREFUSED")
  end)
  check.eventually(function() return calls == 1 end)
end)

-- --- failed attempts -------------------------------------------------------------------------

check.case("failed attempts are told and counted, from the start", function()
  local address = refusing()
  local told, srv = {}, nil
  local c <close> = connect(address, { reconnect = { delay = SHORT,
    on_fail = function(message, code, attempt)
      told[#told + 1] = attempt
      check.match(message, "^connect " .. address:gsub("%p", "%%%0") .. ": Connection refused")
      check.equal(code, "ECONNREFUSED")
      if attempt == 3 then srv = check.ok(listen(address)) end
    end } }, function(conn) while conn:read() do end end)
  check.eventually(function() return srv end)
  local peer <close> = srv:accept { timeout = 5 }
  in_state(c, "open")
  check.same(told, { 1, 2, 3 })
  check.equal(c.attempts, 0)
  check.equal(c.failure, nil)
  srv:close()
end)

check.case("while it waits, state, attempts and failure tell; conns() lists it", function()
  local address = refusing()
  local c <close> = connect(address, { reconnect = { delay = LONG } }, function() end)
  in_state(c, "waiting")
  check.equal(c.attempts, 1)
  check.equal(c.failure.code, "ECONNREFUSED")
  check.match(tostring(c), "waiting")
  local row = conns()[1]
  check.equal(row.state, "waiting")
  check.equal(row.object, c)
end)

check.case("after `tries` failures in a row the handler gets nil, message, code", function()
  local calls, fails = {}, 0
  local c = connect(refusing(), { reconnect = { delay = SHORT, tries = 3,
    on_fail = function() fails = fails + 1 end } },
    function(...) calls[#calls + 1] = table.pack(...) end)
  check.eventually(function() return #calls == 1 end)
  check.equal(calls[1][1], nil)
  check.match(calls[1][2], "Connection refused")
  check.equal(calls[1][3], "ECONNREFUSED")
  check.equal(fails, 2)
  check.equal(c.state, "failed")
end)

check.case("on_fail may close it, wait, or fail", function()
  local c
  c = connect(refusing(), { reconnect = { delay = SHORT, on_fail = function() c:close() end } },
    function() end)
  in_state(c, "closed")
  local waited
  local d <close> = connect(refusing(), { reconnect = { delay = SHORT,
    on_fail = function() sleep(0.02) waited = true end } }, function() end)
  check.eventually(function() return waited end)
  local e = connect(refusing(), { reconnect = { delay = SHORT,
    on_fail = function() error "planned" end } }, function() end)
  in_state(e, "closed")
end)

-- --- without a handler -------------------------------------------------------------------------

check.case("connect waits until an attempt succeeds; the variable goes on after a loss", function()
  local address = refusing()
  local srv
  local c <close> = check.ok(connect(address, { reconnect = { delay = SHORT, hello = "hi\n",
    on_fail = function() srv = srv or check.ok(listen(address)) end } }))
  local first = srv:accept { timeout = 5 }
  check.equal(first:read "l", "hi")
  first:write "last words\n"
  first:close()
  check.equal(c:read "l", "last words")
  local second <close> = srv:accept { timeout = 5 }
  check.equal(second:read "l", "hi")
  in_state(c, "open")
  second:write "welcome back\n"
  check.equal(c:read("l", { timeout = 5 }), "welcome back")
  srv:close()
end)

check.case("a reader hears of the loss; what it reads then is the new connection's", function()
  local srv <close>, accept = server()
  local c <close> = check.ok(connect(srv.address, { reconnect = { delay = SHORT } }))
  local first = accept()
  local reader = spawn(function() return c:read() end)
  first:write "x"
  check.equal(reader:join(), "x")
  reader = spawn(function() return c:read(), "told" end)
  first:close()
  check.same({ reader:join() }, { [2] = "told" })
  local second <close> = accept()
  in_state(c, "open")
  second:write "y"
  check.equal(c:read(1, { timeout = 5 }), "y")
end)

check.case("without a handler `tries` ends the wait", function()
  check.fails("ECONNREFUSED", connect(refusing(), { reconnect = { delay = SHORT, tries = 2 } }))
end)

check.case("a cancelled connect gives up", function()
  local address = refusing()
  local task = spawn(function() connect(address, { reconnect = { delay = LONG } }) end)
  check.eventually(function() return #conns() == 1 end)
  task:cancel()
  check.eventually(function() return #conns() == 0 end)
end)

-- --- options -----------------------------------------------------------------------------------

check.case("wrong options raise and name the one within", function()
  local function refused(reconnect, pattern)
    check.raises(function() connect("127.0.0.1:1", { reconnect = reconnect }) end,
      "connect: " .. pattern)
  end
  refused({ dealy = 1 }, "unknown option 'reconnect.dealy', did you mean 'reconnect.delay'%?$")
  refused({ delay = -1 }, "option 'reconnect.delay' must be at least 0, got %-1$")
  refused({ factor = 0.5 }, "option 'reconnect.factor' must be at least 1, got 0.5$")
  refused({ jitter = 2 }, "option 'reconnect.jitter' must be from 0 to 1, got 2$")
  refused({ tries = 0 }, "option 'reconnect.tries' must be from 1")
  refused({ hello = print }, "option 'reconnect.hello' must be a string, got function$")
  refused({ on_fail = "x" }, "option 'reconnect.on_fail' must be a function, got string$")
  refused(true, "option 'reconnect' must be a table, got true$")
  check.raises(function() connect("udp://127.0.0.1:1", { reconnect = { delay = 1 } }) end,
    "reconnect")
  check.raises(function() listen(0, { reconnect = { delay = 1 } }) end, "unknown option 'reconnect'")
end)

check.done()
