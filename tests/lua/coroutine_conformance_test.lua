-- What Lua's own tests ask of coroutines, of goto and of <close>. In moonwire the main chunk and
-- each task is a coroutine of the shell's, and some of these functions are its own: a script must
-- not be able to tell. Passes in plain lua5.4 as well.
local check = require "check"
local case, equal, same, match, raises, ok =
  check.case, check.equal, check.same, check.match, check.raises, check.ok

local function closer(fn) return setmetatable({}, { __close = fn }) end

-- --- the main thread -----------------------------------------------------------------------

case("coroutine: a task looks like the main thread", function()
  local co, is_main = coroutine.running()
  equal(type(co), "thread")
  equal(is_main, true)
  equal(coroutine.status(co), "running")
  equal(coroutine.isyieldable(), false)
  equal(coroutine.isyieldable(co), false)
  raises(coroutine.yield, "^attempt to yield from outside a coroutine$")
  same({ coroutine.resume(co) }, { false, "cannot resume non-suspended coroutine" })
  raises(function() coroutine.close(co) end, "cannot close a running coroutine")
  equal(coroutine.running(), co)
end)

case("coroutine: what is no thread, and where a message has its position", function()
  for _, name in ipairs { "resume", "status", "close", "isyieldable" } do
    for _, value in ipairs { 1, "x", {}, print } do
      equal(select(2, pcall(coroutine[name], value)), ("bad argument #1 to 'coroutine.%s' "
        .. "(thread expected, got %s)"):format(name, type(value)))
    end
  end
  raises(function() coroutine.isyieldable(nil) end, "thread expected, got nil")
  raises(function() coroutine.yield() end, "^attempt to yield from outside a coroutine$")
  raises(function() ("a"):gsub(".", function() coroutine.yield() end) end,
    "^attempt to yield from outside a coroutine$")
end)

case("coroutine: the main thread seen from a coroutine", function()
  local main = coroutine.running()
  local inner = coroutine.create(function()
    local own, is_main = coroutine.running()
    equal(is_main, false)
    equal(coroutine.isyieldable(), true)
    equal(coroutine.isyieldable(main), false)
    equal(coroutine.status(main), "normal")
    equal(coroutine.status(own), "running")
    raises(function() coroutine.close(main) end, "cannot close a normal coroutine")
    raises(function() coroutine.close(own) end, "cannot close a running coroutine")
    same({ coroutine.resume(main) }, { false, "cannot resume non-suspended coroutine" })
    return own
  end)
  local fine, own = coroutine.resume(inner)
  ok(fine, own)
  equal(own, inner)
end)

-- --- resume, yield, wrap --------------------------------------------------------------------

case("coroutine: values pass both ways", function()
  local co = coroutine.create(function(...)
    local got = table.pack(...)
    while got.n > 0 do got = table.pack(coroutine.yield(got.n, table.unpack(got, 1, got.n))) end
    return "end", nil
  end)
  equal(coroutine.status(co), "suspended")
  equal(coroutine.isyieldable(co), true)
  same(table.pack(coroutine.resume(co, nil, 2)), table.pack(true, 2, nil, 2))
  same(table.pack(coroutine.resume(co, "a", nil)), table.pack(true, 2, "a", nil))
  same(table.pack(coroutine.resume(co)), table.pack(true, "end", nil))
  equal(coroutine.status(co), "dead")
  same({ coroutine.resume(co, 1) }, { false, "cannot resume dead coroutine" })
end)

case("coroutine: wrong arguments", function()
  raises(function() coroutine.create(0) end, "bad argument #1 to 'create' %(function expected")
  raises(function() coroutine.wrap() end, "bad argument #1 to 'wrap' %(function expected")
  raises(function() coroutine.resume(0) end, "bad argument #1 to 'resume' .*expected")
  raises(function() coroutine.status {} end, "bad argument #1 to 'status' .*expected")
  raises(function() coroutine.close() end, "bad argument #1 to 'close' .*expected")
end)

case("coroutine: nobody resumes himself or what is normal", function()
  local co
  co = coroutine.create(function()
    same({ coroutine.resume(co) }, { false, "cannot resume non-suspended coroutine" })
    local inner = coroutine.wrap(function()
      equal(coroutine.status(co), "normal")
      return coroutine.resume(co)
    end)
    same({ inner() }, { false, "cannot resume non-suspended coroutine" })
    coroutine.yield "still here"
  end)
  same({ coroutine.resume(co) }, { true, "still here" })
  local closed = false
  local self
  self = coroutine.wrap(function()
    local _ <close> = closer(function() closed = true end)
    return pcall(self)
  end)
  local fine, message = self()
  equal(fine, false)
  match(message, "cannot resume non%-suspended coroutine")
  equal(closed, true)
end)

