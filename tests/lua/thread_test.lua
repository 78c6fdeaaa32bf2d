--- Threads: shared/seeds.md R9 and 127, and what the manual promises beside.
local check = require "check"
local child = require "child"
local pair = require "pair"

local PATIENCE <const> = 10

local function joined(fn, ...) return check.ok(thread(fn, ...)):join(PATIENCE) end

check.case_here("S127, R9: it counts while the loop goes on; the timer sees what it got to", function()
  local counting = check.ok(thread(function()
    local n = 0
    for _ = 1, 3 do
      sleep(0.1)
      n = n + 1
    end
    return n
  end))
  local seen
  timeout(0.4, check.expect(function() seen = counting:join(PATIENCE) end))
  check.equal(dispatch(), "empty")
  check.equal(seen, 3)
end)

check.case("it has a number, and lives until its function has ended", function()
  local t = check.ok(thread(function() sleep(0.02) end))
  check.equal(math.type(t.id), "integer")
  check.equal(tostring(t), "thread " .. t.id)
  check.equal(t:alive(), true)
  check.match(tostring(why()), "thread +" .. t.id .. " +running")
  check.equal(select("#", t:join()), 0)
  check.equal(t:alive(), false)
end)

check.case("what goes there and back: every kind of value", function()
  local values = { nil, true, false, 1, -1 << 63, 1.5, math.huge, "", "a\0b", ("x"):rep(100000) }
  local back = table.pack(joined(function(...) return ... end, table.unpack(values, 1, 10)))
  check.equal(back.n, 10)
  for i = 1, 10 do
    check.equal(back[i], values[i])
    check.equal(math.type(back[i]), math.type(values[i]))
  end
  check.equal(back[7], math.huge)
end)

check.case("tables: nested, shared, cyclic, with metatables, as keys", function()
  local class = { __index = { double = function(self) return 2 * self.n end } }
  local shared = { "shared" }
  local key = { "key" }
  local all = { shared, shared, self = nil, [key] = key, object = setmetatable({ n = 21 }, class) }
  all.self = all
  local back = joined(function(t)
    assert(t[1] == t[2] and t.self == t and t.object:double() == 42)
    t[1][1] = "changed"
    return t
  end, all)
  check.equal(back[1], back[2])
  check.equal(back[1][1], "changed")
  check.equal(shared[1], "shared")
  check.equal(back.self, back)
  check.equal(back.object:double(), 42)
  local found
  for k, v in pairs(back) do found = found or type(k) == "table" and k == v and k[1] end
  check.equal(found, "key")
end)

