--- URLs and their parts: http.url, escape, unescape, query. Nothing here waits.
local native = require "native.http_client"

local url = {}

local function check_text(name, what, value)
  if type(value) ~= "string" then
    error(("%s: the %s must be a string, got a %s"):format(name, what, type(value)), 3)
  end
end

--- http.url(text [, base]): the parts of a URL, or of what a reference means where `base` is.
-- Returns nil, message, "EINVAL" if it is none.
function url.url(text, base)
  check_text("http.url", "URL", text)
  if base ~= nil then check_text("http.url", "base", base) end
  local parts, message, code = native.url(text, base)
  return parts, message, code
end

--- http.escape(text): all but letters, digits and "-._~" as %XX.
function url.escape(text)
  check_text("http.escape", "text", text)
  return native.escape(text)
end

--- http.unescape(text): the reverse; nil, message, "EINVAL" at a "%" without two hexadecimal digits.
function url.unescape(text)
  check_text("http.unescape", "text", text)
  local plain, message, code = native.unescape(text)
  return plain, message, code
end

--- "a=1&b=2" as a table; of a name that comes several times a list.
local function read_query(text)
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

local function write_query(fields)
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

--- http.query(fields): a table as the query of a URL, sorted by name; a text the other way, which
-- returns nil, message, "EINVAL" if it is none.
function url.query(fields)
  if type(fields) == "string" then
    local read, message, code = read_query(fields)
    return read, message, code
  elseif type(fields) ~= "table" then
    error("http.query: a table or a string expected, got a " .. type(fields), 2)
  end
  local ok, text = pcall(write_query, fields)
  if not ok then error(text, 2) end
  return text
end

return url
