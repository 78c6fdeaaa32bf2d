--- Connections to one address that are used again: the global `pool`. pool:get waits; a connection
-- that it lends comes back at the end of the block that has it as <close>, or by pool:put.
local blame = require "blame"
local connect, now, sleep, spawn = connect, now, sleep, spawn  -- whatever a program calls so

local MAX <const> = 10
local LIMIT <const> = 60  -- seconds that get waits, as in the manifest

local Pool = { __name = "pool" }
Pool.__index = Pool

--- Of each connection of a pool a table whose field `pool` is the pool that has lent it, nil while
-- it is idle: so a pool that nobody has any more is collected with what is idle.
local leases = setmetatable({}, { __mode = "k" })

--- Hands on a connection, or `true`, the right to open one: to who waits longest, else to whoever
-- comes next.
local function hand_on(self, what)
  if self.closed and what ~= true then
    what:close()
    what = true
  end
  local turn = not self.closed and table.remove(self.queue, 1)
  if turn then
    turn.given = what
    turn.alarm:cancel()
  elseif what == true then
    self.count = self.count - 1
  else
    self.idle[#self.idle + 1] = what
  end
end

--- Ended, or with bytes that nobody has asked for, it is no good for the next.
local function is_good(conn) return conn.state == "open" and conn:peek(1) == "" end

--- False if it was not lent.
local function give_back(self, conn)
  local lease = leases[conn]
  if not lease or lease.pool ~= self then return false end
  lease.pool = nil
  if is_good(conn) then
    hand_on(self, conn)
  else
    conn:close()
    hand_on(self, true)
  end
  return true
end

local end_block  -- the __close of connections, once there is a pool

--- What is lent comes back when its <close> variable goes, if it is still good; an error closes it,
-- as what was to be read or written then is unknown.
local function mend_close(conn)
  if end_block then return end
  local meta = getmetatable(conn)
  local close = meta.__close
  function end_block(one, problem)
    local pool = leases[one] and leases[one].pool
    if pool and problem == nil then return give_back(pool, one) end
    return close(one)
  end
  meta.__close = end_block
end

local function lend(self, conn)
  leases[conn].pool = self
  return conn
end

--- A timer of the connection, never armed, tells by its end that the connection is gone.
local function adopt(conn)
  mend_close(conn)
  local lease = {}
  leases[conn] = lease
  conn:timeout(nil, function() end):on_free(function()
    if lease.pool then hand_on(lease.pool, true) end
    lease.pool = nil
  end)
end

--- Waits for a connection or the right to open one; nil when the time is over.
local function wait_turn(self, seconds)
  local turn = { alarm = spawn(sleep, seconds) }
  self.queue[#self.queue + 1] = turn
  local leave <close> = setmetatable({}, { __close = function()
    turn.alarm:cancel()
    for i, each in ipairs(self.queue) do
      if each == turn then table.remove(self.queue, i) end
    end
    if turn.given and not turn.taken then hand_on(self, turn.given) end
  end })
  turn.alarm:join()
  turn.taken = not self.closed
  return turn.given
end

local function open(self, seconds)
  local options = { timeout = seconds }
  for name, value in pairs(self.options) do options[name] = value end
  local done = false
  local guard <close> = setmetatable({}, { __close = function()
    if not done then hand_on(self, true) end
  end })
  local conn <const>, message, code = connect(self.address, options)
  if not conn then return nil, message, code end
  done = true
  adopt(conn)
  return lend(self, conn)
end

local function refused(self, text, code)
  return nil, ("pool %s: %s"):format(self.address, text), code
end

--- A connection that nobody else has. Waits while `max` are lent, `seconds` at most (60).
function Pool:get(seconds)
  seconds = seconds or LIMIT
  if math.type(seconds) == nil or not (seconds >= 0) then
    blame.expected("pool:get", "a number of seconds", seconds)
  end
  if self.closed then return refused(self, "closed", "ECLOSED") end
  local deadline = now() + seconds
  while #self.idle > 0 do
    local conn = table.remove(self.idle)
    if is_good(conn) then return lend(self, conn) end
    conn:close()
    self.count = self.count - 1
  end
  local given = true
  if self.count < self.max then
    self.count = self.count + 1
  else
    given = wait_turn(self, seconds)
    if self.closed then return refused(self, "closed", "ECLOSED") end
  end
  if not given then
    return refused(self, ("none of %d was free within %g s"):format(self.max, seconds), "ETIMEDOUT")
  elseif given ~= true then
    if is_good(given) then return lend(self, given) end
    given:close()
  end
  return open(self, math.max(0, deadline - now()))
end

--- Gives a connection back before its block ends. False if it was not lent, or has come back.
function Pool:put(conn) return give_back(self, conn) end

--- Closes what is idle, and what is lent when it comes back; who waits in get, and who calls it from
-- here on, fails. False if it was closed.
function Pool:close()
  if self.closed then return false end
  self.closed = true
  for _, turn in ipairs(self.queue) do turn.alarm:cancel() end
  for _, conn in ipairs(self.idle) do conn:close() end
  self.count, self.idle = self.count - #self.idle, {}
  return true
end

Pool.__close = Pool.close

function Pool:__tostring()
  return ("pool (%s: %d open, %d idle, at most %d)"):format(self.address, self.count, #self.idle,
    self.max)
end

Pool.__inspect = Pool.__tostring

--- pool(address [, options]): `max`, and what connect takes. Opens nothing yet.
return function(address, options)
  blame.check_address("pool", address)
  if options ~= nil and type(options) ~= "table" then
    blame.expected("pool", "a table of options", options)
  end
  local others = {}
  for name, value in pairs(options or {}) do others[name] = value end
  local max = others.max or MAX
  others.max = nil
  if math.type(max) ~= "integer" or max < 1 then
    error("pool: option 'max' must be a number of connections, got " .. tostring(max), 2)
  end
  return setmetatable({ address = address, options = others, max = max, count = 0, idle = {},
    queue = {} }, Pool)
end
