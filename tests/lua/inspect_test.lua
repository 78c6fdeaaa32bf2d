--- What inspect makes of values, to the letter.
local check = require "check"
local inspect = require "inspect"

local function shows(value, text, options) check.equal(inspect(value, options), text) end

check.case("numbers keep their kind and read back as the same", function()
  shows(1, "1")
  shows(1.0, "1.0")
  shows(-0.0, "-0.0")
  shows(0.1, "0.1")
  shows(0.1 + 0.2, "0.30000000000000004")
  shows(1e100, "1e+100")
  shows(math.maxinteger, "9223372036854775807")
  shows(math.mininteger, "math.mininteger")
  shows(1 / 0, "math.huge")
  shows(-1 / 0, "-math.huge")
  shows(0 / 0, "0/0")
end)

check.case("strings are quoted as Lua reads them", function()
  shows("a\n\t\"\\", [["a\n\t\"\\"]])
  shows("\27[0m\0\127", [["\x1B[0m\x00\x7F"]])
  shows("h\u{e9}llo \u{20ac}", '"h\u{e9}llo \u{20ac}"')
  shows("bad \xff\xc3 end\xe2\x82", [["bad \xFF\xC3 end\xE2\x82"]])
  shows("\u{202e}turned", [["\u{202E}turned"]])
  local all = {}
  for byte = 0, 255 do all[#all + 1] = string.char(byte) end
  all = table.concat(all)
  check.equal(load("return " .. inspect(all))(), all)
end)

check.case("long strings are cut between characters", function()
  shows(("x"):rep(1000), '"' .. ("x"):rep(1000) .. '"')
  shows(("x"):rep(1234), '"' .. ("x"):rep(1000) .. '" ... 234 bytes')
  shows({ [("x"):rep(1234)] = 1 }, "{\n  [\"" .. ("x"):rep(1000) .. '" ... 234 bytes] = 1\n}')
  shows("x" .. ("\u{e9}"):rep(600), '"x' .. ("\u{e9}"):rep(499) .. '" ... 202 bytes')
end)

check.case("a table: sequence, numbers, strings, the rest", function()
  shows({}, "{}")
  shows({ 1, 2, 3 }, "{ 1, 2, 3 }")
  shows({ 1, 2, [4] = 4, [-1] = 0, [2.5] = 5 }, "{ 1, 2, [-1] = 0, [2.5] = 5, [4] = 4 }")
  shows({ "a", b = 1, a = 2, [true] = 3, [false] = 4 },
    '{ "a", a = 2, b = 1, [false] = 4, [true] = 3 }')
  shows({ ["end"] = 1, ["a b"] = 2, _x1 = 3, ["1x"] = 4 },
    '{ ["1x"] = 4, _x1 = 3, ["a b"] = 2, ["end"] = 1 }')
  shows({ [{}] = 1, [string.rep] = 2 }, "{ [<function string.rep>] = 2, [{...}] = 1 }")
end)

check.case("a table that is too wide takes a line for each item", function()
  shows({ 1, { key = "value" } }, '{\n  1,\n  { key = "value" }\n}', { width = 20 })
  shows({ name = { 1, 2, 3 }, other = true }, "{\n  name = { 1, 2, 3 },\n  other = true\n}",
    { width = 30 })
  local exact = { ("x"):rep(74) }
  check.equal(#inspect(exact), 80)
  shows({ ("x"):rep(75) }, '{\n  "' .. ("x"):rep(75) .. '"\n}')
end)

check.case("depth and items have limits", function()
  shows({ { { { {} } } } }, "{ { { { {} } } } }")
  shows({ { { { { 1 } } } } }, "{ { { { {...} } } } }")
  shows({ { 1 } }, "{ {...} }", { depth = 1 })
  local many = {}
  for i = 1, 150 do many[i] = i end
  check.match(inspect(many), "99,\n  100,\n  %.%.%. 50 more\n}$")
  shows({ 1, 2, 3, a = 4, b = 5 }, "{ 1, 2, 3, a = 4, ... 1 more }", { items = 4 })
  shows({ c = 1, b = 2, a = 3 }, "{ a = 3, ... 2 more }", { items = 1 })
end)

check.case("cycles and repeated tables are named", function()
  local t = { 1 }
  t.self = t
  shows(t, "{ 1, self = <cycle> }")
  local shared = { 1 }
  shows({ shared, shared, { shared } }, "{ <table 1> { 1 }, <table 1>, { <table 1> } }")
  local one, two = {}, { 2 }
  shows({ one, two, two, one }, "{ <table 1> {}, <table 2> { 2 }, <table 2>, <table 1> }")
end)

check.case("functions tell their name and place", function()
  shows(string.format, "<function string.format>")
  shows(print, inspect(print))
  check.match(inspect(function() end), "^<function .*inspect_test%.lua:%d+>$")
  check.match(inspect(coroutine.create(print)), "^<thread suspended>$")
end)

check.case("functions that only a module's table names tell that, others their place", function()
  package.loaded["inspect test"] = { named = function() end }
  check.match(inspect(package.loaded["inspect test"].named),
              "^<function inspect test%.named .*inspect_test%.lua:%d+>$")
  package.loaded["inspect test"] = nil
end)

check.case("objects with nothing but a __name tell that", function()
  local file <close> = assert(io.tmpfile())
  local own = debug.getmetatable(file)
  debug.setmetatable(file, { __name = "thing" })
  local named = inspect(file)
  debug.setmetatable(file, {})
  local unnamed = inspect(file)
  debug.setmetatable(file, own)
  check.equal(named, "<thing>")
  check.equal(unnamed, "<userdata>")
end)

check.case("objects are asked, tables only for __inspect", function()
  check.match(inspect(io.stdout), "^file %(0x")
  shows(setmetatable({}, { __inspect = function() return "me" end }), "me")
  shows(setmetatable({ 1 }, { __tostring = function() return "no" end }), "{ 1 }")
  shows({ setmetatable({}, { __inspect = function() return "a\nb" end }) },
    "{\n  \n    a\n    b\n}")
end)

check.case("errors are shown in their place, metamethods left alone", function()
  local function fail() error("boo", 0) end
  shows({ setmetatable({}, { __inspect = fail }) }, "{ <error: boo> }")
  shows(setmetatable({}, { __inspect = function() return 1 end }),
    "<error: __inspect returned a number>")
  shows(setmetatable({ a = 1 }, { __index = fail, __pairs = fail, __len = fail, __eq = fail,
    __metatable = "locked" }), "{ a = 1 }")
end)

check.case("wrong options raise and name the right one", function()
  check.raises(function() inspect({}, { widht = 1 }) end,
    "unknown option 'widht', did you mean 'width'")
  check.raises(function() inspect({}, { depth = "deep" }) end, "'depth' must be a number")
  check.raises(function() inspect({}, 3) end, "bad argument #2")
end)

check.case("a large table costs no large sort", function()
  local large = {}
  for i = 1, 100000 do large["key" .. i] = i end
  local before = os.clock()
  check.match(inspect(large), "^{\n  key1 = 1,\n  key10 = 10,.* 99900 more\n}$")
  check.ok(os.clock() - before < 1, "took too long")
end)

check.done()