case("coroutine.wrap: errors", function()
  local dead = coroutine.wrap(function() end)
  dead()
  match(raises(dead), "cannot resume dead coroutine$")
  local object = {}
  equal(raises(coroutine.wrap(function() error(object) end)), object)
  match(raises(coroutine.wrap(function() error "text" end)), "_test%.lua:%d+: text$")
  local called_from_lua = coroutine.wrap(function() error("text", 0) end)
  match(raises(function() called_from_lua(); return 1 end), "_test%.lua:%d+: text$")
  equal(raises(coroutine.wrap(function() error(nil) end)), nil)
  -- The pending <close> runs before the error comes out, and can change it.
  local seen
  local changing = coroutine.wrap(function()
    local _ <close> = closer(function(_, problem) seen = problem; error("second", 0) end)
    error("first", 0)
  end)
  match(raises(changing), "second$")
  equal(seen, "first")
end)

case("coroutine: in loops, tail calls and recursion", function()
  local function count(n)
    return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end)
  end
  local function odd(of)
    return coroutine.wrap(function()
      for i in of do if i % 2 == 1 then coroutine.yield(i) end end
    end)
  end
  local sum = 0
  for i in odd(count(100)) do sum = sum + i end
  equal(sum, 2500)
  local function tail(i) return coroutine.yield(i) end
  local co = coroutine.wrap(function() for i = 1, 5 do equal(tail(i), -i) end return "end" end)
  co()
  for i = 1, 4 do equal(co(-i), i + 1) end
  equal(co(-5), "end")
  local function tree(depth)
    if depth == 0 then coroutine.yield(1) return end
    for _ = 1, 3 do tree(depth - 1) end
  end
  sum = 0
  for one in coroutine.wrap(function() tree(6) end) do sum = sum + one end
  equal(sum, 3 ^ 6)
end)

case("coroutine: nested too deep is an error, not a crash", function()
  local function deeper(self) coroutine.wrap(self)(self) end
  match(raises(function() deeper(deeper) end), "C stack overflow")
  local depth = 0
  local function nest()
    depth = depth + 1
    return select(2, coroutine.resume(coroutine.create(nest)))
  end
  match(nest(), "C stack overflow")
  ok(depth > 100)
end)

case("coroutine: yields through pcall, xpcall, metamethods and iterators", function()
  local object = setmetatable({}, {
    __add = function(_, b) return coroutine.yield "add" + b end,
    __index = function(_, key) return coroutine.yield(key) end,
    __newindex = function(_, key) coroutine.yield("new " .. key) end,
    __call = function(_, x) return coroutine.yield "call" .. x end,
    __lt = function() return coroutine.yield "lt" end,
    __eq = function() return coroutine.yield "eq" end,
    __concat = function() return coroutine.yield "concat" end,
    __len = function() return coroutine.yield "len" end,
    __close = function() coroutine.yield "close" end,
  })
  local function iterate(_, i) if coroutine.yield "for" then return i + 1 end end
  local co = coroutine.wrap(function()
    local results = {}
    results[1] = object + 1
    results[2] = object.field
    object.other = 1
    results[3] = object "x"
    results[4] = object < {}
    results[5] = object == setmetatable({}, getmetatable(object))
    results[6] = object .. "x"
    results[7] = #object
    do local _ <close> = object end
    for i in iterate, nil, 0 do results[8] = i end
    results[9] = { pcall(pcall, error, coroutine.yield "pcall") }
    results[10] = select(2, xpcall(function() error(coroutine.yield "xpcall", 0) end,
      function(message) return message .. " handled" end))
    return results
  end)
  equal(co(), "add")
  local steps = { { 41, "field" }, { "f", "new other" }, { nil, "call" }, { "y", "lt" },
    { 1, "eq" }, { false, "concat" }, { "c", "len" }, { 7, "close" }, { nil, "for" },
    { true, "for" },
    { false, "pcall" }, { "p", "xpcall" } }
  for _, step in ipairs(steps) do equal(co(step[1]), step[2]) end
  same(co "x", { 42, "f", "yx", true, false, "c", 7, 1, { true, false, "p" }, "x handled" })
end)

