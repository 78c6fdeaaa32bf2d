--- The fields of a head: a list of { name, value } in their order. headers["content-type"] finds by
-- name, in letters of either size, and joins the values of several with ", "; headers:all(name) is
-- a list of them; pairs(headers) gives name and value of each.
local headers = {}

local methods = {}

--- The values of all fields of that name.
function methods.all(self, name)
  local wanted, values = name:lower(), {}
  for _, field in ipairs(self) do
    if field[1]:lower() == wanted then values[#values + 1] = field[2] end
  end
  return values
end

local class = { __name = "http headers" }

function class.__index(self, name)
  if type(name) ~= "string" then return nil end
  if methods[name] then return methods[name] end
  local values = methods.all(self, name)
  if #values > 0 then return table.concat(values, ", ") end
end

function class.__pairs(self)
  local i = 0
  return function()
    i = i + 1
    local field = rawget(self, i)
    if field then return field[1], field[2] end
  end
end

--- From names and values, packed one behind the other ("<s4").
function headers.unpack(packed)
  local list, at, name, value = {}, 1, nil, nil
  while at <= #packed do
    name, value, at = ("<s4s4"):unpack(packed, at)
    list[#list + 1] = { name, value }
  end
  return setmetatable(list, class)
end

return headers
