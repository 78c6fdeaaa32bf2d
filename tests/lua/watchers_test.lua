--- Watchers of descriptors and files: shared/seeds.md 3.2, by its numbers.
local check = require "check"
local fifo = require "fifo"

local PIPE_SIZE <const> = 65536

check.case_here("S41 a reader runs once, with exactly its arguments", function()
  local reader, writer = fifo()
  read(reader, check.expect(function(...)
    check.same(table.pack(...), { n = 2, reader, "hello" })
    check.equal(reader:read(5), "hello")
  end), reader, "hello")
  timeout(0.01, function() writer:write "hello" end)
  check.equal(dispatch(), "empty")
end)

check.case("with nil among them", function()
  local both = fifo "both"
  write(both, check.expect(function(...) check.equal(select("#", ...), 3) end), nil, nil, nil)
end)

check.case("S43 one that is ready again at once runs once nevertheless", function()
  local both = fifo "both"
  both:write "x"
  local w = read(both, check.expect(function()
    check.equal(both:read(1), "x")
    both:write "y"
  end))
  check.equal(w:pending(), true)
  sleep(0.02)
  check.equal(w:pending(), false)
end)

check.case_here("inside its callback a one-shot is pending only if it was added", function()
  local both = fifo "both"
  local runs, w = 0
  w = write(both, function()
    runs = runs + 1
    check.equal(w:pending(), false)
    if runs == 1 then w:add() end
    check.equal(w:pending(), runs == 1)
  end)
  check.equal(dispatch(), "empty")
  check.equal(runs, 2)
end)

check.case_here("S45 a persistent reader sees data and end in two calls", function()
  local reader, writer = fifo()
  local w
  w = read(reader, check.expect(function()
    if reader:read(1) == nil then w:delete() end
  end, 2)):persistent()
  writer:write "x"
  writer:close()
  check.equal(dispatch(), "empty")
end)

check.case_here("so does one that stays by returning true", function()
  local reader, writer = fifo()
  read(reader, check.expect(function() return reader:read(1) ~= nil end, 2))
  writer:write "x"
  writer:close()
  check.equal(dispatch(), "empty")
end)

