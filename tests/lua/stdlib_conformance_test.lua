-- What Lua's own tests ask of io, os, load and require, and what lua(1) does with a script: its
-- arguments, standard streams, errors and exit status. Passes in plain lua5.4 as well.
local check = require "check"
local case, equal, same, match, raises, ok =
  check.case, check.equal, check.same, check.match, check.raises, check.ok

local interpreter = os.getenv "MOONWIRE" or "lua5.4"

local function closer(fn) return setmetatable({}, { __close = fn }) end

-- A path that is removed when its scope ends; `text` is written to it.
local function scratch(text)
  local path = os.tmpname()
  if text then
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end
  return setmetatable({ path = path }, { __close = function() os.remove(path) end })
end

-- Runs `code` as a script of its own: its output, and what close() said.
local function run(code, ...)
  local script <close> = scratch(code)
  local words = { interpreter, script.path, ... }
  for i, word in ipairs(words) do words[i] = "'" .. word:gsub("'", "'\\''") .. "'" end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1", "r"))
  return pipe:read "a", pipe:close()
end

local function exit_status(code) return select(4, run(code)) end

-- --- a script -------------------------------------------------------------------------------

case("a script: its main chunk is the main thread", function()
  equal((run [[
    local co, is_main = coroutine.running()
    print(is_main, coroutine.isyieldable(), coroutine.status(co), debug.getinfo(1, "S").what)
    print(pcall(coroutine.yield, 1))
    print(select("#", ...), ..., arg[1], arg[0] ~= nil, arg[-1] ~= nil, #arg)
    print(coroutine.wrap(function() return coroutine.isyieldable(), debug.traceback() end)())]]
    :gsub("/[^\n:]*:", "F:")), table.concat({
    "true\tfalse\trunning\tmain",
    "false\tattempt to yield from outside a coroutine",
    "0\tnil\tnil\ttrue\ttrue\t0",
    "true\tstack traceback:",
    "\tF:5: in function <F:5>\n" }, "\n"))
end)

case("a script: its arguments", function()
  equal((run([[print(#arg, arg[1], arg[2], select("#", ...), ...)]], "a b", "", "-x")),
    "3\ta b\t\t3\ta b\t\t-x\n")
  match((run [[print(arg[0])]]), "^/.*\n$")
  match((run [[print(debug.getinfo(1, "S").source, debug.getinfo(1, "l").currentline)]]),
    "^@/[^\t]*\t1\n$")
  equal((run "#!/usr/bin/env something\nprint(debug.getinfo(1, 'l').currentline)"), "2\n")
end)

case("a script: its standard streams", function()
  local text, fine = run [[
    io.write("out ", 1, "\n")
    print("print", nil, true)
    io.stderr:write("err\n")
    io.stdout:write("a"):write("b\n")
    print(io.stdout:close() == nil or io.stdout:close())
    io.stdout:setvbuf("no")]]
  equal(fine, true)
  match(text, "out 1\nprint\tnil\ttrue\n")
  match(text, "err\n")
  match(text, "ab\n")
  local script <close> = scratch [[
    local a, b, c, d = io.read("n", "l", "L", 3)
    print(a, b, c, d)
    for line in io.lines() do io.write("[", line, "]") end
    print(io.read(), io.read(0), io.read("a"))]]
  local pipe = assert(io.popen(("printf '42 rest\\nsecond\\nabcdef\\nx\\n\\ny' | '%s' %s"):format(
    interpreter, script.path)))
  equal(pipe:read "a", "42\t rest\tsecond\n\tabc\n[def][x][][y]nil\tnil\t\n")
  pipe:close()
end)

case("a script: its exit status and its errors", function()
  equal(exit_status "", 0)
  equal(exit_status "os.exit()", 0)
  equal(exit_status "os.exit(true)", 0)
  equal(exit_status "os.exit(false)", 1)
  equal(exit_status "os.exit(42)", 42)
  equal(exit_status "os.exit(3, true)", 3)
  equal(exit_status "pcall(os.exit, 5) os.exit(6)", 5)
  equal(exit_status "coroutine.wrap(function() os.exit(7) end)()", 7)
  equal(exit_status "error 'x'", 1)
  equal(exit_status "error()", 1)
  equal(exit_status "syntax error here", 1)
  match((run "error 'reason'"), ": .*:1: reason\nstack traceback:\n")
  match((run "error(setmetatable({}, { __tostring = function() return 'said' end }))"), "said\n")
  match((run "error {}"), "%(error object is a table value%)")
  match((run "local x = = 1"), ":1: unexpected symbol near '='")
  equal((run [[
    local _ <close> = setmetatable({}, { __close = function() print "closed" end })
    setmetatable({}, { __gc = function() print "collected" end })
    io.write "buffered "
    os.exit(0, true)]]), "buffered closed\ncollected\n")
end)

-- --- io ------------------------------------------------------------------------------------------

case("io: opening, failing, closing", function()
  local path <close> = scratch()
  same({ io.open "/no/such/file" }, { nil, "/no/such/file: No such file or directory", 2 })
  raises(function() io.open(path.path, "rw") end, "bad argument #2 to 'open' %(invalid mode%)")
  raises(function() io.lines "/no/such/file" end, "/no/such/file")
  raises(function() io.input "/no/such/file" end,
    "cannot open file '/no/such/file' %(No such file or directory%)")
  local file = assert(io.open(path.path, "w+"))
  equal(io.type(file), "file")
  match(tostring(file), "^file %(0x")
  equal(getmetatable(file).__name, "FILE*")
  equal(file:write("a", 1, 2.5, "\n"), file)
  equal(file:seek "set", 0)
  equal(file:read "a", "a12.5\n")
  equal(file:close(), true)
  equal(io.type(file), "closed file")
  equal(tostring(file), "file (closed)")
  equal(io.type(1), nil)
  raises(function() file:read() end, "attempt to use a closed file")
  raises(function() io.close(file) end, "attempt to use a closed file")
  do
    local scoped <close> = assert(io.open(path.path))
    file = scoped
  end
  equal(io.type(file), "closed file")
  local reading = assert(io.open(path.path, "r"))
  local result, message, code = reading:write "x"
  equal(result, nil)
  equal(type(message), "string")
  equal(math.type(code), "integer")
  reading:close()
end)

case("io: reading in every format", function()
  local path <close> = scratch("-12.3-\t-0xffff+ .3|5.E-3X  +234e+13E 0xDEADBEEFDEADBEEFx\n"
    .. "line\n\nlast")
  local file <close> = assert(io.open(path.path))
  same({ file:read("n", 1, "n", 1) }, { -12.3, "-", -0xffff, "+" })
  same({ file:read("n", "*n") }, { 0.3, nil })
  equal(file:read(1), "|")
  same({ file:read("n", 1, "n", 1) }, { 5e-3, "X", 234e13, "E" })
  equal(file:read "n", 0xDEADBEEFDEADBEEF)
  same({ file:read(1, "l", "L", "L", 0) }, { "x", "", "line\n", "\n", "" })
  same(table.pack(file:read("l", "l", 1)), { "last", n = 2 })
  equal(file:read "a", "")
  equal(file:read(0), nil)
  equal(file:read "L", nil)
  raises(function() file:read "x" end, "bad argument #1 to 'read' %(invalid format%)")
  equal(file:seek("set", 2), 2)
  equal(file:seek("cur", -1), 1)
  equal(file:read(2), "12")
  equal(file:seek "end", 67)
  raises(function() file:seek "middle" end, "invalid option 'middle'")
  same({ file:seek("set", -1) }, { nil, "Invalid argument", 22 })
end)

case("io: lines", function()
  local path <close> = scratch "one\ntwo\n\n3 4\nend"
  local function collect(...)
    local all = {}
    for a, b in io.lines(path.path, ...) do all[#all + 1] = b and { a, b } or a end
    return all
  end
  same(collect(), { "one", "two", "", "3 4", "end" })
  same(collect "L", { "one\n", "two\n", "\n", "3 4\n", "end" })
  same(collect(1, 6), { { "o", "ne\ntwo" }, { "\n", "\n3 4\ne" }, { "n", "d" } })
  local lines, state, control, closing = io.lines(path.path)
  equal(state, nil)
  equal(control, nil)
  equal(io.type(closing), "file")
  for _ in lines, state, control, closing do break end
  equal(io.type(closing), "closed file")
  raises(lines, "file is already closed")
  local file <close> = assert(io.open(path.path))
  for line in file:lines() do if line == "two" then break end end
  equal(file:read(1), "\n")
  raises(function() file:lines(table.unpack({}, 1, 251)) end, "too many arguments")
end)

case("io: default files", function()
  local path <close> = scratch "first\nsecond\n"
  local out <close> = scratch()
  equal(io.input(), io.stdin)
  equal(io.output(), io.stdout)
  equal(io.type(io.stderr), "file")
  io.input(path.path)
  same({ io.read("l", "L") }, { "first", "second\n" })
  equal(io.read(), nil)
  io.input():close()
  raises(function() io.read() end, "default input file is closed")
  equal(io.input(io.stdin), io.stdin)
  io.output(out.path)
  equal(io.write("x", 1), io.output())
  io.close()
  equal(io.output(io.stdout), io.stdout)
  same({ (io.lines(out.path)()) }, { "x1" })
  local result, message, code = io.stdin:write "not for writing"
  equal(result, nil)
  equal(type(message), "string")
  equal(math.type(code), "integer")
end)

case("io: buffering and large data", function()
  local path <close> = scratch()
  local file <close> = assert(io.open(path.path, "w"))
  local reader <close> = assert(io.open(path.path))
  equal(file:setvbuf("full", 2000), true)
  file:write "x"
  equal(reader:read "a", "")
  ok(file:flush())
  equal(reader:read "a", "x")
  equal(file:setvbuf "no", true)
  file:write "y"
  equal(reader:read "a", "y")
  equal(file:setvbuf "line", true)
  file:write "z"
  equal(reader:read "a", "")
  file:write "\n"
  equal(reader:read "a", "z\n")
  local big = ("\0\r\n\255"):rep(200000)
  file:write(big)
  file:flush()
  equal(reader:read "a" == big, true)
  local scratch_file <close> = assert(io.tmpfile())
  scratch_file:write "kept"
  equal(scratch_file:seek("cur"), 4)
  scratch_file:seek "set"
  equal(scratch_file:read "a", "kept")
end)

case("io.popen: both directions and every end", function()
  local pipe = assert(io.popen("echo one; echo two; exit 7", "r"))
  equal(io.type(pipe), "file")
  same({ pipe:read("l", "l", "l") }, { "one", "two" })
  same({ pipe:close() }, { nil, "exit", 7 })
  same({ assert(io.popen "true"):close() }, { true, "exit", 0 })
  same({ assert(io.popen "kill -9 $$"):close() }, { nil, "signal", 9 })
  local path <close> = scratch()
  local writer = assert(io.popen("cat >" .. path.path, "w"))
  writer:write(("line\n"):rep(10000))
  same({ writer:close() }, { true, "exit", 0 })
  local count = 0
  for _ in io.lines(path.path) do count = count + 1 end
  equal(count, 10000)
  raises(function() io.popen("true", "rw") end, "bad argument #2 to 'popen' %(invalid mode%)")
end)

-- --- os ----------------------------------------------------------------------------------------

case("os: files and the environment", function()
  local path = os.tmpname()
  local other = path .. "-renamed"
  ok(io.open(path, "a")):close()
  equal(os.rename(path, other), true)
  same({ os.rename(path, other) }, { nil, "No such file or directory", 2 })
  equal(os.remove(other), true)
  same({ os.remove(other) }, { nil, other .. ": No such file or directory", 2 })
  equal(type(os.getenv "PATH"), "string")
  equal(os.getenv "NO_SUCH_VARIABLE_HERE", nil)
  equal(os.setlocale "C", "C")
  equal(os.setlocale(nil, "numeric"), "C")
  equal(os.setlocale "no such locale", nil)
  equal(math.type(os.clock()), "float")
  equal(os.execute(), true)
  same({ os.execute "exit 3" }, { nil, "exit", 3 })
  same({ os.execute "kill -15 $$" }, { nil, "signal", 15 })
end)

case("os.time and os.date", function()
  local t = os.time { year = 2024, month = 2, day = 30, hour = 25, min = -1, sec = 61 }
  local d = os.date("*t", t)
  same({ d.year, d.month, d.day, d.hour, d.min, d.sec }, { 2024, 3, 2, 1, 0, 1 })
  equal(os.time(d), t)
  local given = { year = 2023, month = 14, day = 1 }
  os.time(given)
  same({ given.year, given.month, given.hour, given.yday }, { 2024, 2, 12, 32 })
  equal(os.date("!%Y-%m-%d %H:%M:%S", 0), "1970-01-01 00:00:00")
  equal(os.date("!%d %% %j", 86400 * 31), "01 % 032")
  equal(os.date("!*t", 0).isdst, false)
  equal(os.date "", "")
  equal(os.difftime(t + 10, t), 10.0)
  equal(math.type(os.time()), "integer")
  raises(function() os.date "%" end, "invalid conversion specifier '%%'")
  raises(function() os.date "%Ez" end, "invalid conversion specifier '%%Ez'")
  raises(function() os.time { month = 1, day = 1 } end, "field 'year' missing in date table")
  raises(function() os.time { year = 1, month = 1, day = 1.5 } end, "field 'day' is not an integer")
  raises(function() os.time { year = 1, month = "x", day = 1 } end, "'month' is not an integer")
  raises(function() os.time { year = 1 << 60, month = 1, day = 1 } end, "out%-of%-bound")
  raises(function() os.date("%c", 1 << 60) end, "cannot be represented")
end)

-- --- load and require ----------------------------------------------------------------------------

case("load: text, binary, readers, environments", function()
  local function twice(x) return x * 2 end
  local binary = string.dump(twice)
  equal(load(binary)(21), 42)
  equal(load(binary, "b", "b")(4), 8)
  match(select(2, load(binary, "chunk", "t")), "attempt to load a binary chunk %(mode is 't'%)")
  match(select(2, load("return 1", "chunk", "b")), "attempt to load a text chunk %(mode is 'b'%)")
  match(select(2, load(binary:sub(1, -2))), "bad binary format %(truncated chunk%)")
  local parts = { "return ", "1 ", "+ ", "41" }
  equal(load(function() return table.remove(parts, 1) end)(), 42)
  -- The handler of an xpcall around these sees their errors, and may have added to them.
  match(tostring(select(2, load(function() return {} end))), "reader function must return a string")
  match(tostring(select(2, load(function() error "broken" end))), ":%d+: broken")
  equal(load("x = 1; return x", "env", "t", {})(), 1)
  equal(rawget(_G, "x"), nil)
  match(select(2, load("x =", "=name")), "^name:1: unexpected symbol near <eof>$")
  match(select(2, load("x =", "@file.lua")), "^file.lua:1:")
  match(select(2, load("x =\n")), '^%[string "x =..."%]:2:')
  raises(function() string.dump(print) end, "unable to dump given function")
end)

case("loadfile and dofile: text and binary", function()
  local source <close> = scratch "#! comment\nreturn ..., 1, y"
  same(table.pack(loadfile(source.path, "t", { y = 2 })("a")), { "a", 1, 2, n = 3 })
  same({ dofile(source.path) }, { nil, 1 })
  local compiled <close> = scratch("# comment\n" .. string.dump(function() return 20, "\0\0" end))
  same({ loadfile(compiled.path)() }, { 20, "\0\0" })
  same({ dofile(compiled.path) }, { 20, "\0\0" })
  match(select(2, loadfile(compiled.path, "t")), "attempt to load a binary chunk")
  same({ loadfile "/no/such/file" },
    { nil, "cannot open /no/such/file: No such file or directory" })
  match(raises(function() dofile "/no/such/file" end), "cannot open /no/such/file")
  local bad <close> = scratch "return return"
  match(select(2, loadfile(bad.path)), ":1: .* near 'return'")
  local bom <close> = scratch "\xEF\xBB\xBF# comment\nreturn 'bom'"
  equal(dofile(bom.path), "bom")
  local yields <close> = scratch "return coroutine.yield(10) + 1"
  local co = coroutine.wrap(dofile)
  equal(co(yields.path), 10)
  equal(co(41), 42)
end)

case("require: its messages are lua(1)'s", function()
  local path, cpath = package.path, package.cpath
  local _ <close> = closer(function() package.path, package.cpath = path, cpath end)
  package.path, package.cpath = "?.lua;?/?", "?.so;?/init"
  equal(select(2, pcall(require, "no.such")), table.concat({ "module 'no.such' not found:",
    "no field package.preload['no.such']",
    "no file 'no/such.lua'", "no file 'no/such/no/such'",
    "no file 'no/such.so'", "no file 'no/such/init'",
    "no file 'no.so'", "no file 'no/init'" }, "\n\t"))
  package.path = nil
  raises(function() require "no_such" end, "^'package.path' must be a string$")
  package.path, package.cpath = "?.lua", nil
  raises(function() require "no_such" end, "^'package.cpath' must be a string$")
  package.cpath = ""
  equal(#package.searchers, 4)
  same({ package.searchpath("a.b", "./?.x;/?.y") },
    { nil, "no file './a/b.x'\n\tno file '/a/b.y'" })
  same({ package.searchpath("a-b", "?.x", "-", "+") }, { nil, "no file 'a+b.x'" })
  equal(package.config:sub(1, 10), "/\n;\n?\n!\n-\n")
end)

case("require: what it passes, keeps and returns", function()
  local folder = os.tmpname()
  os.remove(folder)
  ok(os.execute("mkdir " .. folder))
  local path = package.path
  local _ <close> = closer(function()
    package.path = path
    os.execute("rm -r " .. folder)
  end)
  package.path = folder .. "/?.lua"
  local function module(name, text)
    local file <close> = assert(io.open(folder .. "/" .. name .. ".lua", "w"))
    file:write(text)
    package.loaded[name] = nil
  end
  module("mw_values", "return { ... }")
  local value, where = require "mw_values"
  same(value, { "mw_values", folder .. "/mw_values.lua" })
  equal(where, folder .. "/mw_values.lua")
  same({ require "mw_values" }, { value })
  module("mw_nothing", "mw_ran = (mw_ran or 0) + 1")
  equal((require "mw_nothing"), true)
  equal((require "mw_nothing"), true)
  equal(mw_ran, 1)
  mw_ran = nil
  module("mw_false", "return false")
  equal((require "mw_false"), false)
  equal(package.loaded.mw_false, false)
  module("mw_own", "package.loaded[...] = 'set by itself'")
  equal((require "mw_own"), "set by itself")
  module("mw_broken", "x = = 1")
  match(raises(function() require "mw_broken" end),
    "^error loading module 'mw_broken' from file '.*/mw_broken.lua':\n\t.*/mw_broken.lua:1: ")
  module("mw_raises", "error('inside', 0)")
  equal(raises(function() require "mw_raises" end), "inside")
  equal(package.loaded.mw_raises, nil)
  package.preload.mw_given = function(...) return { ... } end
  same({ require "mw_given" }, { { "mw_given", ":preload:" }, ":preload:" })
  package.preload.mw_given = nil
  local searchers = package.searchers
  package.searchers = nil
  local fine, message = pcall(require, "mw_none")
  package.searchers = { function(name) return "asked for " .. name end }
  local _, asked = pcall(require, "mw_none")
  package.searchers = searchers
  equal(fine, false)
  match(message, "'package.searchers' must be a table")
  match(asked, "module 'mw_none' not found:\n\tasked for mw_none$")
  for name in pairs(package.loaded) do
    if name:find "^mw_" then package.loaded[name] = nil end
  end
end)

case("require: a C function, as its messages and tracebacks tell", function()
  equal(debug.getinfo(require, "S").what, "C")
  raises(function() string.dump(require) end, "unable to dump given function")
  raises(function() require() end, "bad argument #1 to 'require' %(string expected, got no value%)")
  raises(function() require(nil) end, "bad argument #1 to 'require' %(string expected, got nil%)")
  raises(function() require {} end, "bad argument #1 to 'require' %(string expected, got table%)")
  raises(function() require "mw_none" end, "^[^\n]*test.lua:%d+: module 'mw_none' not found:\n")
  local preload, searchers = package.preload, package.searchers
  local _ <close> = closer(function()
    package.searchers = searchers
    preload.mw_blames, preload.mw_fails = nil, nil
  end)
  preload.mw_blames = function() error("blamed", 2) end
  equal(raises(function() require "mw_blames" end), "blamed")
  preload.mw_fails = function() error "failed" end
  match(select(2, xpcall(require, debug.traceback, "mw_fails")),
    "\n\t[^\n]*: in function <[^\n]*>\n\t%[C%]: in function 'require'\n")
  package.searchers = {
    function() return nil, "not a message" end,
    function() return 42 end,
    function(name) if name == "mw_blames" then error("searched", 2) end end,
  }
  equal(select(2, pcall(require, "mw_none")), "module 'mw_none' not found:\n\t42")
  equal(raises(function() require "mw_blames" end), "searched")
end)

case("require: searchers and modules may yield, and wait", function()
  if not sleep then return end  -- plain lua5.4 cannot
  local _ <close> = closer(function() package.preload.mw_waits = nil end)
  table.insert(package.searchers, 1, function(name)
    if name ~= "mw_asked" then return end
    coroutine.yield "searching"
    return function(...)
      coroutine.yield "loading"
      sleep(0.001)
      return { ... }
    end, "data"
  end)
  local co = coroutine.wrap(require)
  equal(co "mw_asked", "searching")
  equal(co(), "loading")
  same({ co() }, { { "mw_asked", "data" }, "data" })
  table.remove(package.searchers, 1)
  package.preload.mw_waits = function() sleep(0.001) end
  same({ require "mw_waits" }, { true, ":preload:" })
  package.loaded.mw_asked, package.loaded.mw_waits = nil, nil
end)

case("a script: its last traceback names functions as lua(1) does", function()
  match((run [[
    function outer() for _ in next, 5 do end end
    local library = {}
    function library.inner() outer() return 1 end
    string.gsub("a", ".", function() library.inner() return nil end)]]):gsub("/[^\n:]*:", "F:"),
    "F:1: bad argument #1 to 'for iterator' %(table expected, got number%)\nstack traceback:\n"
    .. "\t%[C%]: in function 'next'\n\tF:1: in function 'outer'\n\tF:3: in field 'inner'\n"
    .. "\tF:4: in function <F:4>\n\t%[C%]: in function 'string.gsub'\n\tF:4: in main chunk\n")
end)

check.done()
