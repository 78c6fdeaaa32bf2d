--- How hooks hear of the end: the shutdown of the other side, then what ends the connection, once, with
-- the reason.
local check = require "check"
local hook_log = require "hook_log"
local pair = require "pair"
local refusing = require "refusing"

local noting, names, last = hook_log.noting, hook_log.names, hook_log.last

-- --- the other side ends ----------------------------------------------------------------------

check.case("with a shutdown hook the connection stays open for our answer", function()
  local near, far = pair()
  local log, got = {}, ""
  local hooks = noting(near, log)
  function hooks.data(_, bytes) got = got .. bytes end
  function hooks.shutdown(c)
    log[#log + 1] = { "shutdown" }
    sleep(0.01)
    c:finish("you said " .. got)
  end
  near:on(hooks)
  far:write "hello"
  far:shutdown()
  check.equal(far:read "a", "you said hello")
  far:close()
  check.eventually(function() return last(log) == "close" end)
  check.equal(names(log), "open shutdown closing close")
  check.equal(log[4][2], "closed")
end)

check.case("a shutdown hook that is set after the end runs as well, once", function()
  local near, far = pair()
  far:shutdown()
  check.eventually(function() return near.state == "half-closed" end)
  local calls = 0
  local function count() calls = calls + 1 end
  near:on { shutdown = count }
  sleep(0.01)
  near:on { shutdown = count }
  sleep(0.01)
  check.equal(calls, 1)
  near:close()
end)

check.case("without one a connection of hooks alone is finished by the peer's end", function()
  local log = {}
  local srv <close> = check.ok(listen(0, function(c)
    c:on { data = function(_, bytes) c:write(bytes:upper()) end,
      close = function(_, reason) log[#log + 1] = reason end }
  end))
  local c = check.ok(connect(srv.address))
  c:write "shout"
  c:shutdown()
  check.equal(c:read "a", "SHOUT")
  check.eventually(function() return #log == 1 end)
  check.same(log, { "eof" })
end)

check.case("the end waits for a handler that still runs, and for a task that reads", function()
  local near, far = pair()
  local reasons = {}
  near:on { close = function(_, reason) reasons[#reasons + 1] = reason end }
  local lines = {}
  spawn(function()
    for line in near:lines() do
      lines[#lines + 1] = line
      sleep(0.02)
    end
  end)
  far:finish "one\ntwo\nthree"
  check.eventually(function() return #reasons == 1 end)
  check.same({ reasons, lines }, { { "eof" }, { "one", "two", "three" } })
  local log = {}
  local srv <close> = check.ok(listen(0, function(c)
    c:on { close = function(_, reason) log[#log + 1] = reason end }
    sleep(0.03)
    log[#log + 1] = c:write "still here" and "written"
  end))
  local c = check.ok(connect(srv.address))
  c:shutdown()
  check.equal(c:read "a", "still here")
  check.eventually(function() return #log == 2 end)
  check.same(log, { "written", "eof" })
end)

-- --- how it ends --------------------------------------------------------------------------------

-- The log of a connection with all hooks, of which act(near, far) makes an end.
local function ended(act, options)
  local near, far <close> = pair(options)
  local log = {}
  local hooks = noting(near, log)
  hooks.shutdown = nil
  near:on(hooks)
  sleep(0)
  act(near, far)
  check.eventually(function() return last(log) == "close" end)
  sleep(0.02)
  return log
end

check.case("close runs exactly once and gives the reason: closed", function()
  check.same(ended(function(near)
    near:close()
    near:close()
  end), { { "open" }, { "closing", "closed" }, { "close", "closed" } })
  check.same(ended(function(near, far)
    near:finish()
    far:close()
  end), { { "open" }, { "closing", "closed" }, { "close", "closed" } })
  check.same(ended(function(near) near:abort() end),
    { { "open" }, { "closing", "closed" }, { "close", "closed" } })
end)

check.case("... eof", function()
  check.same(ended(function(_, far) far:close() end),
    { { "open" }, { "closing", "eof" }, { "close", "eof" } })
end)

check.case("... reset, after the error", function()
  local log = ended(function(_, far) far:abort() end)
  check.equal(names(log), "open error closing close")
  check.match(log[2][2], "^read 127%.0%.0%.1:%d+: Connection reset by peer$")
  check.same({ log[2][3], log[3][2], log[4][2] }, { "ECONNRESET", "reset", "reset" })
end)

check.case("... timeout, by the read_deadline", function()
  local began = now()
  local log = ended(function() end, { read_deadline = 0.05 })
  check.ok(now() - began >= 0.05)
  check.equal(names(log), "open error closing close")
  check.match(log[2][2], "nothing came within the read_deadline$")
  check.same({ log[2][3], log[3][2], log[4][2] }, { "ETIMEDOUT", "timeout", "timeout" })
end)

check.case("... error, when connecting failed", function()
  local log = {}
  local c
  c = connect(refusing(), function(conn, message, code)
    check.equal(conn, nil)
    log[#log + 1] = { "handler", code }
    check.match(message, "^connect 127%.88%.0%.8:%d+: Connection refused$")
  end)
  c:on(noting(c, log))
  check.eventually(function() return last(log) == "close" end)
  check.equal(names(log), "handler error closing close")
  check.same({ log[1][2], log[2][3], log[4][2] }, { "ECONNREFUSED", "ECONNREFUSED", "error" })
end)

check.case("hooks that are set when it is lost already are told as well, once", function()
  local near, far = pair()
  far:abort()
  check.eventually(function() return near.state == "failed" end)
  local log = {}
  near:on(noting(near, log))
  check.eventually(function() return last(log) == "close" end)
  check.equal(names(log), "error closing close")
  near:on { close = function() log[#log + 1] = { "again" } end }
  sleep(0.01)
  check.equal(#log, 3)
  near:close()
  sleep(0.01)
  check.equal(#log, 3)
end)

check.case("close inside a data hook: no more data, and the close hook runs", function()
  local near, far = pair()
  local lines, reasons = 0, {}
  near:frame "line"
  near:on { close = function(_, reason) reasons[#reasons + 1] = reason end,
    data = function(c)
      lines = lines + 1
      if lines == 3 then check.equal(c:close(), true) end
    end }
  far:write(("x\n"):rep(10))
  check.eventually(function() return #reasons == 1 end)
  check.equal(lines, 3)
  check.same(reasons, { "closed" })
end)

check.case("finish inside a data hook", function()
  local srv <close> = check.ok(listen(0, { frame = "line" }, function(c)
    c:on { data = function(_, line)
      if line == "quit" then c:finish "bye\n" else c:write(line, "!\n") end
    end }
  end))
  local c = check.ok(connect(srv.address))
  c:write "one\nquit\ntwo\n"
  check.equal(c:read "a", "one!\nbye\n")
end)

check.case("a hook may close what it is about, and wait afterwards", function()
  local near, far <close> = pair()
  local log = {}
  near:on { close = function(c, reason)
    log[#log + 1] = reason
    check.equal(c:close(), false)
    check.fails("ECLOSED", c:write "x")
    sleep(0.01)
    log[#log + 1] = "done"
  end }
  near:close()
  check.eventually(function() return #log == 2 end)
  check.same(log, { "closed", "done" })
end)

check.case("hooks on a closed connection are ECLOSED", function()
  local near, far <close> = pair()
  near:close()
  check.fails("ECLOSED", near:on { close = print })
end)

check.done()
