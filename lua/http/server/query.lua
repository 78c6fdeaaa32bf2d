--- What targets are made of: percent-encoding, queries, paths.
local native = require "native.http_client"

local query = {}

--- "a%20b" -> "a b"; nil if a "%" is not followed by two hexadecimal digits.
query.decode = native.unescape

--- "a=1&b=x+y" -> { a = "1", b = "x y" }; of a name that comes again the last one counts. All of
-- them are there by number, in their order: fields[1] is { "a", "1" }, #fields how many. pairs and
-- JSON see the names only.
function query.parse(text)
  local fields, list = {}, {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = name:gsub("+", " "), value:gsub("+", " ")
    name, value = query.decode(name) or name, query.decode(value) or value
    fields[name] = value
    list[#list + 1] = { name, value }
  end
  return setmetatable(fields, { __index = list, __len = function() return #list end })
end

--- Splits a decoded path at its slashes, and resolves "." and ".."; nil if it leads out of the
-- root, or has a NUL or a backslash in it.
function query.resolve(path)
  if path:find("[%z\\]") then return nil end
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      if #parts == 0 then return nil end
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return parts
end

return query
