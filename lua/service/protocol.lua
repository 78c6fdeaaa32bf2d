--- What every protocol has: the object between a connection and the functions of a program, one for
-- each connection. Its fields: connection, factory, session_id, peer.
local instance = require "instance"

local Protocol = {
  recv_buf_size = 256,
  read_deadline = 0,
}

local LAST_SESSION <const> = 1 << 31
local sessions = 0

function Protocol.connection_made() end
function Protocol.data_received() end
function Protocol.pre_connection_lost() end
function Protocol.connection_lost() end

function Protocol.tostring(self)
  return ("protocol %d: %s"):format(self.session_id, self.peer or "no peer")
end

--- Queues bytes, which leave in order. Waits only while the peer takes too little.
function Protocol:send_data(...) return self.connection:write(...) end

--- Ends what belongs to it but the connection.
local function end_tasks(self)
  for _, task in pairs(self.inner_tasks) do task:cancel() end
  self.inner_tasks = {}
end

--- Sends what is queued, then `data`, then closes.
function Protocol:send_lose(data)
  end_tasks(self)
  local ok, message, code = self.connection:finish(data)
  if ok then return true end
  return nil, message, code
end

--- Sends what is queued, then closes; harmless when it was done before.
function Protocol:close_protocol()
  end_tasks(self)
  self.connection:finish()
  return true
end

--- Starts fn(...) as a task that dies with the protocol; returns it. An older one of that name ends.
function Protocol:add_inner_task(name, fn, ...)
  local old = self.inner_tasks[name]
  if old then old:cancel() end
  local task = self.connection:spawn(fn, ...)
  self.inner_tasks[name] = task
  return task
end

function Protocol:get_inner_task(name) return self.inner_tasks[name] end

--- Takes it from the protocol, which it outlives; returns it, nil if there is none.
function Protocol:remove_inner_task(name)
  local task = self.inner_tasks[name]
  self.inner_tasks[name] = nil
  return task and task:detach()
end

local protocol = {}

--- A protocol of `class` for a connection or socket. Each has its own of everything.
function protocol.make(class, factory, connection)
  sessions = sessions % LAST_SESSION + 1
  return instance({ connection = connection, factory = factory, session_id = sessions,
    peer = connection.peer, inner_tasks = {} }, class, Protocol)
end

--- Has the connection call the protocol's functions: connection_made before anything else, and
-- connection_lost once, whoever ended it.
function protocol.attach(self, on_end)
  local conn = self.connection
  conn:set { read_size = self.recv_buf_size, read_deadline = self.read_deadline }
  conn:on {
    open = function() return self:connection_made() end,
    data = function(_, bytes) return self:data_received(bytes) end,
    shutdown = function()  -- tasks and this hook would hold it half-closed
      end_tasks(self)
      conn:on { shutdown = false }
    end,
    closing = function(_, reason) return self:pre_connection_lost(reason) end,
    close = function(_, reason)
      conn:on { open = false }  -- of a connection that comes back: the next has its own
      on_end(self)
      return self:connection_lost(reason)
    end,
  }
end

return protocol