check.case_here("S47 two readers on one descriptor both run, in the order added", function()
  local both = fifo "both"
  local order = {}
  read(both, function() order[#order + 1] = "first" end)
  read(both, function() order[#order + 1] = "second" end)
  both:write "x"
  check.equal(dispatch(), "empty")
  check.same(order, { "first", "second" })
end)

check.case("to delete one of several leaves the others", function()
  local both = fifo "both"
  local first = read(both, check.expect(nil, 0))
  read(both, check.expect(nil))
  local third = read(both, check.expect(nil, 0))
  check.equal(first:delete(), true)
  check.equal(third:delete(), true)
  check.equal(third:delete(), false)
  both:write "x"
end)

check.case("S49 reader and writer on one descriptor are two interests", function()
  local both = fifo "both"
  local order = {}
  read(both, function() order[#order + 1] = "reader" end)
  write(both, function() order[#order + 1] = "writer" end)
  check.eventually(function() return #order > 0 end)
  sleep(0.01)
  check.same(order, { "writer" })
  both:write "x"
  check.eventually(function() return #order > 1 end)
  check.same(order, { "writer", "reader" })
end)

check.case_here("S53 bytes arrive whole and in order through a small buffer", function()
  local reader, writer = fifo()
  local sent, got, chunks = {}, {}, 4 * PIPE_SIZE // 4096
  write(writer, function()
    local chunk = string.char(#sent % 256):rep(4096)
    sent[#sent + 1] = chunk
    writer:write(chunk)
    if #sent < chunks then return true end
    writer:close()
  end)
  local r
  r = read(reader, function()
    got[#got + 1] = reader:read(4096)
    if #got < chunks then r:add() end
  end)
  check.equal(dispatch(), "empty")
  check.equal(table.concat(got) == table.concat(sent), true)
end)

check.case("S55 of two that add each other one is left", function()
  local one, two = fifo "both", fifo "both"
  local runs, a, b = 0
  a = read(one, function() runs = runs + 1 b:add() end)
  b = read(two, function() runs = runs + 1 a:add() end)
  one:write "x"
  two:write "x"
  check.equal(loop(true), 2)
  check.equal(runs, 2)
  check.ok(a:pending() ~= b:pending(), "both, or none, are pending")
  a:delete()
  b:delete()
end)

check.case("S57 delete inside its callback wins over returning true", function()
  local both = fifo "both"
  both:write "x"
  local w
  w = read(both, check.expect(function() w:delete() return true end))
  sleep(0.02)
  check.equal(w:pending(), false)
end)

check.case_here("one deleted by another of the same pass does not run", function()
  local one, two = fifo "both", fifo "both"
  local a, b
  local calls = check.expect(nil)
  a = read(one, function() calls() b:delete() end)
  b = read(two, function() calls() a:delete() end)
  one:write "x"
  two:write "x"
  check.equal(dispatch(), "empty")
end)

check.case("S61 the end makes a reader ready, a lost reader a stuffed writer", function()
  local reader, far_writer = fifo()
  local far_reader, writer = fifo()
  writer:write(("x"):rep(PIPE_SIZE))
  local closed = false
  local function fires() check.equal(closed, true) end
  read(reader, check.expect(fires))
  write(writer, check.expect(fires))
  sleep(0.02)
  closed = true
  far_writer:close()
  far_reader:close()
end)

check.case("S63 persistent ones run once in every pass since they were added", function()
  local both = fifo "both"
  both:write "x"
  local calls, watchers = {}, {}
  for pass = 1, 8 do
    calls[pass] = 0
    watchers[pass] = read(both, function() calls[pass] = calls[pass] + 1 end):persistent()
    check.equal(loop(true), pass)
  end
  for i, w in ipairs(watchers) do
    check.equal(calls[i], 9 - i)
    w:delete()
  end
end)

check.case("S65 add on a pending one does not make two of it", function()
  local both = fifo "both"
  local w = read(both, check.expect(nil))
  check.equal(w:add(), w)
  w:add()
  both:write "x"
  sleep(0.02)
end)

check.case("add with seconds: the same callback when nothing comes", function()
  local both = fifo "both"
  local began = now()
  local w = read(both, check.expect(function(word)
    check.ok(now() - began >= 0.05)
    check.equal(word, "late")
  end), "late")
  w:add(0.05)
  check.eventually(function() return not w:pending() end)
  both:write "x"
  sleep(0.02)
end)

check.case("data before the time is over: one call, and nothing later", function()
  local both = fifo "both"
  local w = read(both, check.expect(nil)):add(0.05)
  both:write "x"
  sleep(0.1)
  check.equal(w:pending(), false)
end)

check.case("S71 what cannot be watched is refused, and nothing is left", function()
  local before = report()
  check.fails("EBADF", read(-1, print))
  check.fails("EBADF", read(1 << 30, print))
  check.fails("EBADF", write(987, print))
  check.fails("EBADF", except(-1, print))
  local srv = check.ok(listen(0))
  local c = check.ok(connect(srv.address))
  c:close()
  check.fails("EBADF", read(c, print))
  srv:close()
  check.fails("EBADF", read(srv, print))
  local both = fifo "both"
  both:close()
  check.fails("EBADF", read(both, print))
  check.raises(function() read(1.5, print) end, "fraction")
  check.raises(function() read({}, print) end, "bad argument #1")
  check.raises(function() read(0) end)
  check.raises(function() except(0) end, "bad argument #2")
  check.same(report(), before)
end)

check.case("S75 behind a barrier the writer runs before the reader", function()
  for _, who in ipairs { "reader", "writer" } do
    local both = fifo "both"
    both:write "x"
    local order, w = {}, {}
    w.reader = read(both, function() order[#order + 1] = "reader" end)
    w.writer = write(both, function() order[#order + 1] = "writer" end)
    w[who]:barrier(true)
    loop(true)
    check.same(order, { "writer", "reader" })
  end
  local both = fifo "both"
  both:write "x"
  local order = {}
  write(both, function() order[#order + 1] = "writer" end)
  read(both, function() order[#order + 1] = "reader" end):barrier(false)
  loop(true)
  check.same(order, { "reader", "writer" })
end)

check.case("S77 what a pass reads is answered after before_sleep has run again", function()
  local both = fifo "both"
  local order = {}
  local h = before_sleep(function() order[#order + 1] = "sleep" end)
  read(both, function()
    order[#order + 1] = "read"
    write(both, function() order[#order + 1] = "write" end):barrier(true)
  end)
  both:write "x"
  check.eventually(function() return table.concat(order, " "):find "write" end)
  h:delete()
  check.match(table.concat(order, " "), "read sleep write")
end)

check.case("S81 level-triggered: called until all is read", function()
  local both = fifo "both"
  both:write "four"
  local got = ""
  read(both, check.expect(function()
    got = got .. both:read(1)
    return #got < 4
  end, 4))
  check.eventually(function() return got == "four" end)
end)

check.case_here("S83 a regular file is always ready", function()
  local file = check.ok(io.open(arg[0]))
  local runs = 0
  read(file, function() runs = runs + 1 return runs < 3 end)
  write(file, check.expect(nil))
  check.equal(dispatch(), "empty")
  check.equal(runs, 3)
end)

check.case_here("and does not starve timers", function()
  local file = check.ok(io.open(arg[0]))
  local w = read(file, function() return true end)
  timeout(0.01, check.expect(function() w:delete() end))
  check.equal(dispatch(), "empty")
end)

-- --- what design.md says beside it ----------------------------------------------------------

check.case("one whose callback waits is not called again before that has ended", function()
  for _, stays in ipairs { "returns true", "persistent" } do
    local both = fifo "both"
    both:write "x"
    local inside, runs, w = false, 0
    w = read(both, check.expect(function()
      check.equal(inside, false, stays)
      inside, runs = true, runs + 1
      sleep(0.02)
      inside = false
      if runs == 3 then w:delete() end
      return stays == "returns true"
    end, 3))
    if stays == "persistent" then w:persistent() end
    check.eventually(function() return runs == 3 and not inside end)
  end
end)

check.case("a failing one is dropped, whatever it asked for", function()
  local both = fifo "both"
  local w
  check.raises(function()
    w = write(both, function() w:add() error "bad" end):persistent()
    dispatch()
  end, "bad")
  check.equal(w:pending(), false)
end)

check.case("it lives without a variable while it is armed, and with it what it watches", function()
  local told = check.expect(nil)
  do
    local both = fifo "both"
    read(both, function() told() both:close() end)
    timeout(0.02, function() both:write "x" end)
  end
  collectgarbage()
  collectgarbage()
end)

check.case("it has an id, and a label", function()
  local both = fifo "both"
  local w = read(both, print):label "upstream"
  check.equal(math.type(w.id), "integer")
  check.equal(tostring(w), ("watcher %d 'upstream'"):format(w.id))
  local function fn() end
  local e = event(fn, nil, "read write", both):add()
  local told = tostring(why())
  check.match(told, "watcher +%d+ +read on descriptor %d+ +upstream")
  check.match(told, "event +%d+ +read write on descriptor %d+ +[^\n]*watchers_test.lua:%d+")
  e:delete()
  w:delete()
  check.raises(function() w:label(nil) end, "bad argument")
end)

check.done()
