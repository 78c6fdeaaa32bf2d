--- Signals: shared/seeds.md 3.3, by its numbers.
local check = require "check"
local child = require "child"

-- Sends it to this very process, and returns when the kernel has delivered it.
local pid
do
  local pipe <close> = assert(io.popen "echo $PPID")
  pid = pipe:read "n"
end
-- (os.execute would not do for SIGINT: system() ignores it meanwhile.)
local function send(name) assert(io.popen(("kill -%s %d"):format(name, pid)):close()) end

check.case_here("S85 a signal event tells what fired; deleted there it lets dispatch end",
  function()
    local ev = event(check.expect(function(self, handle, fired, argument)
      check.equal(handle, 10)
      check.equal(fired, EV_SIGNAL)
      check.equal(argument, "argument")
      check.equal(self:delete(), true)
    end), "argument", EV_SIGNAL | EV_PERSIST, 10):add()
    check.equal(ev:pending(), true)
    timeout(0.01, function() send "USR1" end)
    check.equal(dispatch(), "empty")
  end)

check.case("S87 one sent before is delivered by a pass that does not wait", function()
  local s = signal("USR1", check.expect(nil, 2))
  send "USR1"
  send "USR1"
  check.equal(loop(true), 2)
  s:delete()
end)

check.case("S89 delete and add in a row lose nothing", function()
  local s = signal("SIGUSR1", check.expect(function(...)
    check.same({ ... }, { "a", 2 })
  end), "a", 2)
  check.equal(s:pending(), true)
  check.equal(s:delete(), true)
  check.equal(s:delete(), false)
  check.equal(s:add(), s)
  send "USR1"
  sleep(0.02)
  s:delete()
end)

check.case("S91 the last watcher gone, the old handling is back", function()
  local _, status = child [[
    local s = signal("USR1", print)
    s:delete()
    os.execute("kill -USR1 $PPID")
    sleep(1)]]
  check.ok(status == 10 or status == 128 + 10, "it lived on: " .. tostring(status))
  local output = child [[
    local one, two = signal("USR1", print, "one"), signal("USR1", print, "two")
    one:delete()
    os.execute("kill -USR1 $PPID")
    sleep(0.05)
    two:delete()]]
  check.equal(output, "two\n")
end)

check.case("S93 a signal event with a time limit", function()
  local began = now()
  event(check.expect(function(_, _, fired)
    check.equal(fired, EV_TIMEOUT)
    check.ok(now() - began >= 0.01)
  end), nil, "signal", "USR1"):add(0.01)
end)

check.case("and a signal watcher with one, which starts again at each call", function()
  local began, calls, s = now(), 0, nil
  s = signal("USR2", check.expect(function(...)
    calls = calls + 1
    check.equal(select("#", ...), 0)
    check.ok(now() - began >= 0.03 * calls)
    if calls == 3 then s:delete() end
  end, 3))
  s:add(0.03)
  check.eventually(function() return calls == 3 end)
end)

check.case("S95 it never runs inside other code", function()
  local busy = false
  local s = signal("USR1", check.expect(function() check.equal(busy, false) end))
  timeout(0, function()
    busy = true
    send "USR1"
    local over = now() + 0.05
    while now() < over do end
    busy = false
  end)
  sleep(0.1)
  s:delete()
end)

check.case_here("S97 as abort it ends dispatch, and the script goes on", function()
  local s = signal("SIGINT", abort)
  timeout(0.01, function() send "INT" end)
  check.equal(dispatch(), "abort")
  check.equal(s:delete(), true)
  check.equal(dispatch(), "empty")
end)

check.case("names with and without SIG, in any case, and numbers", function()
  for _, name in ipairs { "SIGUSR1", "USR1", "usr1", "sigusr1", 10 } do
    local s = check.ok(signal(name, print))
    check.equal(s.name, "SIGUSR1")
    check.equal(math.type(s.id), "integer")
    s:delete()
  end
  for _, name in ipairs { "NOSUCH", "SIGNOSUCH", "", 0, -1, 99999, "KILL", "STOP" } do
    check.fails("EINVAL", signal(name, print))
  end
  check.raises(function() signal({}, print) end, "bad argument #1")
  check.raises(function() signal "USR1" end, "bad argument #2")
end)

check.case("while its callback waits deliveries are counted, and come after it", function()
  local inside, runs = false, 0
  local s = signal("USR1", check.expect(function()
    check.equal(inside, false)
    inside, runs = true, runs + 1
    if runs == 1 then
      send "USR1"
      sleep(0.01)
      send "USR1"
    end
    sleep(0.02)
    inside = false
  end, 3))
  send "USR1"
  check.eventually(function() return runs == 3 and not inside end)
  s:delete()
end)

check.case("it stays when its callback fails, or leaves by abort_branch", function()
  local runs, s = 0
  check.raises(function()
    s = signal("USR1", function()
      runs = runs + 1
      error "bad"
    end)
    timeout(0, send, "USR1")
    dispatch()
  end, "bad")
  check.equal(s:pending(), true)
  s:delete()
  s = signal("USR1", function() runs = runs + 1 abort_branch() end)
  send "USR1"
  sleep(0.02)
  send "USR1"
  sleep(0.02)
  check.equal(runs, 3)
  check.equal(s:delete(), true)
end)

check.case("deleted while its callback waits it is not called again", function()
  local s
  s = signal("USR1", check.expect(function()
    send "USR1"
    sleep(0.01)
    s:delete()
  end))
  local other = signal("USR1", function() end)  -- so that the signal stays harmless
  send "USR1"
  sleep(0.05)
  other:delete()
end)

check.done()
