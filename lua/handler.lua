--- Handlers that own what belongs to them: `local handler = require "handler"`. A handler is an object
-- of the program's class, a table of functions; its timeouts and its log go with it. Nothing here
-- waits. Wrong arguments raise; what fails at run time returns nil, message, code.
local blame = require "blame"
local instance = require "instance"
local log = require "log"
local timeouts = require "handler.timeout"

local handler = {}

local connect, dispatch, listen = connect, dispatch, listen

-- --- what every handler has ---------------------------------------------------------------------------

local Handler = {}

function Handler.tostring(self) return ("handler %s%s"):format(self.label, self.dead and " (destroyed)" or "") end

--- A one-shot timer that dies with the handler: fn(task), see handler.timeout.
function Handler:timeout(label, seconds, fn)
  if self.dead then error(("%s:timeout: it was destroyed"):format(self.label), 2) end
  local made = timeouts.new(label, seconds, fn)
  self.timeouts[made] = true
  return made
end

--- Ends it: destroyed_callback(); then it is not called any more, its timeouts die, what it handles is
-- closed. A second time raises.
function Handler:destroy()
  if self.dead then error(("%s:destroy: it was destroyed before"):format(self.label), 2) end
  self:destroyed_callback()
  self.dead = true
  self:unregister()
  for each in pairs(self.timeouts) do timeouts.kill(each, self.label) end
  self.timeouts = {}
  self:release()
end

function Handler.destroyed_callback() end
function Handler.unregister() end
function Handler.release() end

for _, level in ipairs { "error", "warn", "info", "debug", "debug2" } do
  Handler[level] = function(self, ...) log[level](self.label, ...) end
end

--- A base over that of all handlers.
local function derive(methods)
  return setmetatable(methods, { __index = Handler })
end

local function new(base, class, label, fields)
  fields.label, fields.timeouts, fields.dead = label, {}, false
  return instance(fields, class, base)
end

local function check_class(name, class)
  if class ~= nil and type(class) ~= "table" then
    blame.expected(name, "a class (a table of functions)", class)
  end
  return class or {}
end

--- What a peer did that nobody handles: it is told, and costs its handler.
local function fail(self, what, message)
  if self.dead then return end
  self:warn(what, message)
  self:destroy()
end

-- --- any descriptor -----------------------------------------------------------------------------------

local Descriptor = derive {}

function Descriptor.is_readable() return true end
function Descriptor.is_writable() return false end
function Descriptor.is_exceptional() return false end
function Descriptor:read_callback() self:destroy() end
function Descriptor:write_callback() self:destroy() end
function Descriptor:exceptional_callback() self:destroy() end

local WAYS <const> = {
  { watch = read, asked = "is_readable", called = "read_callback" },
  { watch = write, asked = "is_writable", called = "write_callback" },
  { watch = except, asked = "is_exceptional", called = "exceptional_callback" },
}

--- Asks what it waits for, as it is asked before each sleep, and watches just that.
function Descriptor:look()
  for i, way in ipairs(WAYS) do
    local wanted = self[way.asked](self) and true or false
    local watcher = self.watchers[i]
    if wanted and not watcher then
      watcher = assert(blame.calling("handler", way.watch, self.x, function()
        if not self.dead and self[way.asked](self) then self[way.called](self) end
        return not self.dead
      end))
      self.watchers[i] = watcher
    elseif wanted and not watcher:pending() then
      watcher:add()
    elseif not wanted and watcher and watcher:pending() then
      watcher:delete()
    end
  end
end

function Descriptor:unregister()
  self.hook:delete()
  for _, watcher in pairs(self.watchers) do watcher:delete() end
end

--- A descriptor's number is lent: who opened it closes it.
function Descriptor:release()
  if type(self.x) ~= "number" then pcall(self.x.close, self.x) end
end

--- handler.new(label, x [, class]) -> a handler for anything that can be watched
function handler.new(label, x, class)
  local self = new(Descriptor, check_class("handler.new", class), label, { x = x, watchers = {} })
  self:look()
  self.hook = before_sleep(function() self:look() end)
  return self
end

-- --- streams ------------------------------------------------------------------------------------------

local Stream = derive {}

