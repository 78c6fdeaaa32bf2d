--- URLs and their parts: http.url, escape, unescape, query. Nothing here waits.
local blame = require "blame"
local native = require "native.http_client"
local queries = require "http.query"

local url = {}

local function check_text(name, what, value)
  blame.check_string(name, ("a string for the %s"):format(what), value)
end

--- http.url(text [, base]): the parts of a URL, or of what a reference means where `base` is.
-- Returns nil, message, "EINVAL" if it is none.
function url.url(text, base)
  check_text("http.url", "URL", text)
  if base ~= nil then check_text("http.url", "base", base) end
  return native.url(text, base)
end

--- http.escape(text): all but letters, digits and "-._~" as %XX.
function url.escape(text)
  check_text("http.escape", "text", text)
  return native.escape(text)
end

--- http.unescape(text): the reverse; nil, message, "EINVAL" at a "%" without two hexadecimal digits.
function url.unescape(text)
  check_text("http.unescape", "text", text)
  return native.unescape(text)
end

--- http.query(fields): a table as the query of a URL, sorted by name; a text the other way, as
-- req.query has it.
function url.query(fields)
  if type(fields) == "string" then return require("http.server.query").parse(fields) end
  if type(fields) ~= "table" then
    blame.expected("http.query", "a table or a string", fields)
  end
  local ok, text = pcall(queries.write, fields)
  if not ok then error(text, 2) end
  return text
end

return url
