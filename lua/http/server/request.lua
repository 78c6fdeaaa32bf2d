--- A request, as handlers get it: a table (serve.lua makes it), so that a script may add what it likes. What a field
-- costs is paid when it is first asked for; all come from the head, and stay good after the
-- answer. The body comes from the connection, while the request is being answered.
local native = require "native.http"
local query = require "http.server.query"

local Request = { __name = "request" }

local methods, fields = {}, {}

local function connection(req, name)
  local res = req.response
  return res and res.conn or error(("req:%s: the request has been answered"):format(name), 3)
end

-- --- fields --------------------------------------------------------------------------------

local function first_line(req)
  req.method, req.target, req.version = native.line(req.head)
end

function fields.method(req) first_line(req) return req.method end
function fields.target(req) first_line(req) return req.target end
function fields.version(req) first_line(req) return req.version end

--- Path and query as they were sent, of "/a?b" and of "http://host/a?b".
local function split(req)
  local target = req.target:gsub("^%a[%w+.-]*://[^/?]*", "")
  local path, query = target:match("^([^?]*)%??(.*)$")
  req.raw_path = path == "" and "/" or path
  req.raw_query = query
end

function fields.raw_path(req) split(req) return req.raw_path end
function fields.raw_query(req) split(req) return req.raw_query end

--- Decoded; one that cannot be is as it was sent.
function fields.path(req) return query.decode(req.raw_path) or req.raw_path end
function fields.query(req) return query.parse(req.raw_query) end

local Headers = { __index = function(headers, name)
  return type(name) == "string" and rawget(headers, name:lower()) or nil
end }

function fields.headers(req) return setmetatable(native.fields(req.head), Headers) end

function fields.host(req)
  return req.target:match("^%a[%w+.-]*://([^/?]*)") or req.headers.host
end

function fields.peer(req) return req.connection.peer end

function fields.cookies(req)
  local cookies = {}
  for name, value in (req.headers.cookie or ""):gmatch("([^=;%s]+)%s*=%s*\"?([^;\"]*)") do
    cookies[name] = cookies[name] or (value:gsub("%s+$", ""))
  end
  return cookies
end

-- --- the body ------------------------------------------------------------------------------

--- `for piece in req:body() do`: as it comes. Raises when it ends early.
function methods.body(req)
  local conn = connection(req, "body")
  return function()
    local piece, message, code = native.body(conn)
    if message then req.failure = { message = message, code = code } error(message, 0) end
    return piece
  end
end

--- All of it; nil, message, "EMSGSIZE" if it is longer than `max` (the listener's max_body).
function methods.text(req, max)
  if req.whole then return req.whole end
  local conn = connection(req, "text")
  max = max or native.max_body(conn)
  if not max then return nil, "read: the connection was closed", "ECLOSED" end
  local function too_long()
    native.refuse_body(conn)
    return nil, ("read: the body is longer than %d bytes"):format(max), "EMSGSIZE"
  end
  if (native.announced(conn) or 0) > max then return too_long() end
  local pieces, size = {}, 0
  while true do
    local piece, message, code = native.body(conn)
    if message then return nil, message, code end
    if not piece then break end
    size = size + #piece
    if size > max then return too_long() end
    pieces[#pieces + 1] = piece
  end
  req.whole = table.concat(pieces)
  return req.whole
end

--- The body as JSON; nil, message, "EPROTO" if it is none.
function methods.json(req)
  local text, message, code = req:text()
  if not text then return nil, message, code end
  return require("json").decode(text)
end

--- The fields of a multipart form, the first of each name; names and values together have no more
-- than `left` bytes.
local function read_parts(req, left)
  local form = {}
  for part in req:parts() do
    local name = part.name
    if name and not form[name] then
      local text, message, code = part:text(left - #name)
      if not text then return nil, message, code end
      form[name], left = text, left - #name - #text
    end
  end
  return form
end

--- The fields of a form, urlencoded or multipart (files: see parts); `max` as in text.
function methods.form(req, max)
  local kind = (req.headers["content-type"] or ""):lower()
  if kind:find("^multipart/form%-data") then
    return read_parts(req, max or native.max_body(connection(req, "form")) or 0)
  end
  local text, message, code = req:text(max)
  if not text then return nil, message, code end
  return query.parse(text)
end

--- `for part in req:parts() do`: those of a multipart body, as they come.
function methods.parts(req) return require("http.server.multipart").parts(req) end

--- The fields behind a chunked body that has been read.
function methods.trailers(req)
  return setmetatable(native.fields(native.trailers(connection(req, "trailers")), true), Headers)
end

-- --- the class -------------------------------------------------------------------------------

function Request.__index(req, name)
  local method = methods[name]
  if method then return method end
  local field = fields[name]
  if not field then return nil end
  local value = field(req)
  req[name] = value
  return value
end

function Request.__tostring(req) return ("request (%s %s)"):format(req.method, req.target) end
Request.__inspect = Request.__tostring

return Request
