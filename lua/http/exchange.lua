--- One request through one connection, and its answer: sent, and read piece by piece. What fails
-- returns nil, message, code; the message begins with what was being done.
local native = require "native.http_client"
local headers = require "http.headers"
local pool = require "http.pool"
local proxies = require "http.proxy"

local connect, now, spawn = connect, now, spawn  -- whatever a program calls so

local exchange = {}

local SMALL <const> = 64 * 1024       -- a body that is sent with the head, waiting for nothing
local SLICE <const> = 256 * 1024      -- of a larger one, queued at a time
local CONTINUE_WAIT <const> = 1       -- seconds for "100 Continue"
local INTERIM <const> = 100           -- answers with 1xx before the final one
local DRAINED <const> = 64 * 1024     -- of a body that nobody wants, to use the connection again

-- --- time -----------------------------------------------------------------------------------

--- How long a wait of the request may last, nothing but `most` said.
local function limit(request, most)
  local left = request.deadline and request.deadline - now() or math.huge
  return math.max(0, math.min(left, most or request.idle_timeout))
end

local function is_late(request) return request.deadline ~= nil and now() >= request.deadline end

--- Why it has taken too long; what else failed stays as it is.
local function explain(request, phase, message, code)
  if code == "ETIMEDOUT" and is_late(request) then
    message = ("not done within %g s"):format(request.timeout)
  elseif request.too_slow then
    message = ("slower than %g bytes/s"):format(request.min_rate)
  elseif code == "ETIMEDOUT" and phase ~= "" then
    message = ("nothing for %g s"):format(request.idle_timeout)
  end
  return nil, phase == "" and message or phase .. ": " .. message, code
end

-- --- connecting -----------------------------------------------------------------------------

