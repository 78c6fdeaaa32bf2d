--- What makes protocols: servers and clients that start and stop. Wrong arguments raise; what fails at
-- run time returns nil, message, code.
local check_options = require "options"
local log = require "log"
local protocol = require "service.protocol"

local connect, listen, now, sleep = connect, listen, now, sleep
local GRACE <const> = 1      -- seconds
local STEP <const> = 0.01    -- seconds between two looks at who is still there

-- --- what all have ----------------------------------------------------------------------------------

local Factory = {}
Factory.__index = Factory

function Factory:__tostring()
  return ("%s %s%s"):format(self.kind, tostring(self.address), self.running and "" or ", not started")
end
Factory.__inspect = Factory.__tostring

--- What a handler does with a new connection.
function Factory:adopt(conn)
  local class = self.protocol
  if self.build_protocol then
    class = self.build_protocol(self, conn)
    if type(class) ~= "table" then error("build_protocol: a table expected, got a " .. type(class), 0) end
  end
  local made = protocol.make(class, self, conn)
  self.protocols[made] = true
  protocol.attach(made, function(ended) self.protocols[ended] = nil end)
end

--- Waits until is_over(), at most `grace` seconds.
local function wait_until(is_over, grace)
  local deadline = now() + grace
  while not is_over() and now() < deadline do sleep(STEP) end
end

--- Ends the protocols; what has not left within `grace` seconds is dropped.
function Factory:end_protocols(grace)
  for each in pairs(self.protocols) do each:close_protocol() end
  wait_until(function() return not next(self.protocols) end, grace or GRACE)
  for each in pairs(self.protocols) do each.connection:close() end
end

local function new(kind, options)
  check_options(kind, "service." .. kind, options)
  if options.address == nil then error(("service.%s: option 'address' is missing"):format(kind), 3) end
  local self = setmetatable({ kind = kind, address = options.address, options = options.options,
    protocol = options.protocol or {}, build_protocol = options.build_protocol, protocols = {},
    running = false }, Factory)
  return self
end

-- --- a server for streams ---------------------------------------------------------------------------

local function start_server(self)
  if self.running then return self end
  local listener, message, code = listen(self.address, self.options or {},
    function(conn) self:adopt(conn) end)
  if not listener then return nil, message, code end
  self.listener, self.address, self.running = listener, listener.address, true
  return self
end

local function stop_server(self, grace)
  if not self.running then return false end
  self.running = false
  self.listener:close()
  self:end_protocols(grace)
  return true
end

local factories = {}

function factories.tcp_server(options)
  local self = new("tcp_server", options)
  self.start, self.stop = start_server, stop_server
  return self
end

-- --- a server for datagrams: one protocol for its socket ---------------------------------------------

local function start_datagrams(self)
  if self.running then return self end
  local made
  local socket, message, code = listen(self.address, self.options or {}, function(_, data, from)
    made:data_received(data, from)
  end)
  if not socket then return nil, message, code end
  made = protocol.make(self.protocol, self, socket)
  made.send_data = function(_, data, to) return socket:send(to, data) end
  made.close_protocol = function() return self:stop() end
  self.socket, self.address, self.running, self.datagrams = socket, socket.address, true, made
  made:connection_made()
  return self
end

local function stop_datagrams(self)
  if not self.running then return false end
  self.running = false
  self.datagrams:pre_connection_lost "closed"
  self.socket:close()
  self.datagrams:connection_lost "closed"
  return true
end

function factories.udp_server(options)
  local self = new("udp_server", options)
  if not tostring(options.address):find "^udp://" then self.address = "udp://" .. options.address end
  self.start, self.stop = start_datagrams, stop_datagrams
  return self
end

-- --- a client ---------------------------------------------------------------------------------------

local function start_client(self)
  if self.running then return self end
  local options = {}
  for name, value in pairs(self.options or {}) do options[name] = value end
  if self.reconnect_delay > 0 then options.reconnect = { delay = self.reconnect_delay } end
  self.running = true
  self.connection = connect(self.address, options, function(conn, message)
    if conn then return self:adopt(conn) end
    self.running = false
    log.warn(("service: %s"):format(message))
  end)
  return self
end

local function stop_client(self, grace)
  if not self.running then return false end
  self.running = false
  self:end_protocols(grace)
  self.connection:close()  -- it may be between two attempts
  return true
end

function factories.reconnecting_client(options)
  local self = new("reconnecting_client", options)
  self.reconnect_delay = options.reconnect_delay or 0
  self.start, self.stop = start_client, stop_client
  return self
end

-- --- a server for HTTP and WebSockets ----------------------------------------------------------------

local function start_web(self)
  if self.running then return self end
  local listener, message, code = listen(self.address, self.options or {}, self.app)
  if not listener then return nil, message, code end
  self.listener, self.address, self.running = listener, listener.address, true
  return self
end

local function stop_web(self, grace)
  if not self.running then return false end
  self.running = false
  self.listener:close { grace = grace or GRACE }
  wait_until(function() return self.listener.open == 0 end, grace or GRACE)
  return true
end

--- An app of its own around `handler` that writes a line for each answer.
local function logged(handler, write)
  local app = require("http").app()
  if write == true then write = function(line) log.info((line:gsub("\n$", ""))) end end
  app:log(write)
  return handler and app:use(handler) or app
end

function factories.web_server(options)
  local self = new("web_server", options)
  if not tostring(options.address):find "^https?://" then self.address = "http://" .. options.address end
  self.app = options.app or require("http").app()
  if options.log then self.app = logged(options.app, options.log) end
  self.start, self.stop = start_web, stop_web
  return self
end

return factories
