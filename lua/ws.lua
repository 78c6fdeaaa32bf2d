--- What goes beyond a single WebSocket and connect: clients behind proxies, groups that get the same
-- messages, and WebSockets that begin as requests of HTTP. Returns nil, message, code for what the
-- peers do; misuse raises.
local blame = require "blame"
local native = require "native.websocket"

local connect, listen = connect, listen  -- whatever a program calls so

local TRY_LATER <const> = 1013

local ws = {}

--- For a handler of http: the request becomes a WebSocket, and fn(ws, req) runs. A client that
-- asks for none, or wrongly, gets its answer. Waits as long as fn does.
function ws.accept(req, res, options, fn)
  if fn == nil then options, fn = nil, options end
  if type(req) ~= "table" or not req.connection then blame.expected("ws.accept", "a request", req) end
  if type(fn) ~= "function" then blame.expected("ws.accept", "a function", fn) end
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
  blame.check_address("ws.proxy", address)
  if options ~= nil and type(options) ~= "table" then
    blame.expected("ws.proxy", "a table of options", options)
  end
  local settings = {}
  for name, value in pairs(options or {}) do settings[name] = value end
  local kind = settings.kind or "binary"
  settings.kind = nil
  if kind ~= "binary" and kind ~= "text" then
    error("ws.proxy: option 'kind' must be \"binary\" or \"text\", got " .. tostring(kind), 2)
  end
  local text = tostring(address)
  return blame.calling("ws.proxy", listen, text:find "://" and text or "ws://" .. text, settings,
    function(conn) return join(conn, target, kind) end)
end

-- --- clients ----------------------------------------------------------------------------------

--- Options that are about the WebSocket; the others are about the connection below.
local ABOUT_MESSAGES <const> = { close_timeout = true, compress = true, headers = true,
  max_message = true, ping_interval = true, ping_timeout = true, protocols = true }
local SCHEMES <const> = { ws = "http", wss = "https" }  -- as which proxies are chosen
local PATIENCE <const> = 30  -- seconds for a proxy, as connect's time-out

--- A connection to the URL's server, through the proxy.
local function connect_through(proxy, url, below)
  if below.reconnect then error("ws.connect: option 'reconnect' is not for proxies", 3) end
  local deadline = now() + (below.timeout or PATIENCE)
  local function left() return math.max(0, deadline - now()) end
  local tls = url.scheme == "wss" and { server_name = url.host } or nil
  for name, value in pairs(tls and below.tls or {}) do tls[name] = value end
  below.tls = nil
  return require("http.proxy").open(proxy, url, below, tls, left)
end

--- The proxy for the URL that `options` or the environment name. Raises what is misuse; returns
-- nil, nil for none, nil, message if the environment's is none.
local function proxy_for(url, option)
  local as_http = { scheme = SCHEMES[url.scheme], host = url.host, port = url.port }
  local proxy, why = require "http.proxy".choose(as_http, option)
  if why and option then error("ws.connect: option 'proxy': " .. why, 3) end
  return proxy, why
end

--- Connects as connect does, through the proxy that options.proxy or the environment names, if one
-- does. Waits. Returns the WebSocket; or nil, message, code.
function ws.connect(text, options)
  if type(text) ~= "string" then blame.expected("ws.connect", "a URL of ws:// or wss://", text) end
  if options ~= nil and type(options) ~= "table" then
    blame.expected("ws.connect", "a table of options", options)
  end
  local url, problem = require("native.http_client").url(text)
  if not url then error("ws.connect: " .. problem, 2) end
  if not SCHEMES[url.scheme] then error("ws.connect: a URL of ws:// or wss:// expected", 2) end
  local own, below, all = {}, {}, {}
  for name, value in pairs(options or {}) do
    if name ~= "proxy" then
      all[name] = value
      if ABOUT_MESSAGES[name] then own[name] = value else below[name] = value end
    end
  end
  local proxy, why = proxy_for(url, options and options.proxy)
  if why then return nil, "ws.connect: the environment's proxy: " .. why, "EINVAL" end
  if not proxy then return connect(url.url:gsub("#.*", ""), all) end
  local conn, message, code = connect_through(proxy, url, below)
  if conn then conn, message, code = native.open(conn, url.url:gsub("#.*", ""), own) end
  if conn then return conn end
  return nil, ("ws.connect %s: %s"):format(url.url, message), code