--- New bytes; all that came is in self.recv_buf as well, which the program drains.
function Stream:recv_callback() self:destroy() end
--- The peer sends no more: override it to go on sending.
function Stream:shutdown_callback() self:destroy() end

--- Queues bytes; never waits.
function Stream:send(data)
  if self.dead then return nil, self.label .. ":send: it was destroyed", "ECLOSED" end
  local conn = self.connection
  self.unsent[#self.unsent + 1] = data
  if not self.sender then self.sender = conn:spawn(self.send_all, self) end
  return true
end

--- The task that writes what was queued, and tells how much has left.
function Stream:send_all()
  local conn = self.connection
  while self.unsent[1] do
    local data = table.concat(self.unsent)
    self.unsent = {}
    if not conn:write(data) or not conn:flush() then break end
    self:send_callback(#data)
  end
  self.sender = nil
end

--- So many bytes have left.
function Stream.send_callback() end

function Stream:release() self.connection:close() end

local function attach(self)
  self.connection:on {
    data = function(_, bytes)
      if self.dead then return end
      self.recv_buf = self.recv_buf .. bytes
      self:recv_callback(bytes)
    end,
    shutdown = function() if not self.dead then self:shutdown_callback() end end,
    error = function(_, message) fail(self, "failed:", message) end,
    close = function() if not self.dead then self:destroy() end end,
  }
end

local function new_stream(class, label, conn)
  return new(Stream, class, label, { connection = conn, recv_buf = "", unsent = {} })
end

--- handler.tcp_listener(address, class [, options]) -> the listener, which has a handler of `class` for
-- each connection | nil, message, code
function handler.tcp_listener(address, class, options)
  class = check_class("handler.tcp_listener", class)
  return blame.calling("handler.tcp_listener", listen, address, options or {}, function(conn)
    local self = new_stream(class, conn.peer or "peer", conn)
    attach(self)
    if self.connected_callback then self:connected_callback() end
  end)
end

--- handler.serve(address, class [, options]) -> what dispatch() does | nil, message, code. Listener and
-- loop in one. Waits.
function handler.serve(address, class, options)
  local listener, message, code = handler.tcp_listener(address, class, options)
  if not listener then return nil, message, code end
  local guard <close> = listener
  return dispatch()
end

--- handler.tcp_client(address, class [, options]) -> a handler whose connection is being made:
-- connection_callback(true), or (false, message, code) before it is destroyed. What is sent meanwhile
-- leaves when it is there.
function handler.tcp_client(address, class, options)
  local self = new_stream(check_class("handler.tcp_client", class), tostring(address))
  local function connected(conn, message, code)
    if self.dead then return end
    if self.connection_callback then self:connection_callback(conn ~= nil, message, code) end
    if self.dead then return end
    if not conn then return self:destroy() end
    attach(self)
  end
  self.connection = blame.calling("handler.tcp_client", connect, address, options or {}, connected)
  return self
end

-- --- datagrams ----------------------------------------------------------------------------------------

local Datagrams = derive {}

function Datagrams:recv_callback() self:destroy() end
function Datagrams:release() self.socket:close() end

--- Queues a datagram; one that cannot be sent is told and dropped.
function Datagrams:sendto(address, datagram)
  if self.dead then return nil, self.label .. ":sendto: it was destroyed", "ECLOSED" end
  local ok, message, code = self.socket:send(address, datagram)
  if ok then return true end
  self:warn("not sent:", message)
  return nil, message, code
end

--- handler.udp(address, class [, label]) -> a handler for datagrams: recv_callback(from, datagram) |
-- nil, message, code. A client has port 0.
function handler.udp(address, class, label)
  class = check_class("handler.udp", class)
  blame.check_address("handler.udp", address)
  local text = tostring(address)
  local self
  local socket, message, code = blame.calling("handler.udp", listen, text:find "^udp://" and text or "udp://" .. text,
    function(_, data, from)
      if not self.dead then self:recv_callback(from, data) end
    end)
  if not socket then return nil, message, code end
  self = new(Datagrams, class, label or socket.address, { socket = socket, address = socket.address })
  return self
end

--- handler.timeout(label, seconds, fn) -> a one-shot timer that nobody owns: fn(task)
function handler.timeout(label, seconds, fn)
  return timeouts.new(label, seconds, fn)
end

return handler
