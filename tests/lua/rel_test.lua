--- The module rel: shared/seeds.md 1.4, by its numbers. What it shares with the globals is
-- tested with them.
local check = require "check"
local child = require "child"
local fifo = require "fifo"
local pair = require "pair"
local rel = require "rel"

check.case("R1 to R10: the names of rel and pyevent", function()
  for _, name in ipairs { "read", "write", "timeout", "signal", "event", "dispatch", "loop",
    "abort_branch", "pause", "resume", "thread", "init", "set_sleep", "set_turbo", "report" } do
    check.equal(rel[name], _G[name], name)
  end
  check.equal(rel.error, rel.error_watch)
  check.same({ rel.EV_TIMEOUT, rel.EV_READ, rel.EV_WRITE, rel.EV_SIGNAL, rel.EV_PERSIST },
    { 1, 2, 4, 8, 16 })
  check.equal(rel.nothing_of_ours, nil)
end)

check.case_here("S103, R7: its abort deletes what waits for descriptors, and that only", function()
  local reader, writer = fifo()
  writer:write(("x"):rep(65536))  -- so that it is not writable
  local empty = fifo "both"
  local before = rel.report()
  local gone = { rel.read(empty, print), rel.write(writer, print):persistent(),
    rel.error_watch(pair(), print), rel.event(print, nil, "write", writer):add(60),
    rel.event(print, nil, "read persist", empty):add() }
  local kept = { rel.timeout(60, print), rel.signal("USR1", print),
    rel.event(print, nil, rel.EV_SIGNAL, "USR2"):add(), rel.event(print):add(60) }
  rel.timeout(0, rel.abort)
  check.equal(rel.dispatch(), "abort")
  for i, each in ipairs(gone) do check.equal(each:pending(), false, "gone " .. i) end
  for i, each in ipairs(kept) do check.equal(each:pending(), true, "kept " .. i) end
  local counts = rel.report()
  check.equal(counts.reads, before.reads)
  check.equal(counts.writes, before.writes)
  check.equal(counts.signals, before.signals + 2)
  for _, each in ipairs(kept) do each:delete() end
  reader:close()
end)

check.case("R11: initialize takes rel's options, and the caller's lists stay as they are", function()
  local method = reactor.method
  local options = { "strict", "threaded" }
  check.equal(rel.initialize { methods = { method }, options = options }, method)
  check.same(options, { "strict", "threaded" })
  check.equal(rel.initialize { methods = { method } }, method)
  check.equal(rel.initialize { methods = {}, options = { "threaded" } }, reactor.methods()[1])
  check.equal(rel.initialize { methods = { method } }, method)
  check.fails("ENOENT", rel.initialize { methods = {}, options = { "strict" } })
  check.raises(function() rel.initialize { options = { "loud" } } end,
    "rel_test.lua:%d+: initialize: unknown option 'loud'")
  check.raises(function() rel.initialize "epoll" end, "table expected")
  check.same(rel.supported_methods, { "epoll", "poll", "kqueue", "select" })
end)

check.case("R13: after override an old program's event is rel", function()
  check.equal(pcall(require, "event"), false)
  local output, status = child [[
    require("rel").override()
    local event = require "event"
    local n = 0
    event.timeout(0.01, function(word)
      n = n + 1
      print(word, n)
      if n == 2 then os.execute "kill -USR1 $PPID" end
      return n < 2
    end, "tick")
    event.signal(10, event.abort)
    event.dispatch()
    event.init()
    event.dispatch()]]
  check.equal(output, "tick\t1\ntick\t2\n")
  check.equal(status, 0)
end)

check.case_here("R14: is_running, tick, start and stop", function()
  check.equal(rel.is_running(), false)
  rel.timeout(0, check.expect(function() check.equal(rel.is_running(), true) end))
  check.equal(rel.dispatch(), "empty")
  check.equal(rel.is_running(), false)
  rel.timeout(0, check.expect(nil))
  check.equal(rel.tick(), 1)
  local t = rel.timeout(60, print)
  check.equal(rel.tick(), 0)
  t:delete()
  check.equal(rel.tick(), nil)
  local before = rel.report().signals
  rel.timeout(0, check.expect(function()
    check.equal(rel.report().signals, before + 1)
    rel.stop()
  end))
  check.equal(rel.start(), "abort")
  check.equal(rel.report().signals, before)
  rel.timeout(0, function() error "bad" end)
  check.raises(rel.start, "bad")
  check.equal(rel.report().signals, before)
end)

check.case("R14: start ends by SIGINT, and the script goes on", function()
  local output, status = child [[
    local rel = require "rel"
    rel.timeout(0.01, function() io.popen("kill -INT $PPID"):close() end)
    print(rel.start())]]
  check.equal(output, "abort\n")
  check.equal(status, 0)
end)

check.case("R14: buffwrite sends chunks of 4096 bytes, one write behind the other", function()
  local near, far = pair()
  local sizes = {}
  local function sender(sock, chunk)
    check.equal(sock, near)
    sizes[#sizes + 1] = #chunk
    return near:write(chunk)
  end
  local function onerror(message) error(message) end
  check.equal(rel.buffwrite(near, ("a"):rep(10000), sender, onerror), true)
  check.equal(rel.buffwrite(near, ("b"):rep(5000), sender, onerror), true)
  check.equal(far:read(15000), ("a"):rep(10000) .. ("b"):rep(5000))
  check.same(sizes, { 4096, 4096, 4096, 2712 })
  check.equal(rel.buffwrite(near, "again"), true)  -- by sock:write
  check.equal(far:read(5), "again")
  check.equal(rel.buffwrite(near, ""), true)
  check.equal(rel.release_buff(near), 0)
end)

check.case("R14: a sender may take less, and its failures go to onerror", function()
  local near, far = pair()
  check.equal(rel.buffwrite(near, "slowly", function(sock, chunk)
    sock:write(chunk:sub(1, 1))
    return 1
  end), true)
  check.equal(far:read(6), "slowly")
  local heard = {}
  local function onerror(message) heard[#heard + 1] = message end
  check.ok(rel.buffwrite(near, "x", function() error("broken", 0) end, onerror))
  check.eventually(function() return #heard == 1 end)
  check.ok(rel.buffwrite(near, "x", function() return nil, "no more" end, onerror))
  check.eventually(function() return #heard == 2 end)
  check.same(heard, { "broken", "no more" })
  check.ok(rel.buffwrite(near, "held", onerror, onerror))
  check.equal(rel.release_buff(near), 4)
  check.fails("EBADF", rel.buffwrite(-1, "x"))
  check.same(rel.report(), report())
end)

check.done()
