--- A named set of servers and clients that start, stop and are told things together.
-- Members keep the order in which they were added. A member is anything: a listener, a connection, a
-- factory of this module, a table with start() and stop(). It hears notify() if it has a field
-- on_notify. The module is the one service of the program: `local service = require "service"`.
local blame = require "blame"
local log = require "log"
local factories = require "service.factories"

local service = {}

local members = {}  -- in order added: { name = string, member = any }
local stop_hooks = {}

local function index_of(name)
  for i, entry in ipairs(members) do
    if entry.name == name then return i end
  end
end

--- What a member has under `key`, nil for what cannot be asked.
local function field(member, key)
  local ok, value = pcall(function() return member[key] end)
  return ok and value or nil
end

--- What failed is told, with its place; the others go on.
local function report(name, what, message)
  log.error(("service: %s of %s: %s"):format(what, name, message))
end

local function traced(message) return debug.traceback(tostring(message), 2) end

--- service:add(name, member) -> member, so that `:start()` can be chained. Raises if the name is
-- taken.
function service:add(name, member)
  if type(name) ~= "string" then error("service:add: the name must be a string, got a " .. type(name), 2) end
  if name == "*" then error("service:add: \"*\" is the name of all", 2) end
  if member == nil then error("service:add: no member", 2) end
  if index_of(name) then error(("service:add: there is a %q already"):format(name), 2) end
  members[#members + 1] = { name = name, member = member }
  return member
end

--- service:get(name) -> the member, nil if there is none
function service:get(name)
  local at = index_of(name)
  return at and members[at].member
end

--- service:remove(name) -> the member, which goes on; nil if there is none
function service:remove(name)
  local at = index_of(name)
  return at and table.remove(members, at).member
end

--- service:names() -> all names, in order
function service:names()
  local names = {}
  for i, entry in ipairs(members) do names[i] = entry.name end
  return names
end

--- The members that `which` names: a name, a list of them, "*"; or nil and the one that is unknown.
local function choose(which)
  if which == "*" then return table.move(members, 1, #members, 1, {}) end
  local chosen = {}
  for i, name in ipairs(type(which) == "table" and which or { which }) do
    local at = index_of(name)
    if not at then return nil, name end
    chosen[i] = members[at]
  end
  return chosen
end

--- service:notify(which, ...) -> how many on_notify(...) were called | nil, message, "ENOENT". One
-- that fails is reported, and the others still hear.
function service:notify(which, ...)
  local chosen, unknown = choose(which)
  if not chosen then
    return nil, ("service:notify: there is no %s"):format(inspect(unknown)), "ENOENT"
  end
  local heard = 0
  for _, entry in ipairs(chosen) do
    local receiver = field(entry.member, "on_notify")
    if receiver then
      local ok, message = xpcall(receiver, traced, ...)
      if ok then heard = heard + 1 else report(entry.name, "on_notify", message) end
    end
  end
  return heard
end

--- Calls `method` of a member; what it fails with, however it does.
local function try(entry, method, ...)
  local ok, result, message, code = xpcall(field(entry.member, method), traced, entry.member, ...)
  if not ok then return false, result, "EINVAL" end
  if result == nil and message then return false, message, code end
  return true
end

--- service:start() -> true | nil, message, code: of all that have one, in order. One that fails does
-- not keep the others from starting.
function service:start()
  local failures, first = {}, nil
  for _, entry in ipairs(table.move(members, 1, #members, 1, {})) do
    if field(entry.member, "start") then
      local ok, message, code = try(entry, "start")
      if not ok then
        failures[#failures + 1] = ("%s: %s"):format(entry.name, message)
        first = first or code or "EINVAL"
      end
    end
  end
  if not first then return true end
  return nil, "service:start: " .. table.concat(failures, "; "), first
end

--- How a member ends: by its stop, or as listeners and connections do.
local function stop_member(entry, grace)
  if field(entry.member, "stop") then return try(entry, "stop", grace) end
  if field(entry.member, "accept") then return try(entry, "close", { grace = grace }) end
  if field(entry.member, "finish") then return try(entry, "finish") end
  return true
end

--- service:stop([grace]) -> true. First what on_stop was given; then the members, the last added
-- first, since it may need those before it. Each may take `grace` seconds (1). Waits.
function service:stop(grace)
  for _, fn in ipairs(table.move(stop_hooks, 1, #stop_hooks, 1, {})) do
    local ok, message = xpcall(fn, traced)
    if not ok then report("the service", "on_stop", message) end
  end
  for at = #members, 1, -1 do
    local entry = members[at]
    local ok, message = stop_member(entry, grace or 1)
    if not ok then report(entry.name, "stop", message) end
  end
  return true
end

--- service:on_stop(fn): fn() is called at each stop(), before the members end.
function service:on_stop(fn)
  if type(fn) ~= "function" then blame.expected("service:on_stop", "a function", fn) end
  stop_hooks[#stop_hooks + 1] = fn
end

for name, make in pairs(factories) do service[name] = make end

--- `service.echo` is the member; assigning adds, replaces in its place, or with nil removes.
return setmetatable(service, {
  __index = function(self, name) return self:get(name) end,
  __newindex = function(self, name, member)
    local at = index_of(name)
    if member == nil then
      self:remove(name)
    elseif at then
      members[at].member = member
    else
      self:add(name, member)
    end
  end,
  __tostring = function(self) return ("service (%s)"):format(table.concat(self:names(), ", ")) end,
  __inspect = tostring,
})
