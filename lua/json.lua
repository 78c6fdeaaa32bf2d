--- JSON: `local json = require "json"`. What it reads and writes is RFC 8259, strictly.
-- decode returns nil, message, "EPROTO" for a text that is no JSON; encode raises for a value
-- that has no JSON form. Arrays that were decoded have a mark, a metatable, by which an empty
-- one is told from an empty object; a script marks its own with array and object.
local blame = require "blame"
local native = require "native.json"

local json = { decode = native.decode, encode = native.encode, null = native.null }

local MARKS <const> = { [native.array_mark] = true, [native.object_mark] = true }

--- Gives `value`, or a new table, the metatable `as`. Raises for what is no table, and before
-- another metatable would be lost.
local function mark(name, as, value)
  if value == nil then value = {} end
  if type(value) ~= "table" then blame.expected("json." .. name, "a table", value) end
  local had = getmetatable(value)
  if had ~= nil and not MARKS[had] then
    error(("json.%s: the table has a metatable already"):format(name), 3)
  end
  return setmetatable(value, as)
end

--- json.array([table]): marks a table, or a new one, as an array, and returns it.
function json.array(value) return mark("array", native.array_mark, value) end

--- json.object([table]): marks a table, or a new one, as an object, and returns it.
function json.object(value) return mark("object", native.object_mark, value) end

return json