--- A table of plain values and lists of them as text: equal ones are the same.
local function fingerprint(options)
  local parts = {}
  for name, value in pairs(options or {}) do
    local list = type(value) == "table" and table.concat(value, "\0") or tostring(value)
    parts[#parts + 1] = ("%q=%q"):format(name, list)
  end
  table.sort(parts)
  return table.concat(parts, ",")
end

--- What a connection must have in common with another to be used in its place.
local function key_of(request, url)
  return table.concat({ url.origin, fingerprint(url.scheme == "https" and request.tls or nil),
    fingerprint(request.proxy) }, "|")
end

local function tls_options(request, host)
  local options = { alpn = "http/1.1", server_name = host }
  for name, value in pairs(request.tls or {}) do options[name] = value end
  return options
end

local function open_direct(request, url)
  local secure = url.scheme == "https"
  return connect((secure and "tls://" or "") .. proxies.address(url), {
    timeout = limit(request, request.connect_timeout),
    tls = secure and tls_options(request) or nil,
  })
end

--- Through a proxy.
local function open_through(request, url)
  local proxy, begun = request.proxy, now()
  local function left() return limit(request, begun + request.connect_timeout - now()) end
  local options = { timeout = left() }
  if request.through then return proxies.connect(proxy, options) end
  local tls = url.scheme == "https" and tls_options(request, url.host)
  return proxies.open(proxy, url, options, tls, left)
end

-- --- sending --------------------------------------------------------------------------------

local methods = {}
methods.__index = methods

--- Queues a body from a function, in chunks.
local function write_pieces(connection, body)
  while true do
    local piece = body()
    if piece == nil then break end
    if type(piece) ~= "string" then
      error(("http: the body's function must return a string or nil, got a %s"):format(type(piece)), 0)
    end
    if piece ~= "" and not connection:write(("%x\r\n"):format(#piece), piece, "\r\n") then return end
  end
  connection:write "0\r\n\r\n"
end

local function write_slices(connection, body)
  for at = 1, #body, SLICE do
    if not connection:write(body:sub(at, at + SLICE - 1)) then return end
  end
end

--- Sends a body beside the reading of the answer, which may come before its end. A failure to
-- write shows in what is read; one of the body's function is kept, and ends the connection.
local function start_writer(self, body)
  local write = type(body) == "string" and write_slices or write_pieces
  self.writer = spawn(function()
    local ok, problem = pcall(write, self.connection, body)
    if ok then return end
    self.body_problem = problem
    self.connection:close()
  end)
end

local function wants_continue(request, body)
  if request.expect ~= nil then return request.expect and body ~= "" end
  return type(body) == "function" or #body > 1024 * 1024
end

--- Sends head and body. Where the answer comes before that is wanted, the body stays here, and the
-- head of the answer is returned, or nil, message, code; else true.
function methods.send(self, head, body)
  local request = self.request
  if type(body) == "string" and #body <= SMALL and not self.expects then
    self.connection:write(head, body)
    return true
  end
  self.connection:write(head)
  if self.expects then
    local early, message, code = self:read_head(CONTINUE_WAIT)
    if early or code ~= "ETIMEDOUT" or is_late(request) then
      self.unsent = true
      return early, message, code
    end
  end
  start_writer(self, body)
  return true
end

-- --- reading --------------------------------------------------------------------------------

--- Notes bytes that have come. False if an answer that is waited for comes too slowly: its head, or a
-- body that is read whole.
local function take_in(self, bytes)
  local request = self.request
  self.reader:put(bytes)
  self.since = self.since or now()
  self.received = self.received + #bytes
  local may_last = request.idle_timeout + self.received / request.min_rate
  request.too_slow = not (request.stream and self.head) and now() - self.since > may_last
  return not request.too_slow
end

--- The next event of the reader. While a body is being sent, that it moves is a sign of life.
function methods.pull(self, most)
  while true do
    local event, message, code = self.reader:next()
    if event ~= nil or message then return event, message, code end
    if is_late(self.request) then return nil, "too late", "ETIMEDOUT" end
    local sent = self.connection.bytes_out
    local bytes
    bytes, message, code = self.connection:read(nil, { timeout = limit(self.request, most) })
    if bytes then
      if not take_in(self, bytes) then return nil, "too slow", "ETIMEDOUT" end
    elseif not message then
      self.reader:put_end()
    elseif code ~= "ETIMEDOUT" or not self.writer or self.connection.bytes_out == sent
      or is_late(self.request) then
      return nil, message, code
    end
  end
end

--- The head that is not interim. With `most`, "100 Continue" ends it: then it is nil, and the code
-- "ETIMEDOUT", as if it had not been waited for any longer.
function methods.read_head(self, most)
  for _ = 1, INTERIM do
    local event, message, code = self:pull(most)
    if type(event) ~= "table" then return nil, message, code end
    if event.status == 101 and not self.request.upgrade then
      return nil, "it goes on with another protocol, which nobody asked for", "EPROTO"
    end
    if event.status >= 200 or event.status == 101 then return event end
    if most and event.status == 100 then return nil, "continue", "ETIMEDOUT" end
  end
  return nil, ("more than %d interim answers"):format(INTERIM), "EPROTO"
end

--- Reads a piece of the body: nil at its end.
function methods.read(self)
  if self.over then return nil, self.message, self.code end
  local piece, message, code = self:pull()
  if piece then return piece end
  self.over = true
  if message then
    self:close()
    if self.body_problem then error(self.body_problem, 0) end
    self.message, self.code = select(2, explain(self.request, "reading the body", message, code))
    return nil, self.message, self.code
  end
  self:finish()
end

--- All of the body, of `max` bytes at most.
function methods.read_all(self, max)
  local pieces, size, length = {}, 0, self.head.length
  while true do
    if size > max or size == 0 and (length or 0) > max and not self.coded then
      self:close()
      return nil, ("reading the body: it has more than the %d bytes of the option max"):format(max),
        "EMSGSIZE"
    end
    local piece, message, code = self:read()
    if message then return nil, message, code end
    if not piece then return table.concat(pieces) end
    pieces[#pieces + 1] = piece
    size = size + #piece
  end
end

--- Reads a body that nobody wants if it is short, so that the connection can be used again.
function methods.drain(self)
  local size = 0
  while self.head.keep_alive and not self.over and size <= DRAINED and (self.head.length or 0) <= DRAINED do
    size = size + #(self:read() or "")
  end
  self:close()
end

--- The answer is there as a whole: the connection is for others now, or closed.
function methods.finish(self)
  local whole = not self.unsent and not (self.writer and self.writer:alive())
  if whole and self.request.keep_alive and self.reader:reusable() and self.head.status ~= 101 then
    pool.put(self.key, self.connection)
    self.connection = nil
  end
  self:close()
end

--- Ends it wherever it is; afterwards nothing happens.
function methods.close(self)
  self.over = true
  if self.writer then self.writer:cancel() end
  if self.connection then self.connection:close() end
end

--- The connection, which the caller has from here on: what came behind the head comes first.
function methods.release(self)
  local connection = self.connection
  self.reader:next()  -- the end of a body that is none
  connection:unread(self.reader:rest())
  self.over, self.connection = true, nil
  return connection
end

-- --- the whole ------------------------------------------------------------------------------

local function open(request, url, fresh)
  local key = key_of(request, url)
  local reused = not fresh and request.keep_alive and pool.take(key) or nil
  local connection, message, code = reused, nil, nil
  if not reused then
    local way = request.proxy and open_through or open_direct
    connection, message, code = way(request, url)
    if not connection then return explain(request, "", message, code) end
  end
  return setmetatable({ request = request, key = key, connection = connection,
    reused = reused ~= nil, received = 0,
    reader = native.reader(request.method, request.max_head,
      request.stream and math.huge or request.max, request.max_ratio, request.decode) }, methods)
end

local SAFE_TO_REPEAT <const> = { GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true,
  DELETE = true }

--- A connection from the pool that its server had given up meanwhile: nothing was answered.
local function was_stale(self, code)
  return self.reused and self.received == 0 and SAFE_TO_REPEAT[self.request.method]
    and (code == "EOF" or code == "ECONNRESET" or code == "EPIPE" or code == "ETLS")
    and type(self.request.body) == "string"
end

local function attempt(request, url, write_head, fresh)
  local self, message, code = open(request, url, fresh)
  if not self then return nil, message, code end
  local guard <close> = setmetatable({}, { __close = function(it)
    if not it.done then self:close() end
  end })
  self.expects = request.body ~= "" and wants_continue(request, request.body)
  local head
  head, message, code = self:send(write_head(self.expects), request.body)
  if head == true then head, message, code = self:read_head() end
  if self.body_problem then error(self.body_problem, 0) end
  if head then
    self.head, self.headers = head, headers.unpack(head.fields)
    self.coded = self.headers["content-encoding"] ~= nil
    guard.done = true
    return self
  end
  if was_stale(self, code) then return nil, "stale" end
  return explain(request, "waiting for the answer", message, code)
end

--- Sends a request to where `url` (its parts) says and reads the answer up to the end of its head.
-- write_head(expects) gives the request's; its `body` is a string, "" for none, or a function.
function exchange.start(request, url, write_head)
  local self, message, code = attempt(request, url, write_head)
  if message == "stale" then self, message, code = attempt(request, url, write_head, true) end
  if not self then return nil, message, code end
  return self
end

exchange.close_idle = pool.close_idle

return exchange