end

-- --- groups -----------------------------------------------------------------------------------

local POLICIES <const> = { wait = true, drop = true, disconnect = true }
local LIMIT <const> = 1 << 20  -- bytes, as high_water
local POLICY_VIOLATION <const> = 1008

local Group = { __name = "group" }
Group.__index = Group

--- A member that takes part in what is sent from now on. Returns the group.
function Group:add(conn)
  if type(conn) ~= "userdata" then blame.expected("group:add", "a connection", conn) end
  if not self.members[conn] then
    self.members[conn] = true
    self.size = self.size + 1
  end
  return self
end

--- True if it was a member.
function Group:remove(conn)
  if not self.members[conn] then return false end
  self.members[conn], self.waiting[conn] = nil, nil
  self.size = self.size - 1
  return true
end

local function write(conn, message, kind)
  if kind then return conn:write(message, kind) end
  return conn:write(message)
end

--- Sends what waits for a member, as it takes it.
local function catch_up(self, conn, queue)
  while self.waiting[conn] == queue and queue.first <= queue.last do
    if not conn:flush() then break end
    while queue.first <= queue.last and conn.queued <= self.limit do
      local each = queue[queue.first]
      queue[queue.first] = nil
      queue.first, queue.size = queue.first + 1, queue.size - #each.message
      write(conn, each.message, each.kind)
    end
  end
  if self.waiting[conn] == queue then self.waiting[conn] = nil end
end

--- Puts a message behind those that wait for a member already; the oldest make room for it.
local function enqueue(self, conn, message, kind)
  local queue = self.waiting[conn]
  if not queue then
    queue = { first = 1, last = 0, size = 0 }
    self.waiting[conn] = queue
    spawn(catch_up, self, conn, queue)
  end
  queue.last, queue.size = queue.last + 1, queue.size + #message
  queue[queue.last] = { message = message, kind = kind }
  while queue.size > self.limit and queue.first < queue.last do
    queue.size = queue.size - #queue[queue.first].message
    queue[queue.first] = nil
    queue.first, self.dropped = queue.first + 1, self.dropped + 1
  end
end

--- Sends to one member as the policy wants it: who has more than `limit` bytes to take yet is slow.
-- Returns true; false if it does not get it; or nil, message, code.
local function send_to(self, conn, message, kind)
  local slow = conn.queued > self.limit
  if self.policy == "disconnect" and slow then
    self.dropped = self.dropped + 1
    conn:close(POLICY_VIOLATION, "too slow")
    self:remove(conn)
    return false
  elseif self.policy == "drop" and (slow or self.waiting[conn]) then
    enqueue(self, conn, tostring(message), kind)
    return true
  end
  return write(conn, message, kind)
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
      else
        local sent, why, code = send_to(self, conn, message, kind)
        if sent then
          count = count + 1
        elseif code == "EILSEQ" then
          return nil, why, code
        elseif sent == nil then
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

Group.__inspect = Group.__tostring

--- A group. options.policy: "wait" for who is slow (the default), "drop" the oldest that it has not
-- been sent, or "disconnect" it; options.limit: bytes that may wait for one member, 1 MiB.
function ws.group(options)
  options = options or {}
  if type(options) ~= "table" then blame.expected("ws.group", "a table of options", options) end
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
  return setmetatable({ members = {}, waiting = {}, size = 0, policy = policy, limit = limit, dropped = 0 }, Group)
end

return ws
