-- What Lua's own tests ask of the debug library: of the running task and of other threads. The
-- shell has hooks of its own for Ctrl-C, and frames of its own below each task; neither may show.
-- Passes in plain lua5.4 as well.
local check = require "check"
local case, equal, same, match, raises, ok =
  check.case, check.equal, check.same, check.match, check.raises, check.ok

case("debug.traceback: messages, levels, other threads", function()
  local object = {}
  equal(debug.traceback(object), object)
  match(debug.traceback(), "^stack traceback:\n\t")
  match(debug.traceback("hi", 1), "^hi\nstack traceback:\n\t[^\n]*conformance_test.lua:%d+: in ")
  match(debug.traceback(12), "^12\nstack traceback:")
  local co = coroutine.create(function(x)
    local y = x + 1
    coroutine.yield(y)
    error "late"
  end)
  equal(debug.traceback(co), "stack traceback:")
  coroutine.resume(co, 1)
  local trace = debug.traceback(co)
  match(trace, "^stack traceback:\n\t%[C%]: in function 'coroutine.yield'\n"
    .. "\t[^\n]*: in function <[^\n]*>$")
  equal(select(2, debug.traceback(co, nil, 1):gsub("\n", "")), 1)
  match(debug.traceback(co, "msg", 0), "^msg\nstack traceback:\n\t%[C%]")
  equal(debug.traceback(co, "msg", 10), "msg\nstack traceback:")
  coroutine.resume(co)
  match(debug.traceback(co), "%[C%]: in function 'error'")
  local function deep(n) if n == 0 then return debug.traceback "deep" end return (deep(n - 1)) end
  local lines = coroutine.wrap(deep)(50)
  match(lines, "\n\t%.%.%.\t%(skipping %d+ levels%)\n")
  equal(select(2, lines:gsub("\n", "")), 23)
end)

case("debug.getinfo: of functions, levels and threads", function()
  local function sample(a, b, ...) return a, b, ... end
  local info = debug.getinfo(sample)
  equal(info.what, "Lua")
  match(info.source, "^@.*debug_conformance_test.lua$")
  equal(info.nparams, 2)
  equal(info.isvararg, true)
  equal(info.nups, 0)
  equal(info.func, sample)
  equal(debug.getinfo(print).what, "C")
  equal(debug.getinfo(print).short_src, "[C]")
  equal(debug.getinfo(print).currentline, -1)
  equal(debug.getinfo(10000), nil)
  raises(function() debug.getinfo(print, "X") end, "bad argument #2 to 'getinfo' %(invalid option")
  raises(function() debug.getinfo(1, ">") end, "invalid option '>'")
  raises(function() debug.getinfo("x") end, "bad argument #1 to 'getinfo'")
  local function named() return debug.getinfo(1, "nlt"), debug.getinfo(2, "l") end
  local own, caller = named()
  equal(own.name, "named")
  equal(own.namewhat, "local")
  equal(own.istailcall, false)
  equal(caller.currentline, debug.getinfo(1, "l").currentline - 4)
  local function tail() return named() end
  equal(tail().istailcall, true)
  local co = coroutine.create(function(first) local second = first * 2; coroutine.yield(second) end)
  equal(debug.getinfo(co, 1), nil)
  coroutine.resume(co, 21)
  equal(debug.getinfo(co, 0, "f").func, coroutine.yield)
  equal(debug.getinfo(co, 1, "S").what, "Lua")
  equal(debug.getinfo(co, 2), nil)
  local active = debug.getinfo(sample, "L").activelines
  equal(active[info.linedefined], true)
end)

case("debug.getlocal and setlocal: here and in other threads", function()
  local co = coroutine.create(function(first, ...)
    local second = first * 2
    coroutine.yield(second)
    return first, second, ...
  end)
  coroutine.resume(co, 21, "extra")
  same({ debug.getlocal(co, 1, 1) }, { "first", 21 })
  same({ debug.getlocal(co, 1, 2) }, { "second", 42 })
  same({ debug.getlocal(co, 1, -1) }, { "(vararg)", "extra" })
  equal(debug.getlocal(co, 1, -2), nil)
  equal(debug.setlocal(co, 1, 1, "changed"), "first")
  equal(debug.setlocal(co, 1, -1, "other"), "(vararg)")
  raises(function() debug.getlocal(co, 5, 1) end, "#2 to 'getlocal' %(level out of range")
  same({ coroutine.resume(co) }, { true, "changed", 42, "other" })
  local function params(a, b) local c = a return c, b end
  equal(debug.getlocal(params, 1), "a")
  equal(debug.getlocal(params, 2), "b")
  equal(debug.getlocal(params, 3), nil)
  local mine = "here"
  local found
  for i = 1, 10 do
    local name, value = debug.getlocal(1, i)
    if name == "mine" then found = value end
  end
  equal(found, mine)
end)

