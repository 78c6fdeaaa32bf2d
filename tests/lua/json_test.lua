--- The module json: what is read and written, what is refused and where; lua-cjson agrees.
local check = require "check"
local json = require "json"

local INT_MAX <const>, INT_MIN <const> = math.maxinteger, math.mininteger

--- The same value, and the same kind of number.
local function equal(got, want)
  check.equal(got, want)
  check.equal(math.type(got), math.type(want))
end

-- --- reading --------------------------------------------------------------------------------

check.case("values of every kind", function()
  equal(json.decode "null", json.null)
  equal(json.decode "true", true)
  equal(json.decode "false", false)
  equal(json.decode '"text"', "text")
  equal(json.decode '""', "")
  check.same(json.decode " [ 1 , [ ] , { } ] ", { 1, {}, {} })
  check.same(json.decode '\t{"a":{"b":[{"c":null}]},\r\n"d":2}\n',
    { a = { b = { { c = json.null } } }, d = 2 })
  check.same(json.decode '{"a":1,"a":2,"":3}', { a = 2, [""] = 3 })
  check.same(json.decode '{"1":"a"}', { ["1"] = "a" })
end)

check.case("numbers: integers of 64 bits stay integers", function()
  for text, number in pairs {
    ["0"] = 0, ["-1"] = -1, ["9007199254740993"] = (1 << 53) + 1,
    ["9223372036854775807"] = INT_MAX, ["-9223372036854775808"] = INT_MIN,
    ["9223372036854775808"] = 2.0 ^ 63, ["-9223372036854775809"] = -2.0 ^ 63,
    ["18446744073709551616"] = 2.0 ^ 64, ["1.0"] = 1.0, ["1e0"] = 1.0, ["1E+2"] = 100.0,
    ["0.1"] = 0.1, ["-2.5e-3"] = -0.0025, ["1e-400"] = 0.0, ["2.2250738585072011e-308"] =
    2.2250738585072011e-308, ["1.7976931348623157e308"] = 1.7976931348623157e308,
  } do
    equal(json.decode(text), number)
    equal(json.decode("[" .. text .. "]")[1], number)
  end
  for _, text in ipairs { "-0", "-0.0", "-0e5" } do
    equal(1 / json.decode(text), -math.huge)
  end
end)

check.case("strings: every escape, and UTF-8 as it is", function()
  equal(json.decode [["\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\u0000."]],
    "\"\\/\b\f\n\r\tA\u{e9}\u{20ac}\u{1f600}\0.")
  equal(json.decode '"\u{e9}\u{20ac}\u{1f600}\x7f\u{d7ff}\u{e000}\u{10ffff}"',
    "\u{e9}\u{20ac}\u{1f600}\x7f\u{d7ff}\u{e000}\u{10ffff}")
  local long = ("x"):rep(100000)
  equal(json.decode('"' .. long .. '"'), long)
end)

check.case("arrays are told from objects, empty or not", function()
  local value = json.decode '{"list":[],"map":{},"full":[1]}'
  table.remove(value.full)
  equal(json.encode(value, { sort = true }), '{"full":[],"list":[],"map":{}}')
end)