case("coroutine: what no yield can cross", function()
  local co = coroutine.wrap(function()
    local problems = {}
    local function try(...) problems[#problems + 1] = select(2, pcall(...)) end
    try(table.sort, { 2, 1 }, coroutine.yield)
    try(string.gsub, "a", ".", function()
      equal(coroutine.isyieldable(), false)
      coroutine.yield()
    end)
    try(load, coroutine.yield)
    return problems
  end)
  local problems = co()
  equal(problems[1], "attempt to yield across a C-call boundary")
  match(problems[2], "attempt to yield across a C%-call boundary")
end)

-- --- close ------------------------------------------------------------------------------------

case("coroutine.close: statuses and results", function()
  local fresh = coroutine.create(print)
  same({ coroutine.close(fresh) }, { true })
  equal(coroutine.status(fresh), "dead")
  same({ coroutine.close(fresh) }, { true })
  local failed = coroutine.create(error)
  same({ coroutine.resume(failed, 100) }, { false, 100 })
  same({ coroutine.close(failed) }, { false, 100 })
  same({ coroutine.close(failed) }, { true })
end)

case("coroutine.close: runs what is pending, innermost first", function()
  local order = {}
  local co = coroutine.create(function()
    local function raising(name, code)
      return closer(function(_, e) order[#order + 1] = { name, e or "none" } error(code) end)
    end
    local _ <close> = raising("outer", 200)
    local _ <close> = raising("inner", 111)
    coroutine.yield()
  end)
  coroutine.resume(co)
  same({ coroutine.close(co) }, { false, 200 })
  same(order, { { "inner", "none" }, { "outer", 111 } })
  equal(coroutine.status(co), "dead")
  same({ coroutine.close(co) }, { true })
end)

case("coroutine.close: not while it is closing", function()
  local co
  co = coroutine.create(function()
    local _ <close> = closer(function() coroutine.close(co) end)
    coroutine.yield(20)
  end)
  same({ coroutine.resume(co) }, { true, 20 })
  local fine, message = coroutine.close(co)
  equal(fine, false)
  match(message, "cannot close a running coroutine")
  local again
  again = coroutine.wrap(function()
    local _ <close> = closer(function() return pcall(again) end)
    error(111)
  end)
  equal(raises(again), 111)
  match(raises(again), "cannot resume dead coroutine")
end)

case("<close>: order, error values, and every way out", function()
  local order = {}
  local function track(name)
    return closer(function(_, e) order[#order + 1] = name .. tostring(e) end)
  end
  local function leave()
    local _ <close>, _ = track "a", 1
    local _ <close> = nil
    local _ <close> = false
    do
      local _ <close> = track "b"
      goto out
    end
    ::out::
    for i = 1, 3 do
      local _ <close> = track(i)
      if i == 2 then break end
    end
    for _ in next, { 1 }, nil, track "d" do end
    return (function() local _ <close> = track "e"; return "result" end)()
  end
  equal(leave(), "result")
  same(order, { "bnil", "1nil", "2nil", "dnil", "enil", "anil" })

  order = {}
  local fine, problem = pcall(function()
    local _ <close> = track "x"
    local _ <close> = closer(function(_, e) order[#order + 1] = e; error("from close", 0) end)
    error("from body", 0)
  end)
  equal(fine, false)
  equal(problem, "from close")
  same(order, { "from body", "xfrom close" })
  raises(function() local thing <close> = {} end, "variable 'thing' got a non%-closable value")
  match(raises(load "local t <close> = {}"), "variable 't' got a non%-closable value")
  match(select(2, load "local x <const> = 1; x = 2"), "attempt to assign to const variable 'x'")
  match(select(2, load "local x <closed> = 1"), "unknown attribute 'closed'")
  match(select(2, load "local a <close>, b <close> = 1"), "multiple to%-be%-closed variables")
end)

case("<close>: the recovery of an error that changes on its way", function()
  local track = {}
  local function note(then_raise)
    return closer(function(_, e)
      track[#track + 1] = e or "none"
      if then_raise then error(then_raise, 0) end
    end)
  end
  local co = coroutine.create(pcall)
  same({ coroutine.resume(co, function()
    local _ <close> = note "last"
    local _ <close> = note()
    local _ <close> = note "middle"
    coroutine.yield(1)
    local function inner() local _ <close> = note "first"; return 1 end
    inner()
  end) }, { true, 1 })
  same({ coroutine.resume(co) }, { true, false, "last" })
  same(track, { "none", "first", "middle", "middle" })
end)

-- --- goto --------------------------------------------------------------------------------------

case("goto: jumps, closures per turn, and what the compiler refuses", function()
  local fns, i = {}, 1
  ::top::
  do
    local own = i
    fns[i] = function() own = own + 10; return own end
    i = i + 1
    if i <= 3 then goto top end
  end
  same({ fns[1](), fns[1](), fns[2](), fns[3]() }, { 11, 21, 12, 13 })
  local sum = 0
  for n = 1, 10 do
    if n % 2 == 0 then goto continue end
    sum = sum + n
    ::continue::
  end
  equal(sum, 25)
  match(select(2, load "goto nowhere"), "no visible label 'nowhere' for <goto> at line 1")
  match(select(2, load "goto l; local a; ::l:: print(a)"), "jumps into the scope of local 'a'")
  match(select(2, load "::l:: ::l::"), "label 'l' already defined")
  match(select(2, load "break"), "break outside loop at line 1")
  match(select(2, load "do ::l:: end goto l"), "no visible label 'l'")
end)

check.done()