case("debug.sethook: lines, calls, counts, and each thread its own", function()
  equal(debug.gethook(), nil)
  local lines = {}
  local function hook(event, line) lines[#lines + 1] = event .. (line or "") end
  local base = debug.getinfo(1, "l").currentline
  debug.sethook(hook, "l")
  local x = 1
  x = x + 1
  debug.sethook()
  same(lines, { "line" .. base + 2, "line" .. base + 3, "line" .. base + 4 })
  equal(debug.gethook(), nil)

  local events = {}
  local co = coroutine.create(function()
    coroutine.yield(10)
    return 20
  end)
  debug.sethook(co, function(event) events[#events + 1] = event end, "clr")
  local given, mask, count = debug.gethook(co)
  equal(type(given), "function")
  equal(mask, "crl")
  equal(count, 0)
  equal(debug.gethook(), nil)
  repeat until not coroutine.resume(co)
  same(events, { "call", "line", "call", "return", "line", "return" })

  local steps = 0
  debug.sethook(function(event) equal(event, "count") steps = steps + 1 end, "", 100)
  for _ = 1, 10000 do end
  debug.sethook()
  ok(steps > 50)
  debug.sethook(function() end, "r")
  local inherited = coroutine.wrap(function() return select(2, debug.gethook()) end)()
  debug.sethook()
  equal(inherited, "r")

  -- A hook that raises is how a program is stopped; pcall sees it.
  local fine, message = pcall(function()
    debug.sethook(function() debug.sethook() error "stopped" end, "", 1000)
    while true do end
  end)
  equal(fine, false)
  match(message, "stopped$")
end)

case("debug: upvalues, user values, metatables, the registry", function()
  local a, b = 1, 2
  local function f() return a, b end
  local function g() return b end
  same({ debug.getupvalue(f, 1) }, { "a", 1 })
  equal(debug.setupvalue(f, 2, 20), "b")
  equal(b, 20)
  equal(debug.upvalueid(f, 2), debug.upvalueid(g, 1))
  ok(debug.upvalueid(f, 1) ~= debug.upvalueid(g, 1))
  debug.upvaluejoin(g, 1, f, 1)
  equal(g(), 1)
  equal(debug.getupvalue(string.gmatch("x", "x"), 1), "")
  equal(debug.getuservalue(io.stdout, 1), nil)
  equal(type(debug.getregistry()), "table")
  equal(debug.getregistry()[2], _G)
  equal(type(debug.getregistry()[1]), "thread")
  debug.setmetatable(10, { __index = { double = function(n) return 2 * n end } })
  equal((21):double(), 42)
  debug.setmetatable(10, nil)
  equal(debug.getmetatable("").__index, string)
end)

case("debug.sethook: a hook ends with its task", function()
  if not timeout then return end  -- plain lua5.4
  local armed, later = false, {}
  timeout(0, function()
    debug.sethook(function() end, "c")
    armed = debug.gethook() ~= nil
  end)
  sleep(0.01)
  for i = 1, 3 do timeout(0, function() later[i] = debug.gethook() or "none" end) end
  sleep(0.01)
  equal(armed, true)
  same(later, { "none", "none", "none" })
end)

case("xpcall: the handler sees the stack of the error", function()
  local function raise() error("deep", 0) end
  local fine, trace = xpcall(raise, debug.traceback)
  equal(fine, false)
  match(trace, "^deep\nstack traceback:\n\t%[C%]: in function 'error'\n")
  match(trace, "\n\t[^\n]*:%d+: in [^\n]*\n\t%[C%]: in function 'xpcall'\n")
  same({ xpcall(function(...) return ... end, error, 1, nil, 3) }, { true, 1, nil, 3 })
  same({ select(2, xpcall(error, function(e) return e .. "!" end, "x")) }, { "x!" })
  local function overflow() return 1 + overflow() end
  match(raises(overflow), "stack overflow")
  raises(function() ("x"):bad() end, "attempt to call a nil value %(method 'bad'%)")
  match(raises(function() local t = nil; t.x = 1 end), "attempt to index a nil value %(local 't'%)")
  match(raises(function() return undefined_thing.x end), "%(global 'undefined_thing'%)")
end)

check.done()
