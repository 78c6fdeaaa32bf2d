--- An answer in the making, as handlers get it. `status` and `headers` may be set until it
-- begins: with the first write, or when the handler has returned.
local blame = require "blame"
local native = require "native.http"
local check_options = require "http.server.options"
local json = require "json"

local Response = { __name = "response" }
local methods = {}
Response.__index = function(res, name)
  if name == "headers" then
    local headers = {}
    res.headers = headers
    return headers
  end
  return methods[name]
end

local function connection(res, name)
  return res.conn or error(("res:%s: the request has been answered"):format(name), 3)
end

--- What a write has answered; but a client that takes something now and then is waited for longer
-- than the time that one wait has.
local function persist(conn, ok, message, code)
  local taken
  while code == "ETIMEDOUT" and taken ~= conn.bytes_out do
    taken = conn.bytes_out
    ok, message, code = native.write(conn)
  end
  return ok, message, code
end

local rawget, send_all = rawget, native.respond

local function status_of(res)
  local status = rawget(res, "status")
  if status == nil then return 200 end
  if math.type(status) ~= "integer" then blame.expected("res.status", "a whole number", status) end
  return status
end

--- The whole answer; nil, message, code if it is lost.
local function respond(conn, res, data)
  local ok, message, code = send_all(conn, status_of(res), rawget(res, "headers"), data)
  if ok then return ok end
  return persist(conn, ok, message, code)
end

--- The name of a field as it stands in `headers` already, whatever its case.
local function has(headers, name)
  if not headers then return false end
  for each in pairs(headers) do
    if type(each) == "string" and each:lower() == name then return true end
  end
  return false
end

local function set_default(res, name, value)
  if not has(rawget(res, "headers"), name:lower()) then res.headers[name] = value end
end

--- A field's value; nothing is none. Returns the response.
function methods.set(res, name, value)
  if type(name) ~= "string" then blame.expected("res:set", "the name of a field", name) end
  for each in pairs(res.headers) do
    if each:lower() == name:lower() then res.headers[each] = nil end
  end
  res.headers[name] = value
  return res
end

--- Sends pieces of the body, and the head before the first. Waits while the client is too slow.
function methods.write(res, ...)
  local conn = connection(res, "write")
  for i = 1, select("#", ...) do blame.check_string("res:write", "strings", (select(i, ...))) end
  if native.state(conn) == "waiting" then
    local coding = res.choose_coding and res.choose_coding()
    local begun, message, code =
      native.begin(conn, status_of(res), rawget(res, "headers"), coding)
    if not begun then return nil, message, code end
  end
  local ok, message, code = persist(conn, native.write(conn, ...))
  if ok then return ok end
  res.lost = message
  return nil, message, code
end

--- Ends the answer: with `data` as all of it, or its last piece. `trailers`: fields behind a
-- chunked body.
function methods.finish(res, data, trailers)
  local conn = connection(res, "finish")
  if data ~= nil then blame.check_string("res:finish", "a string", data) end
  if native.state(conn) == "waiting" and not trailers then
    if data and res.encode then data = res:encode(data) end
    return respond(conn, res, data)
  end
  local written, message, code = res:write(data or "")
  if not written then return nil, message, code end
  return native.finish(conn, trailers)
end

--- An interim answer: 103, with the headers given.
function methods.inform(res, status, headers)
  if math.type(status) ~= "integer" then blame.expected("res:inform", "a status", status) end
  return native.begin(connection(res, "inform"), status, headers)
end

--- Answers with a value as JSON.
function methods.json(res, value, status)
  local text = json.encode(value)
  if status then res.status = status end
  set_default(res, "Content-Type", "application/json")
  return res:finish(text)
end

function methods.redirect(res, location, status)
  res.status = status or 302
  res:set("Location", location)
  return res:finish("")
end

local COOKIE <const> = { domain = "string", path = "string", expires = "string",
  max_age = "number", same_site = "string", secure = "boolean", http_only = "boolean" }
local ATTRIBUTES <const> = { domain = "Domain", path = "Path", expires = "Expires",
  max_age = "Max-Age", same_site = "SameSite" }

