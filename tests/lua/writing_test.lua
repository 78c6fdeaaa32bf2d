--- Writing to a connection: the queue and its marks, and flush. The numbers are those of seeds.md 3.5.
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

local narrow = pair.narrow
local BIG <const> = pattern(2 << 20)

-- Writes until it has to wait; the task that does, and how often it has written.
local function stuff(c, piece)
  local count = { written = 0 }
  local task = spawn(function()
    while true do
      local ok, message, code = c:write(piece)
      if not ok then return nil, message, code end
      count.written = count.written + 1
    end
  end)
  check.eventually(function() return c.queued > c:get "high_water" end, nil, "a full queue")
  return task, count
end

-- --- queueing ---------------------------------------------------------------------------------

check.case("strings and numbers are sent in their order", function()
  local near, far = pair()
  check.same(table.pack(near:write("answer: ", 42, " ", 1.5, "\n")), { n = 1, true })
  check.equal(far:read "l", "answer: 42 1.5")
  check.equal(write(near, "as a ", "function\n"), true)
  check.equal(far:read "l", "as a function")
  check.equal(near:write(), true)
  check.equal(near:write "", true)
end)

check.case("what a task writes before it waits leaves together", function()
  local near, far = pair()
  local reader = spawn(function() return far:read() end)
  sleep(0)
  for i = 1, 100 do near:write(i, ",") end
  check.equal(#reader:join(), 292)
end)

check.case("other values raise and nothing is sent", function()
  local near, far = pair()
  check.raises(function() near:write("a", {}) end, "string expected, got table")
  check.raises(function() near:write(nil) end, "string expected, got nil")
  check.raises(function() near:write(true) end, "string expected, got boolean")
  near:write "b"
  check.equal(far:read(), "b")
end)

check.case("any bytes may be sent", function()
  local near, far = pair()
  local bytes = {}
  for i = 0, 255 do bytes[i + 1] = string.char(i) end
  local data = table.concat(bytes):rep(40)
  near:write(data)
  check.ok(far:read(#data) == data)
end)

check.case("S147 two megabytes at once to a slow reader arrive whole and in order", function()
  local near, far = narrow()
  far:set { unread_limit = 4096 }
  local writer = spawn(function() return near:write(BIG) end)
  local pieces, size = {}, 0
  while size < #BIG do
    local piece = check.ok(far:read())
    pieces[#pieces + 1] = piece
    size = size + #piece
  end
  check.ok(table.concat(pieces) == BIG)
  check.equal(writer:join(), true)
end)

check.case("what several tasks write keeps their order", function()
  local near, far = narrow { high_water = 10000, low_water = 1000 }
  local writers = {}
  for i = 1, 5 do
    writers[i] = spawn(function() return near:write((tostring(i)):rep(50000)) end)
  end
  local want = {}
  for i = 1, 5 do want[i] = tostring(i):rep(50000) end
  check.ok(far:read(250000) == table.concat(want))
  for i = 1, 5 do check.equal(writers[i]:join(), true) end
end)

-- --- the high-water mark ----------------------------------------------------------------------

check.case("a peer that never reads stops only its own writer, at high_water", function()
  local srv <close> = check.ok(listen(0, { sendbuf = 4096, high_water = 50000 }, function(c)
    c:read(1)
    for _ = 1, 100 do c:write(("x"):rep(10000)) end
  end))
  local stuck <close> = check.ok(connect(srv.address, { recvbuf = 4096, unread_limit = 0 }))
  stuck:write "x"
  local server_side
  check.eventually(function()
    for _, row in ipairs(conns()) do
      if row.queued and row.queued > 50000 then server_side = row.object end
    end
    return server_side
  end, nil, "a stopped writer")
  check.ok(server_side.queued <= 60000)
  local other <close> = check.ok(connect(srv.address))
  other:write "x"
  check.equal(#other:read(1000000), 1000000)
  check.ok(server_side.queued > 50000)
  stuck:set { unread_limit = 1 << 20 }
  check.equal(#stuck:read(1000000), 1000000)
end)

check.case("write goes on when the queue is down to low_water", function()
  local near, far = narrow { high_water = 200000, low_water = 50000 }
  local writer, count = stuff(near, ("x"):rep(10000))
  local written, queued = count.written, near.queued
  check.ok(queued > 200000 and queued <= 210000)
  check.eventually(function()
    far:read(5000)
    check.ok(count.written == written or near.queued > 50000 - 10000, "it went on too early")
    return count.written > written
  end)
  writer:cancel()
end)

check.case("below high_water it never waits", function()
  local near = narrow { high_water = 1 << 20 }
  local clock = check.clock()
  for _ = 1, 100 do check.equal(near:write(("x"):rep(10000)), true) end
  check.ok(near.queued > 0)
  clock:took(0, 1)
end)

check.case("high_water 0 has each write wait until all has gone", function()
  local near, far = narrow { high_water = 0 }
  local writer = spawn(function() return near:write(("x"):rep(500000)) end)
  check.eventually(function() return near.queued > 0 end)
  check.equal(writer:alive(), true)
  check.equal(#far:read(500000), 500000)
  check.equal(writer:join(), true)
  check.equal(near.queued, 0)
end)

check.case("all writers that wait go on", function()
  local near, far = narrow { high_water = 1000, low_water = 100 }
  local tasks = {}
  for i = 1, 3 do tasks[i] = spawn(function() return near:write(("x"):rep(100000)) end) end
  check.eventually(function() return near.queued > 1000 end)
  check.equal(#far:read(300000), 300000)
  for i = 1, 3 do check.equal(tasks[i]:join(), true) end
end)

check.case("S173 write and read time-outs on a stuck pair are each told once, in time", function()
  local near = narrow { high_water = 1000 }
  near:set { timeout = 0.1 }
  stuff(near, ("x"):rep(100000)):cancel()
  local clock = check.clock()
  local reader = spawn(function()
    local got = table.pack(near:read("l", { timeout = 0.15 }))
    clock:took(0.15, 0.3, "read")
    return got
  end)
  local wrote = table.pack(near:write "x")
  clock:took(0.1, 0.25, "write")
  check.fails("ETIMEDOUT", table.unpack(wrote, 1, 3))
  check.match(wrote[2], "^write 127%.0%.0%.1:%d+: ")
  local read_got = reader:join()
  check.fails("ETIMEDOUT", table.unpack(read_got, 1, 3))
  near:abort()
end)

check.case("a waiting write in a place that cannot wait raises; what was queued is sent", function()
  local near, far = narrow { high_water = 1000 }
  local list = { 3, 1, 2 }
  table.sort(list, function(a, b) near:write "."; return a < b end)
  check.raises(function()
    table.sort({ 2, 1 }, function(a, b) near:write(("x"):rep(500000)); return a < b end)
  end, "write: cannot wait inside a sort comparator, __tostring, ...; use spawn")
  check.match(far:read(500), "^%.+x+$")
end)

check.case("a writer that waits is ECLOSED by a local close", function()
  local near = narrow { high_water = 1000 }
  local writer = stuff(near, ("x"):rep(10000))
  local flusher = spawn(function() return near:flush() end)
  sleep(0)
  near:close()
  check.fails("ECLOSED", writer:join())
  check.fails("ECLOSED", flusher:join())
end)

check.case("a writer that waits hears of a reset, and so do those after it", function()
  local near, far = narrow { high_water = 1000 }
  local writer = stuff(near, ("x"):rep(10000))
  local flusher = spawn(function() return near:flush() end)
  sleep(0)
  far:abort()
  check.fails("ECONNRESET", writer:join())
  check.fails("ECONNRESET", flusher:join())
  local message = check.fails("ECONNRESET", near:write "x")
  check.match(message, "^write 127%.0%.0%.1:%d+: Connection reset by peer$")
  check.fails("ECONNRESET", near:flush())
  check.fails("ECONNRESET", near:shutdown())
end)

-- --- flush ------------------------------------------------------------------------------------------

check.case("flush waits until all has left", function()
  local near, far = narrow()
  check.equal(near:flush(), true)
  near:write(BIG:sub(1, 500000))
  local reader = spawn(function() return far:read(500000) end)
  check.equal(near:flush(), true)
  check.equal(near.queued, 0)
  check.ok(reader:join() == BIG:sub(1, 500000))
end)

check.case("flush has a timeout, its own or the connection's", function()
  local near = narrow()
  near:write(("x"):rep(500000))
  local message = check.fails("ETIMEDOUT", near:flush { timeout = 0.02 })
  check.match(message, "^flush 127%.0%.0%.1:%d+: ")
  near:set { timeout = 0.02 }
  check.fails("ETIMEDOUT", near:flush())
  check.ok(near.queued > 0)
  check.raises(function() near:flush { time = 1 } end, "flush: unknown option 'time'")
  near:abort()
end)

check.case("S181 a flush after each chunk ends in order", function()
  local near, far = narrow()
  local order, tasks = {}, {}
  for i = 1, 5 do
    near:write(("x"):rep(100000))
    tasks[i] = spawn(function()
      check.equal(near:flush(), true)
      order[#order + 1] = i
    end)
    sleep(0)
  end
  check.equal(#far:read(500000), 500000)
  for i = 1, 5 do tasks[i]:join() end
  check.same(order, { 1, 2, 3, 4, 5 })
end)

check.case("S181 if the connection dies first, each gets the error once", function()
  local near, far = narrow()
  local tasks = {}
  for i = 1, 3 do
    near:write(("x"):rep(100000))
    tasks[i] = spawn(function() return near:flush() end)
  end
  sleep(0)
  far:abort()
  for i = 1, 3 do check.fails("ECONNRESET", tasks[i]:join()) end
end)

check.done()