--- What is no JSON: text, line, column, and what the message says beyond.
local REFUSED <const> = {
  { "", 1, 1, "expected a value, got the end" },
  { " \n ", 2, 2, "expected a value, got the end" },
  { "[1,]", 1, 4, "expected a value, got ']'" },
  { "[,1]", 1, 2, "expected a value, got ','" },
  { "[1 2]", 1, 4, "expected ',' or ']' after the value, got '2'" },
  { "[1}", 1, 3, "expected ',' or ']' after the value, got '}'" },
  { "[", 1, 2, "expected a value, got the end" },
  { "]", 1, 1, "expected a value, got ']'" },
  { '{"a":1,}', 1, 8, "expected a name in double quotes, got '}'" },
  { "{a:1}", 1, 2, "expected a name in double quotes, got 'a'" },
  { "{1:1}", 1, 2, "expected a name in double quotes, got '1'" },
  { '{"a" 1}', 1, 6, "expected ':' after the name, got '1'" },
  { '{"a":}', 1, 6, "expected a value, got '}'" },
  { '{"a":1\n "b":2}', 2, 2, "expected ',' or '}' after the value, got '\"'" },
  { '{"a":1]', 1, 7, "expected ',' or '}' after the value, got ']'" },
  { "nul", 1, 1, "expected a value, got 'nul'" },
  { "[true, nil]", 1, 8, "expected a value, got 'nil'" },
  { "True", 1, 1, "expected a value, got 'True'" },
  { "NaN", 1, 1, "expected a value, got 'NaN'" },
  { "[Infinity]", 1, 2, "expected a value, got 'Infinity'" },
  { "-Infinity", 1, 1, "expected a value, got '-Infinity'" },
  { "0x10", 1, 2, "expected the end after the value, got 'x10'" },
  { "01", 1, 2, "expected the end after the value, got '1'" },
  { "+1", 1, 1, "expected a value, got '+1'" },
  { ".5", 1, 1, "expected a value, got '.5'" },
  { "-", 1, 1, "expected a value, got '-'" },
  { "1.", 1, 3, "expected a digit after the point, got the end" },
  { "[1.e5]", 1, 4, "expected a digit after the point, got 'e5'" },
  { "[1e]", 1, 4, "expected a digit in the exponent, got ']'" },
  { "1e400", 1, 1, "the number is out of range" },
  { "[0, -1e400]", 1, 5, "the number is out of range" },
  { "1 2", 1, 3, "expected the end after the value, got '2'" },
  { "{}x", 1, 3, "expected the end after the value, got 'x'" },
  { "1 // one", 1, 3, "expected the end after the value, got '/'" },
  { "/* one */ 1", 1, 1, "expected a value, got '/'" },
  { "1\0", 1, 2, "expected the end after the value, got byte 0x00" },
  { "[1,\0]", 1, 4, "expected a value, got byte 0x00" },
  { "'a'", 1, 1, "expected a value, got '''" },
  { "\u{feff}1", 1, 1, "expected a value, got '\u{feff}'" },
  { '["\u{e9}\u{20ac}",\u{e9}]', 1, 7, "expected a value, got '\u{e9}'" },
  { '"abc', 1, 5, "expected '\"' at the end of the string, got the end" },
  { '"abc\\', 1, 5, "no such escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u are" },
  { '"a\nb"', 1, 3, "a control character in a string must be escaped, got byte 0x0a" },
  { '"\0"', 1, 2, "a control character in a string must be escaped, got byte 0x00" },
  { '"\\x41"', 1, 2, "no such escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u are" },
  { '"\\u12g4"', 1, 2, "expected four hexadecimal digits after \\u" },
  { '"\\ud800"', 1, 2, "half a surrogate pair" },
  { '"\\ud800\\u0041"', 1, 2, "half a surrogate pair" },
  { '"\\ud83d\\ude00 \\udc00"', 1, 15, "half a surrogate pair" },
  { '{"\\\\udc00\\udc00":1}', 1, 10, "half a surrogate pair" },
}

check.case("what is no JSON is refused with its place", function()
  for _, case in ipairs(REFUSED) do
    local text, line, column, what = table.unpack(case)
    local value, message, code = json.decode(text)
    check.equal(value, nil, text)
    check.equal(message, ("json.decode: line %d, column %d: %s"):format(line, column, what))
    check.equal(code, "EPROTO")
  end
end)

check.case("invalid UTF-8 is refused wherever it stands", function()
  for _, bad in ipairs { "\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe2\x82", "\xe0\x80\x80",
    "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xff", "\xfe" } do
    for _, around in ipairs { { '"', '"', 1, 2 }, { '{"ab\u{e9}', '":1}', 1, 6 }, { "[1,\n", "]", 2, 1 },
      { "", "", 1, 1 } } do
      local before, behind, line, column = table.unpack(around)
      local text = before .. bad .. behind
      local _, message, code = json.decode(text)
      check.equal(message, ("json.decode: line %d, column %d: invalid UTF-8"):format(line, column))
      check.equal(code, "EPROTO")
    end
  end
end)

check.case("nesting has a limit, and needs no stack of ours", function()
  local function nested(n) return ("["):rep(n) .. ("]"):rep(n) end
  check.ok(json.decode(nested(1000)))
  check.fails("EPROTO", json.decode(nested(1001)))
  check.equal(select(2, json.decode(("["):rep(1000000))),
    "json.decode: line 1, column 1001: nested deeper than 1000")
  check.equal(select(2, json.decode(('{"a":'):rep(1000000))),
    "json.decode: line 1, column 5001: nested deeper than 1000")
  check.fails("EPROTO", json.decode(nested(3), { depth = 2 }))
  check.same(json.decode(nested(2), { depth = 2 }), { {} })
  local deep = json.decode(nested(10000), { depth = 10000 })
  equal(json.encode(deep, { depth = 10000 }), nested(10000))
  check.fails("EPROTO", json.decode("\n" .. nested(10001), { depth = 10000 }))
end)