--- Sets a cookie. `options`: domain, path ("/"), expires, max_age, same_site ("Lax"), secure,
-- http_only (true).
function methods.cookie(res, name, value, options)
  options = check_options("res:cookie", options, COOKIE)
  blame.check_string("res:cookie", "a name", name)
  blame.check_string("res:cookie", "a string for the value", value)
  name, value = tostring(name), tostring(value)
  if not name:find("^[%w!#$%%&'*+%-.^_`|~]+$") then error("res:cookie: the name is no token", 2) end
  if value:find("[%c%s\",;\\]") then
    error("res:cookie: a byte in the value that a cookie may not have; encode it", 2)
  end
  local text = { name .. "=" .. value }
  local all = { path = "/", same_site = "Lax" }
  for option, given in pairs(options) do all[option] = given end
  for option, word in pairs(ATTRIBUTES) do
    local given = all[option]
    if given then
      if tostring(given):find("[%c;]") then error("res:cookie: a bad " .. option, 2) end
      text[#text + 1] = word .. "=" .. tostring(given)
    end
  end
  table.sort(text, function(a, b) return a == text[1] or b ~= text[1] and a < b end)
  if all.secure then text[#text + 1] = "Secure" end
  if all.http_only ~= false then text[#text + 1] = "HttpOnly" end
  local headers = res.headers
  local cookies = headers["Set-Cookie"] or {}
  if type(cookies) == "string" then cookies = { cookies } end
  cookies[#cookies + 1] = table.concat(text, "; ")
  headers["Set-Cookie"] = cookies
  return res
end

--- A stream of events, for EventSource: `events:send(data [, name [, id]])`, `:comment(text)`.
function methods.events(res)
  connection(res, "events")
  set_default(res, "Content-Type", "text/event-stream")
  set_default(res, "Cache-Control", "no-store")
  local events = {}
  local function line(name, text)
    return name .. ": " .. text:gsub("\r\n?", "\n"):gsub("\n", "\n" .. name .. ": ") .. "\n"
  end
  local function single(what, text)
    text = tostring(text)
    if text:find("[\r\n%z]") then error("events:send: a line break in the " .. what, 3) end
    return text
  end
  function events.send(_, data, name, id)
    if type(data) ~= "string" then data = json.encode(data) end
    return res:write((name and "event: " .. single("name", name) .. "\n" or "")
      .. (id and "id: " .. single("id", id) .. "\n" or "") .. line("data", data) .. "\n")
  end
  function events.comment(_, text)
    blame.check_string("events:comment", "a string", text)
    return res:write(line("", tostring(text)) .. "\n")
  end
  function events.retry(_, seconds)
    if math.type(seconds) == nil or not (seconds >= 0 and seconds < math.huge) then
      blame.expected("events:retry", "a number of seconds", seconds)
    end
    return res:write(("retry: %.0f\n\n"):format(seconds * 1000))
  end
  return events
end

--- Takes the connection out of HTTP: sends `status` (101) with the headers, and returns the
-- connection, on which what follows is the caller's. It closes when the handler returns.
function methods.upgrade(res, headers, status)
  if headers ~= nil and type(headers) ~= "table" then
    blame.expected("res:upgrade", "a table of headers", headers)
  end
  if status ~= nil and math.type(status) ~= "integer" then blame.expected("res:upgrade", "a status", status) end
  return native.upgrade(connection(res, "upgrade"), status or 101, headers)
end

--- The third of what a handler returns.
local function set_all(res, headers)
  if headers == nil then return end
  if type(headers) ~= "table" then
    error(("http: the headers that a handler returns are a table, not a %s"):format(type(headers)), 0)
  end
  for name, value in pairs(headers) do res:set(name, value) end
end

--- The handler has returned these: answers with them, unless it has answered itself.
function methods.settle(res, first, second, third)
  local conn = res.conn
  local state = native.state(conn)
  if rawget(res, "lost") then return nil, res.lost end  -- nobody misses what was not written
  if state == "open" then return native.finish(conn) end
  if state ~= "waiting" then return end
  if math.type(first) == "integer" then
    res.status = first
    if second == nil and type(third) == "string" then error(third, 0) end  -- nil, message
    set_all(res, third)
    first = second
    if first == nil then return respond(conn, res) end
  end
  if type(first) == "table" then return res:json(first) end
  if type(first) == "string" then return res:finish(first) end
  if first == nil and type(second) == "string" then error(second, 0) end
  if first ~= nil then
    error(("http: a handler returns a string, a table, or a status and one of these; not a %s")
      :format(type(first)), 0)
  end
  res.status = rawget(res, "status") or 204
  return respond(conn, res)
end

function Response.__tostring(res)
  return ("response (%s)"):format(res.conn and native.state(res.conn) or "over")
end
Response.__inspect = Response.__tostring

Response.respond = respond

return Response
