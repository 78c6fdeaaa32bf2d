--- What a request returns: { status =, reason =, version =, headers =, url =, body = }. With
-- `stream` the body is not there yet, and `body` a method.
local json = require "json"

local response = {}

local exchanges = setmetatable({}, { __mode = "k" })  -- of those that are streamed
local methods = {}

--- response:json(): the body as json.decode makes it a value. Returns nil, message, "EPROTO".
function methods.json(self)
  if type(self.body) ~= "string" then error("json: the body is streamed; read it first", 2) end
  return json.decode(self.body)
end

local function exchange_of(self, name)
  return exchanges[self] or error(name .. ": the response is not streamed", 3)
end

--- response:read(): the next piece of a streamed body; nil at its end. Waits.
function methods.read(self)
  local exchange = exchange_of(self, "read")
  local piece, message, code = exchange:read()
  if not message then return piece end
  self.failure = { message = message, code = code }
  return nil, message, code
end

--- response:body(): an iterator over a streamed body; after a failure, response.failure tells.
function methods.body(self)
  exchange_of(self, "body")
  return function() return (methods.read(self)) end
end

--- response:close(): ends a streamed one before its end, and what came of an upgrade; nothing
-- otherwise.
function methods.close(self)
  local open = exchanges[self] or self.connection
  if open then open:close() end
end

local class = { __index = methods, __name = "http response", __close = methods.close }

function class.__tostring(self)
  return ("http response: %d %s, %s"):format(self.status, self.reason, self.url)
end

--- From an exchange whose head has been read; the body is added by whoever reads it.
function response.new(exchange, url, streamed)
  local self = setmetatable({ status = exchange.head.status, reason = exchange.head.reason,
    version = exchange.head.version, headers = exchange.headers, url = url.url }, class)
  if streamed then exchanges[self] = exchange end
  return self
end

return response
