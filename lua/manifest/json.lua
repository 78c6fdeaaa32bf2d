--- The manifest: the module json.
return {
  name = "json",
  module = "json",
  title = "The module json",
  entries = {
    {
      name = "json.decode",
      signature = "json.decode(text [, options])",
      summary = "Makes a Lua value of a JSON text.",
      args = {
        { name = "text", type = "string", text = "one value; only blanks may be around it" },
        { name = "options", type = "decode_options?" },
      },
      options = "decode",
      results = "the value; or nil, message, code",
      returns = { "any value", "string? message", "string? code" },
      errors = { { "EPROTO", "it is no JSON, is nested deeper than `depth`, or has a number "
        .. "beyond what a float can hold; the message says at which line and column, and what was "
        .. "expected" } },
      waits = false,
      text = [[
What is read is RFC 8259 and nothing beside: no comments, no NaN, no comma before a bracket, UTF-8
without errors. Integers of 64 bits stay integers, others become floats; 1.0, 1e3 and -0 are floats. null is
json.null. Of members with the same name the last one counts.

Arrays have a mark by which json.encode knows them, empty or not; objects are plain tables.]],
      example = [[
local json = require "json"
local order = json.decode '{"id": 9007199254740993, "items": ["tea", "milk"], "note": null}'
print(order.id, #order.items, order.note)     --> 9007199254740993    2    null
print(json.decode "[1,\n2")
--> nil    json.decode: line 2, column 2: expected ',' or ']' after the value, got the end    EPROTO]],
    },
    {
      name = "json.encode",
      signature = "json.encode(value [, options])",
      summary = "Makes a JSON text of a Lua value.",
      args = {
        { name = "value", type = "any", text = "nil, a boolean, number, string, json.null, or a "
          .. "table of these" },
        { name = "options", type = "encode_options?" },
      },
      options = "encode",
      results = "the text, without a newline at its end",
      returns = { "string text" },
      waits = false,
      text = [[
A table is an array if json.array has marked it or if it has the keys 1 to n and no other; it is an object
if json.object has marked it or if all its keys are strings; the empty table without a mark is an
object. Tables are read raw; their other metatables are not asked. Floats are as short as they
can be without being another number, and keep their point: 1.0 is no integer. "/" is not escaped.

What has no JSON form raises, and the message has the path to it: functions and other objects, NaN and infinity,
strings that are not UTF-8, a table that holds itself, an array with holes, a table with numbers beside
strings as keys (json.object has it written with all its keys as strings).]],
      example = [=[
local json = require "json"
print(json.encode { 1, 2.0, "three", json.null, {}, json.array {} })
--> [1,2.0,"three",null,{},[]]
print(json.encode({ name = "x", at = { 1, 2 } }, { sort = true }))
--> {"at":[1,2],"name":"x"}
print(select(2, pcall(json.encode, { a = { 1, 2, { f = print } } })))
--> json.encode: value at .a[3].f: a function cannot be put into JSON]=],
    },
    {
      name = "json.array",
      signature = "json.array([table])",
      summary = "Marks a table, or a new one, as an array.",
      args = { { name = "table", type = "table?", default = "a new one" } },
      results = "the table",
      returns = { "table array" },
      waits = false,
      text = "The mark is a metatable; a table that has another one is refused. setmetatable(t, nil) "
        .. "takes it away.",
      example = [=[
local json = require "json"
print(json.encode { list = json.array() })    --> {"list":[]}]=],
    },
    {
      name = "json.object",
      signature = "json.object([table])",
      summary = "Marks a table, or a new one, as an object.",
      args = { { name = "table", type = "table?", default = "a new one" } },
      results = "the table",
      returns = { "table object" },
      waits = false,
      text = "Integers among its keys are written as strings. For the rest as json.array.",
      example = [[
local json = require "json"
print(json.encode(json.object { "a", "b" }))  --> {"1":"a","2":"b"}]],
    },
    {
      name = "json.null",
      kind = "field",
      type = "userdata",
      signature = "json.null",
      summary = "Stands for null, which a Lua table cannot hold.",
      waits = false,
      text = [[
There is one; it is equal to nothing else, and true where a condition is asked for. The null of
lua-cjson is encoded as null as well.]],
      example = [[
local json = require "json"
print(json.encode { gone = json.null })       --> {"gone":null}
print(json.decode "[null]"[1] == json.null)   --> true]],
    },
  },
}