check.case("a list of 50000 links, and one as wide", function()
  local list
  for i = 1, 50000 do list = { i, list } end
  local n, wide = joined(function(l)
    local count, all = 0, {}
    while l do
      count, all[#all + 1], l = count + 1, l[1], l[2]
    end
    return count, all
  end, list)
  check.equal(n, 50000)
  check.equal(#wide, 50000)
  check.equal(wide[50000], 1)
end)

check.case("upvalues are copied, and those that functions share stay shared", function()
  local n, words = 1, { "a" }
  local function add(by) n = n + by end
  local function fact(i) return i < 2 and 1 or i * fact(i - 1) end
  check.equal(joined(function()
    add(5)
    words[2] = "b"
    return n
  end), 6)
  check.equal(n, 1)
  check.equal(#words, 1)
  check.equal(joined(fact, 10), 3628800)
  local counter = joined(function()
    local count = 0
    return { up = function() count = count + 1 end, value = function() return count end }
  end)
  counter.up()
  counter.up()
  check.equal(counter.value(), 2)
end)

check.case("modules and their functions are found again, not copied", function()
  local json, upper, say = require "json", string.upper, print
  check.equal(joined(function(insert)
    assert(say == print and insert == table.insert and json == require "json")
    return upper "a" .. json.encode { 1 }
  end, table.insert), "A[1]")
  check.equal(joined(function() return json end), json)
  check.equal(joined(function() return _ENV == _G end), true)
end)

check.case("globals are those of a start: what a program has made is not there", function()
  made_by_test = 1
  check.equal(joined(function() return made_by_test end), nil)
  made_by_test = nil
  local _, message, code = joined(function() no_such_global() end)
  check.match(message, "thread_test.lua:%d+: .*no_such_global")
  check.equal(code, "ELUA")
end)

check.case("what cannot be copied is refused by its name", function()
  local near <close>, co, both = pair(), coroutine.create(print), { deep = { {} } }
  both.deep[1].there = near
  local function refused(pattern, fn, ...)
    local arguments = table.pack(fn, ...)
    check.raises(function() thread(table.unpack(arguments, 1, arguments.n)) end,
      "thread_test.lua:%d+: thread: " .. pattern)
  end
  refused("the function, upvalue 'near': a connection cannot be copied",
    function() return near end)
  refused("argument 1: a connection cannot be copied", print, near)
  refused("argument 2: a coroutine cannot be copied", print, 1, co)
  refused("argument 1%.deep%[1%]%.there: a connection", print, both)
  refused("argument 1, a key: a connection", print, { [near] = 1 })
  refused("argument 1, its metatable%.__index: a connection", print,
    setmetatable({}, { __index = near }))
  refused("the function, upvalue 'inner', upvalue 'near': a connection", (function()
    local function inner() return near end
    return function() return inner() end
  end)())
  local file <close> = io.tmpfile()
  refused("argument 1: a file cannot be copied", print, file)
  refused("argument 1: a function of C cannot be copied", print, string.gmatch("", ""))
  check.raises(function() thread() end, "bad argument #1 to 'thread' %(function expected, got nil")
  check.raises(function() thread("print") end, "bad argument #1")
  local _, message, code = joined(function() return 1, { t = timeout(nil, print) } end)
  check.equal(message, "result 2.t: a timer cannot be copied")
  check.equal(code, "EINVAL")
end)

check.case("an error goes to whoever joins, again and again", function()
  local t = thread(function() error { reason = "a table" } end)
  for _ = 1, 2 do
    local value, message, code = t:join(PATIENCE)
    check.equal(value, nil)
    check.equal(message, "(error object is a table value)")
    check.equal(code, "ELUA")
  end
end)

check.case("each join has copies of its own; several may wait", function()
  local t = thread(function() sleep(0.02) return { 1 } end)
  local one = spawn(function() return t:join() end)
  local two = t:join()
  local first = one:join()
  check.same(first, { 1 })
  check.same(two, { 1 })
  check.ok(first ~= two and two ~= t:join(), "one table for all")
end)

check.case("join takes a time limit; the thread goes on", function()
  local t = thread(function() sleep(0.2) return "late" end)
  check.fails("ETIMEDOUT", t:join(0.01))
  check.equal(t:join(PATIENCE), "late")
end)

check.case("a joiner that waits can be cancelled", function()
  local t = thread(function() sleep(0.1) return 1 end)
  local joiner = spawn(function() t:join() end)
  sleep(0)
  joiner:cancel()
  check.eventually(function() return not joiner:alive() end)
  check.equal(t:join(PATIENCE), 1)
end)

check.case("it has a loop: what its function has left goes on, and then it ends", function()
  check.equal(joined(function()
    local log = {}
    timeout(0.02, function() log[#log + 1] = "timer" end)
    spawn(function() log[#log + 1] = "task" end):join()
    dispatch()
    return table.concat(log, " ")
  end), "task timer")
  check.equal(joined(function()
    local srv <close> = listen("127.0.0.1:0", function(c)
      for line in c:lines() do c:write(line:upper(), "\n") end
    end)
    local c <close> = connect(srv.address)
    c:write "hello\n"
    return c:read "l"
  end), "HELLO")
end)

check.case("it uses the same poll method", function()
  check.equal(joined(function() return reactor.method end), reactor.method)
end)

check.case("threads talk by sockets", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c) c:write(c:read "l", "\n") end))
  local threads = {}
  for i = 1, 4 do
    threads[i] = thread(function(address, n)
      local c <close> = assert(connect(address))
      c:write("line ", n, "\n")
      return c:read "l"
    end, srv.address, i)
  end
  for i = 1, 4 do check.equal(threads[i]:join(PATIENCE), "line " .. i) end
end)

check.case("a thread may make threads", function()
  check.equal(joined(function()
    local inner = thread(function(a, b) return a * b end, 6, 7)
    return inner:join()
  end), 42)
end)

check.case("cancel ends waits, busy code, and what pcall holds; <close> variables run", function()
  local path = os.tmpname()
  for i, fn in ipairs {  -- a loop without any call is deaf to signals under the thread sanitizer
    function() sleep(60) end,
    function() while true do now() end end,
    function() while true do pcall(function() while true do now() end end) end end,
    function() listen("127.0.0.1:0", print) end,
    function() coroutine.wrap(function() while true do now() end end)() end,
  } do
    local t = thread(function(where)
      local mark <close> = setmetatable({}, { __close = function()
        local file = io.open(where, "w")
        file:write "closed"
        file:close()
      end })
      fn()
      if i == 4 then sleep(60) end
    end, path)
    sleep(0.01)
    check.equal(t:cancel(), true)
    check.fails("ECANCELED", t:join(PATIENCE))
    check.equal(t:cancel(), false)
  end
  local file <close> = io.open(path)
  check.equal(file:read "a", "closed")
  os.remove(path)
end)

check.case("abort_branch ends it without results", function()
  check.equal(select("#", joined(function() abort_branch() end)), 0)
end)

check.case("one that waits for what cannot come is told so", function()
  check.fails("EDEADLK", joined(function()
    local one, other
    one = spawn(function() other:join() end)
    other = spawn(function() one:join() end)
    one:join()
  end))
end)

-- --- what a program with threads shows -------------------------------------------------------

check.case("its prints come out whole, and before its end is told", function()
  local output, status = child [[
    local all = {}
    for i = 1, 4 do
      all[i] = thread(function(n)
        for j = 1, 500 do print(n, j) end
        io.write("last of " .. n .. "\n")
      end, i)
    end
    for i = 1, 4 do all[i]:join() end
    print "all"]]
  check.equal(status, 0)
  local counts, others = {}, {}
  for line in output:gmatch "[^\n]+" do
    local n, j = line:match "^(%d)\t(%d+)$"
    if n then
      counts[n] = (counts[n] or 0) + 1
      check.equal(tonumber(j), counts[n])
    else
      others[#others + 1] = line
    end
  end
  check.same(counts, { ["1"] = 500, ["2"] = 500, ["3"] = 500, ["4"] = 500 })
  check.equal(others[#others], "all")
  table.sort(others)
  check.same(others, { "all", "last of 1", "last of 2", "last of 3", "last of 4" })
end)

check.case("more than a reader takes is not lost", function()
  local output = child [[
    thread(function() for i = 1, 200000 do print(i) end end):join()]]
  local last, n = nil, 0
  for line in output:gmatch "%d+" do last, n = line, n + 1 end
  check.equal(n, 200000)
  check.equal(last, "200000")
end)

check.case("standard input is at its end there", function()
  check.equal(joined(function() return io.read "a" end), "")
  check.equal(joined(function() return io.stdin:read "l" end), nil)
end)

check.case("what nobody joins keeps the program going; its failure is told, and makes it 1", function()
  local output, status = child [[thread(function() sleep(0.05) print "done" end)]]
  check.equal(output, "done\n")
  check.equal(status, 0)
  output, status = child [[thread(function() error("bad", 0) end)]]
  check.match(output, "^moonwire: thread 1: bad\nstack traceback:\n")
  check.equal(status, 1)
  output, status = child [[
    thread(function()
      timeout(0, function() error("bad", 0) end)
    end)]]
  check.match(output, "^moonwire: thread 1, timer 1: bad")
  check.equal(status, 1)
end)

check.case("the end of the program ends threads, whatever they do", function()
  for _, busy in ipairs { "sleep(60)", "while true do end", "io.popen('exec sleep 3 2>/dev/null'):read 'a'",
    "while true do print(('x'):rep(1000)) end" } do
    for _, ending in ipairs { "os.exit(3)", "os.exit(3, true)",
      "timeout(0, abort) dispatch() os.exit(3)" } do
      local began = now()
      local _, status = child(("thread(function() %s end) sleep(0.02) %s"):format(busy, ending))
      check.equal(status, 3, busy .. ", " .. ending)
      check.ok(now() - began < PATIENCE, busy .. ", " .. ending)
    end
  end
end)

check.case("os.exit in a thread ends the program", function()
  local output, status = child [[
    thread(function() print "before" os.exit(7) end)
    sleep(60)]]
  check.equal(output, "before\n")
  check.equal(status, 7)
end)

check.done()