check.case("wrong arguments raise", function()
  check.raises(function() json.decode() end, "bad argument #1 to 'decode' %(string expected")
  check.raises(function() json.decode({}) end, "string expected, got table")
  check.raises(function() json.decode("1", 2) end, "table expected, got number")
  check.raises(function() json.decode("1", { deep = 2 }) end, "unknown option 'deep'")
  check.raises(function() json.decode("1", { depth = 0 }) end, "'depth' must be from 1 to 10000")
  check.raises(function() json.encode() end, "value expected")
  check.raises(function() json.encode(1, { indent = 17 }) end, "'indent' must be from 0 to 16")
  check.raises(function() json.encode(1, { indent = "--" }) end, "'indent' must be blanks")
  check.raises(function() json.encode(1, { sort = 1 }) end, "'sort' must be a boolean")
end)

-- --- writing --------------------------------------------------------------------------------

check.case("values are written", function()
  for _, case in ipairs {
    { json.null, "null" }, { true, "true" }, { false, "false" }, { {}, "{}" },
    { { 1, "2", false }, '[1,"2",false]' }, { { a = { b = { 1 } } }, '{"a":{"b":[1]}}' },
    { { {}, { {} } }, "[{},[{}]]" }, { INT_MAX, "9223372036854775807" },
    { INT_MIN, "-9223372036854775808" }, { (1 << 53) + 1, "9007199254740993" },
    { 1.0, "1.0" }, { -0.0, "-0.0" }, { 0.1, "0.1" }, { 1 / 3, "0.3333333333333333" },
    { 100000.0, "100000.0" }, { 2.0 ^ 53, "9007199254740992.0" }, { 1e16, "1e+16" },
    { 2.0 ^ 63, "9.223372036854776e+18" }, { 5e-324, "5e-324" }, { 1.5e300, "1.5e+300" },
    { "a/b\u{e9}", '"a/b\u{e9}"' }, { "\"\\\b\f\n\r\t\0\x1f\x7f", '"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"' },
  } do
    equal(json.encode(case[1]), case[2])
  end
  equal(json.encode(nil), "null")
  equal(json.encode("\u{e9}\u{7ff}\u{800}\u{20ac}\u{1f600}\u{10ffff}x", { ascii = true }),
    '"\\u00e9\\u07ff\\u0800\\u20ac\\ud83d\\ude00\\udbff\\udfffx"')
end)

check.case("marks say what a table is", function()
  equal(json.encode(json.array()), "[]")
  equal(json.encode(json.object()), "{}")
  equal(json.encode(json.array { 1, 2 }), "[1,2]")
  equal(json.encode(json.object { "a", "b" }, { sort = true }), '{"1":"a","2":"b"}')
  equal(json.encode(json.object(json.array {})), "{}")
  local t = { x = 1 }
  equal(json.array(t), t)
  check.raises(function() json.encode(t) end, "both a sequence and other keys")
  equal(json.encode(setmetatable(t, nil)), '{"x":1}')
  check.raises(function() json.array(1) end, "json.array: a table expected, got 1")
  check.raises(function() json.object(setmetatable({}, {})) end, "has a metatable already")
  equal(tostring(json.null), "null")
  equal(json.encode { [1] = json.null, [2] = require "cjson".null }, "[null,null]")
end)

check.case("an array may have been filled in any order", function()
  local t = {}
  for i = 50, 1, -1 do t[i] = i end
  equal(json.encode(t), "[" .. table.concat(t, ",") .. "]")
  equal(json.encode { [2] = "b", [1] = { [2] = "d", [1] = "c" } }, '[["c","d"],"b"]')
  local nested = 0
  for _ = 1, 60 do  -- were an element written twice, this would never end
    local level = {}
    level[3], level[2], level[1] = 3, 2, nested
    nested = level
  end
  check.same(json.decode(json.encode(nested)), nested)
end)

check.case("indent and sort", function()
  local value = { b = { 1, { c = 2 } }, a = {}, list = json.array(), ["a b"] = "x" }
  equal(json.encode(value, { indent = 2 }), [[
{
  "a": {},
  "a b": "x",
  "b": [
    1,
    {
      "c": 2
    }
  ],
  "list": []
}]])
  equal(json.encode({ { 1 } }, { indent = "\t" }), "[\n\t[\n\t\t1\n\t]\n]")
  equal(json.encode({ 1, a = nil }, { indent = 0 }), "[1]")
  equal(json.encode({ z = 1, y = { x = 2, w = 3 } }, { sort = true }), '{"y":{"w":3,"x":2},"z":1}')
  check.same(json.decode(json.encode({ z = 1, y = 2 }, { indent = 1, sort = false })), { z = 1, y = 2 })
end)

