--- Run once at the start of every program: the globals that are written in Lua. Each is a
-- thin one that loads its module when first used, so that starting costs nothing.
local require = require

local function lazy_function(module, name)
  return function(...)
    local loaded = require(module)
    return (name and loaded[name] or loaded)(...)
  end
end

help = lazy_function("help", "help")
inspect = lazy_function("inspect")
hexdump = lazy_function("text", "hexdump")
shorten = lazy_function("text", "shorten")
why = lazy_function("listing", "why")
pool = lazy_function("pool")
initialize = lazy_function("reactor", "initialize")
thread = lazy_function("thread", "start")
report = lazy_function("reactor", "report")

reactor = setmetatable({ methods = lazy_function("reactor", "methods") }, {
  __index = function(_, name)
    if name == "method" then return require("reactor").method() end
  end,
})

--- A table that does what `listing[name]` does: called, indexed or shown.
local function lazy_listing(name)
  local function listing() return require("listing")[name] end
  return setmetatable({}, {
    __call = function() return listing()() end,
    __index = function(_, id) return listing()[id] end,
    __tostring = function(self) return tostring(self()) end,
    __inspect = function(self, options) return inspect(self(), options) end,
  })
end

conns = lazy_listing "conns"
timers = lazy_listing "timers"
tasks = lazy_listing "tasks"
