--- Another server behind a prefix of an app: requests are passed on, and answers back, as they
-- come.
local blame = require "blame"
local native = require "native.http"
local http = require "http"
local query = require "http.server.query"

local WHOLE <const> = 64 * 1024  -- bytes: a body up to here is passed on with its length

--- What is between two neighbours only, and what the client of HTTP says itself.
local HOPS <const> = { connection = true, ["content-length"] = true, expect = true, host = true,
  ["keep-alive"] = true, ["proxy-authenticate"] = true, ["proxy-authorization"] = true,
  ["proxy-connection"] = true, te = true, trailer = true, ["transfer-encoding"] = true, upgrade = true }

local function joined(list, value) return list and list .. ", " .. value or value end

--- The fields that go on; with `keeps_host` Host as well, else it is the server's.
local function headers_of(req, keeps_host)
  local headers, hidden = {}, {}
  for word in (req.headers.connection or ""):gmatch "[^%s,]+" do hidden[word:lower()] = true end
  for name, value in pairs(req.headers) do
    if not HOPS[name] and not hidden[name] then headers[name] = value end
  end
  headers["x-forwarded-for"] = joined(headers["x-forwarded-for"],
    req.peer:match "^%[(.*)%]:%d+$" or req.peer:match "^(.*):%d+$" or req.peer)
  headers["x-forwarded-host"] = headers["x-forwarded-host"] or req.host
  headers["x-forwarded-proto"] = headers["x-forwarded-proto"] or (req.connection.tls and "https" or "http")
  if not headers["user-agent"] then headers["user-agent"] = false end
  if keeps_host then headers.host = req.host end
  return headers
end

--- Nothing, a string, or a function that gives pieces.
local function body_of(req)
  local announced = native.announced(req.connection)
  if announced == 0 then return nil end
  if announced and announced <= WHOLE then return assert(req:text(WHOLE)) end
  return req:body()
end

--- Takes over status and fields of an answer.
local function take_head(res, answer, whole)
  res.status = answer.status
  for name in pairs(answer.headers) do
    local small = name:lower()
    if small == "content-length" and whole or not HOPS[small] then
      res.headers[name] = answer.headers:all(name)
    end
  end
end

--- "websocket" if the request wants that. Nothing else: in a tunnel of HTTP/2 ("h2c") requests would
-- pass by whatever the app decides about each.
local function upgrade_of(req)
  local wanted = (req.headers.upgrade or ""):lower()
  if wanted ~= "websocket" or req.version ~= "HTTP/1.1" or native.announced(req.connection) ~= 0 then
    return nil
  end
  for word in (req.headers.connection or ""):gmatch "[^%s,]+" do
    if word:lower() == "upgrade" then return wanted end
  end
end

--- Both sides go on as a WebSocket, joined until the server or both have ended.
local function join(res, answer)
  take_head(res, answer)
  res.headers.Connection, res.headers.Upgrade = "Upgrade", answer.headers.upgrade
  local server <close> = answer.connection
  local client = res:upgrade(res.headers)
  local back = client:spawn(function()
    server:pipe(client)
    client:finish()
  end)
  if client:pipe(server) then back:join() end
end

local function pass_back(req, res, answer)
  if answer.connection then return join(res, answer) end
  local bodiless = req.method == "HEAD" or answer.status == 204 or answer.status == 304
  take_head(res, answer, answer.status ~= 204)
  if bodiless then
    answer:close()
    return res:finish()
  end
  for piece in answer:body() do
    if not res:write(piece) then return answer:close() end  -- the client is gone
  end
  if not answer.failure then return res:finish("") end
  local message = "proxy: " .. answer.failure.message
  if native.state(req.connection) ~= "waiting" then error(message, 0) end
  io.stderr:write(message, "\n")
  res.headers = nil
  return 502, "bad gateway\n"
end

--- The path behind the prefix: as it was sent, if the prefix was written plainly, so that what is
-- encoded means what it meant.
local function path_behind(req, rest, parts)
  local prefix = req.path:sub(1, #req.path - #rest)
  if req.raw_path:sub(1, #prefix) == prefix then return req.raw_path:sub(#prefix + 1) end
  for i, part in ipairs(parts) do parts[i] = http.escape(part) end
  return "/" .. table.concat(parts, "/")
end

--- Codes of servers that cannot be reached: nothing has been sent, so that another may be asked.
local UNREACHED <const> = { ECONNREFUSED = true, EHOSTUNREACH = true, ENETUNREACH = true,
  EDNS = true, ENOENT = true }

--- What paths are put behind: of "host:port", or of a URL.
local function base_of(target, name)
  if type(target) ~= "string" then blame.expected(name, "an address or a URL", target) end
  local full = target:find "://" and target or "http://" .. target
  local url, message = http.url(full)
  if not url then blame.misuse(("%s: %s"):format(name, message)) end
  return (url.url:gsub("/$", ""))
end

local function bases_of(targets, name)
  if type(targets) ~= "table" then return { base_of(targets, name) } end
  local bases = {}
  for i, target in ipairs(targets) do bases[i] = base_of(target, name) end
  if #bases == 0 then blame.misuse(name .. ": the list of targets is empty") end
  return bases
end

--- The first answer of the servers, from the one after `at` on.
local function ask(bases, at, request, path)
  local answer, message, code
  for i = 0, #bases - 1 do
    request.url = bases[(at + i) % #bases + 1] .. path
    answer, message, code = http.request(request)
    if answer or not UNREACHED[code] then break end
    io.stderr:write("proxy: ", message, "\n")
  end
  return answer, message, code
end

--- `targets`: "host:port", a URL that paths are put behind, or a list of these, which take turns;
-- one that cannot be reached is passed over. With `keeps_host` they see the client's Host. What is
-- wrong with them is raised in the name of `name`.
local function new(targets, keeps_host, name)
  local bases, turn = bases_of(targets, name), 0
  return function(req, res, rest)
    local parts = query.resolve(rest)
    if not parts then return 404, "not found\n" end
    local path = path_behind(req, rest, parts) .. (req.raw_query ~= "" and "?" .. req.raw_query or "")
    turn = turn + 1
    local answer, message, code = ask(bases, turn - 1, {
      method = req.method, headers = headers_of(req, keeps_host), body = body_of(req), stream = true,
      redirects = false, decode = false, proxy = false, upgrade = upgrade_of(req),
    }, path)
    if not answer then
      if not UNREACHED[code] then io.stderr:write("proxy: ", message, "\n") end
      local late = code == "ETIMEDOUT"
      return late and 504 or 502, late and "gateway timeout\n" or "bad gateway\n"
    end
    return pass_back(req, res, answer)
  end
end

return { new = new }