check.case("what has no JSON form raises with the path to it", function()
  local function refused(value, message)
    check.raises(function() json.encode(value) end, "json%.encode: " .. message .. "$")
  end
  refused(print, "a function cannot be put into JSON")
  refused({ a = { 1, 2, { b = print } } }, "value at %.a%[3%]%.b: a function cannot be put into JSON")
  refused({ ["a b"] = io.stdout }, 'value at %["a b"%]: a userdata cannot be put into JSON')
  refused(coroutine.create(print), "a thread cannot be put into JSON")
  refused({ 0 / 0 }, "value at %[1%]: NaN cannot be put into JSON")
  refused({ x = -math.huge }, "value at %.x: infinity cannot be put into JSON")
  refused({ x = "a\xff" }, "value at %.x: a string that is not UTF%-8, at byte 2")
  refused({ x = { ["a\xff"] = 1 } }, 'value at %.x%["a\xff"%]: a key that is not UTF%-8, at byte 2')
  refused({ 1, 2, x = 3 }, "a table with both a sequence and other keys: json%.object.*")
  refused({ x = { a = 1, [7] = 2 } }, "value at %.x: a table with both .*")
  refused({ 1, nil, 3 }, "an array with holes: 2 elements up to %[3%]")
  refused({ a = { [5] = 1 } }, "value at %.a: an array with holes: 1 elements up to %[5%]")
  refused({ [0] = 1 }, "a table with both a sequence and other keys.*")
  refused({ [true] = 1 }, "a key that is a boolean")
  refused(json.object { [1.5] = 1 }, "a key that is a float")
end)

check.case("a table that holds itself is told, one that comes twice is written twice", function()
  local function refused(value, message)
    check.raises(function() json.encode(value) end, "json%.encode: " .. message .. "$")
  end
  local self = {}
  self[1] = self
  refused(self, "value at %[1%]: a cycle: it is the value itself")
  local t = { a = { b = {} } }
  t.a.b.c = { 1, t.a }
  refused(t, "value at %.a%.b%.c%[2%]: a cycle: it is %.a")
  local long, first = {}, nil
  first = long
  for _ = 1, 700 do
    long[1] = {}
    long = long[1]
  end
  long[1] = first
  refused(first, "value at .*%.%.%.: a cycle: it is the value itself")
  local shared = { 1 }
  equal(json.encode { shared, { shared } }, "[[1],[[1]]]")
  local deep = {}
  for _ = 1, 1000 do deep = { deep } end
  check.raises(function() json.encode(deep) end, "nested deeper than 1000$")
end)

-- --- both -----------------------------------------------------------------------------------

--- A value of every kind of content, of about that size.
local function random_value(size)
  local kind = math.random(size > 0 and 8 or 5)
  if kind == 1 then return math.random(0) end
  if kind == 2 then return (math.random() - 0.5) * 10 ^ math.random(-300, 300) end
  if kind == 3 then return math.random(2) == 1 end
  if kind == 4 then return json.null end
  if kind == 5 then
    local codes = {}
    for i = 1, math.random(0, 20) do
      codes[i] = utf8.char(math.random(3) == 1 and math.random(0xE000, 0x10FFFF) or math.random(0, 0x7FF))
    end
    return table.concat(codes)
  end
  local t = kind == 6 and json.array() or {}
  for i = 1, math.random(0, size) do
    t[kind == 6 and i or "k" .. math.random(1000)] = random_value(size // 2)
  end
  return t
end

check.case("what is written is read as the same, whatever the style", function()
  for i = 1, 300 do
    local value = random_value(12)
    local text = json.encode(value, { sort = true })
    check.same(json.decode(text), value)
    for _, style in ipairs { { indent = 3 }, { ascii = true }, { indent = "\t", sort = false } } do
      equal(json.encode(json.decode(json.encode(value, style)), { sort = true }), text)
    end
    if i % 50 == 0 then collectgarbage() end
  end
end)

--- Integers become floats, as cjson has them; no marks.
local function as_cjson(value, null)
  if value == json.null then return null end
  if type(value) == "number" then return value + 0.0 end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, each in pairs(value) do copy[key] = as_cjson(each, null) end
  return copy
end

check.case("lua-cjson reads it as the same", function()
  local cjson = require "cjson"
  for _ = 1, 200 do
    local text = json.encode(random_value(10))
    check.same(as_cjson(json.decode(text), cjson.null), cjson.decode("[" .. text .. "]")[1])
  end
end)

check.done()
