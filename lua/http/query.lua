--- The fields of a query or form as text, and back.
local native = require "native.http_client"

local queries = {}

--- "a=1&b=2" as a table; of a name that comes several times a list.
function queries.read(text)
  local fields = {}
  for piece in text:gmatch "[^&]+" do
    local name, value = piece:match "^([^=]*)=?(.*)$"
    local plain_name, message, code = native.unescape((name:gsub("%+", " ")))
    local plain_value
    if plain_name then plain_value, message, code = native.unescape((value:gsub("%+", " "))) end
    if not plain_value then return nil, message, code end
    local there = fields[plain_name]
    if there == nil then
      fields[plain_name] = plain_value
    elseif type(there) == "table" then
      there[#there + 1] = plain_value
    else
      fields[plain_name] = { there, plain_value }
    end
  end
  return fields
end

local function add_field(out, name, value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" then
    error(("http.query: field '%s' is a %s, not a string or number"):format(name, kind), 0)
  end
  out[#out + 1] = native.escape(name) .. "=" .. native.escape(tostring(value))
end

--- A table as "a=1&b=2", sorted by name. Raises, without a position.
function queries.write(fields)
  local names, out = {}, {}
  for name in pairs(fields) do
    if type(name) ~= "string" then
      error(("http.query: names are strings, got a %s"):format(type(name)), 0)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = fields[name]
    for _, each in ipairs(type(value) == "table" and value or { value }) do
      add_field(out, name, each)
    end
  end
  return table.concat(out, "&")
end

return queries
