--- What goes beyond a single WebSocket: groups that get the same messages, and WebSockets that
-- begin as requests of HTTP. Returns nil, message, code for what the peers do; misuse raises.
local native = require "native.websocket"

local connect, listen = connect, listen  -- whatever a program calls so

local TRY_LATER <const> = 1013

local ws = {}

--- For a handler of http: the request becomes a WebSocket, and fn(ws, req) runs. A client that
-- asks for none, or wrongly, gets its answer. Waits as long as fn does.
function ws.accept(req, res, options, fn)
  if fn == nil then options, fn = nil, options end
  local conn = native.accept(req.connection, req.head, options)
  if conn then return fn(conn, req) end
end

--- Joins a WebSocket to a plain connection until one of them ends.
local function join(conn, target, kind)
  local plain <close>, message = connect(target)
  if not plain then
    io.stderr:write("ws.proxy: ", message, "\n")
    return conn:close(TRY_LATER, "no server")
  end
  conn:spawn(function()
    local bytes = plain:read()
    while bytes and conn:write(bytes, kind) do bytes = plain:read() end
    conn:close()
  end)
  for received in conn:messages() do
    if not plain:write(received) then break end
  end
end

--- ws.proxy(address, target [, options]) -> listener: each WebSocket is given a plain connection to
-- `target`; what comes on one goes out on the other, and both end with the first.
function ws.proxy(address, target, options)
  if options ~= nil and type(options) ~= "table" then
    error("ws.proxy: a table of options expected, got a " .. type(options), 2)
  end
  local settings = {}
  for name, value in pairs(options or {}) do settings[name] = value end
  local kind = settings.kind or "binary"
  settings.kind = nil
  if kind ~= "binary" and kind ~= "text" then
    error("ws.proxy: option 'kind' must be \"binary\" or \"text\", got " .. tostring(kind), 2)
  end
  local text = tostring(address)
  local ok, srv, message, code = pcall(listen, text:find "://" and text or "ws://" .. text, settings,
    function(conn) return join(conn, target, kind) end)
  if not ok then error("ws.proxy: " .. srv, 2) end
  return srv, message, code
end

-- --- groups -----------------------------------------------------------------------------------

local POLICIES <const> = { wait = true, drop = true, disconnect = true }
local LIMIT <const> = 1 << 20  -- bytes, as high_water
local POLICY_VIOLATION <const> = 1008

local Group = { __name = "group" }
Group.__index = Group

--- A member that takes part in what is sent from now on. Returns the group.
function Group:add(conn)
  if not self.members[conn] then
    self.members[conn] = true
    self.size = self.size + 1
  end
  return self
end

--- True if it was a member.
function Group:remove(conn)
  if not self.members[conn] then return false end
  self.members[conn] = nil
  self.size = self.size - 1
  return true
end

--- Whether the message is for `conn` now: who has more than `limit` bytes to take yet is dealt
-- with by the policy.
local function has_room(self, conn)
  if self.policy == "wait" or conn.queued <= self.limit then return true end
  self.dropped = self.dropped + 1
  if self.policy == "disconnect" then
    conn:close(POLICY_VIOLATION, "too slow")
    self:remove(conn)
  end
  return false
end

local function write(conn, message, kind)
  if kind then return conn:write(message, kind) end
  return conn:write(message)
end

--- Sends to every member but `except`, which may be nil. Returns how many got it. Those that are
-- closed are members no more. Waits only with the policy "wait".
function Group:send(message, kind, except)
  local all, count = {}, 0
  for conn in pairs(self.members) do all[#all + 1] = conn end
  for _, conn in ipairs(all) do  -- members may come and go while a write waits
    if conn ~= except and self.members[conn] then
      if conn.state ~= "open" then
        self:remove(conn)
      elseif has_room(self, conn) then
        local sent, why, code = write(conn, message, kind)
        if sent then
          count = count + 1
        elseif code == "EILSEQ" then
          return nil, why, code
        else
          self:remove(conn)
        end
      end
    end
  end
  return count
end

function Group:__len() return self.size end

function Group:__tostring()
  return ("group (%d members, %s, %d dropped)"):format(self.size, self.policy, self.dropped)
end

--- A group. options.policy: "wait" for who is slow (the default), "drop" the message for it, or
-- "disconnect" it; options.limit: bytes that may wait for one member, 1 MiB.
function ws.group(options)
  options = options or {}
  for name in pairs(options) do
    if name ~= "policy" and name ~= "limit" then
      error(("ws.group: unknown option '%s'; there are policy and limit"):format(name), 2)
    end
  end
  local policy, limit = options.policy or "wait", options.limit or LIMIT
  if not POLICIES[policy] then
    error(("ws.group: option 'policy' must be \"wait\", \"drop\" or \"disconnect\", got %s")
      :format(tostring(policy)), 2)
  end
  if math.type(limit) ~= "integer" or limit < 0 then
    error("ws.group: option 'limit' must be a number of bytes, got " .. tostring(limit), 2)
  end
  return setmetatable({ members = {}, size = 0, policy = policy, limit = limit, dropped = 0 }, Group)
end

return ws
