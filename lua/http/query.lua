--- The fields of a query or form as text.
local native = require "native.http_client"

local queries = {}

local function add_field(out, name, value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" then
    error(("http.query: field '%s' is a %s, not a string or number"):format(name, kind), 0)
  end
  out[#out + 1] = native.escape(name) .. "=" .. native.escape(tostring(value))
end

--- The names of a table, sorted.
local function names_of(fields)
  local names = {}
  for name in pairs(fields) do
    if type(name) ~= "string" then
      error(("http.query: names are strings, got a %s"):format(type(name)), 0)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- { name = value } as "a=1&b=2", sorted by name; { { name, value }, ... } in its order. Raises,
-- without a position.
function queries.write(fields)
  local out = {}
  if type(fields[1]) == "table" then
    for _, field in ipairs(fields) do add_field(out, tostring(field[1]), field[2]) end
    return table.concat(out, "&")
  end
  for _, name in ipairs(names_of(fields)) do
    local value = fields[name]
    for _, each in ipairs(type(value) == "table" and value or { value }) do
      add_field(out, name, each)
    end
  end
  return table.concat(out, "&")
end

return queries
