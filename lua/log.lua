--- The log of the program: `local log = require "log"`. A line has a time, a level and the values,
-- and goes to the terminal (stderr), a file, the system's log and by mail, wherever that is wanted.
-- Nothing here waits, but log.flush, and log.syslog for a name. A target that fails is told once on
-- stderr, and costs neither the line for the others nor whoever logged.
local blame = require "blame"
local levels = require "log.levels"
local native = require "native.system"

local log = {}

local concat, time = table.concat, os.time
local io = io

local threshold = #levels
local terminal = true
local targets = {}   -- by name, "file": { put(target, record), ... }
local ORDER <const> = { "file", "syslog", "mail" }
local complaining = {}  -- the targets that have been told to fail

local function to_terminal(record)
  io.stderr:write((terminal == "json" and levels.json_of or levels.text_of)(record))
end

--- What has failed is said once, until it works again. The entry itself is not lost for that: a
-- target says whether it has it all the same.
local function put(name, record)
  local ok, message, has_it = targets[name]:put(record)
  if ok then
    complaining[name] = nil
    return
  end
  if not complaining[name] then
    complaining[name] = true
    to_terminal { time = record.time, level = "error", text = "log: " .. message }
  end
  if not has_it and not terminal then to_terminal(record) end
end

--- Gives an entry to whoever wants it.
local function add(number, level, text, on_terminal)
  local record = { time = time(), level = level, text = text }
  local passes = number <= threshold
  if passes and terminal and not on_terminal then to_terminal(record) end
  for _, name in ipairs(ORDER) do
    local target = targets[name]
    if target and (target.own_level and number <= target.own_level
      or not target.own_level and passes) then
      put(name, record)
    end
  end
end

for number, level in ipairs(levels) do
  log[level] = function(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    add(number, level, concat(words, " "))
  end
end

--- What the shell itself has to tell goes the same way; errors are on stderr already.
native.log_to(function(level, text, on_stderr) pcall(add, levels.number(level), level, text, on_stderr) end)

--- log.level([name]) -> the name of the last level that passes
function log.level(name)
  if name ~= nil then
    threshold = levels.number(name) or error(("log.level: no level %s; error warn info debug debug2 "
      .. "are"):format(inspect(name)), 2)
  end
  return levels[threshold]
end

--- log.terminal([on]) -> true, false or "json"
function log.terminal(on)
  if on == nil then return terminal end
  if on ~= true and on ~= false and on ~= "json" then
    blame.expected("log.terminal", 'true, false or "json"', on)
  end
  terminal = on
  return on
end

local function replace(name, target)
  local old = targets[name]
  if old then old:close() end
  targets[name], complaining[name] = target, nil
end

--- One function for each target: false ends it, options begin it anew.
local function setter(name, open)
  log[name] = function(first, ...)
    if first == false then
      replace(name, nil)
      return true
    end
    local target, message, code = open(first, ...)
    if not target then return nil, message, code end
    replace(name, target)
    return true
  end
end

--- log.file(path [, options]) or log.file(false) -> true | nil, message, code
setter("file", function(...) return require("log.file").open(...) end)
--- log.syslog(options) or log.syslog(false) -> true | nil, message, code
setter("syslog", function(...) return require("log.syslog").open(...) end)
--- log.mail(options) or log.mail(false) -> true
setter("mail", function(...) return require("log.mail").open(log, ...) end)

--- Opens the file anew: for signal("SIGHUP", log.reopen). Codes: those of log.file; the old one goes
-- on then.
function log.reopen()
  if not targets.file then return true end
  return targets.file:reopen()
end

--- log.flush([seconds]) -> whether what is to go by mail has gone. Waits.
function log.flush(seconds)
  if seconds ~= nil and (math.type(seconds) == nil or not (seconds >= 0)) then
    blame.expected("log.flush", "a number of seconds", seconds)
  end
  if not targets.mail then return true end
  return targets.mail:flush(seconds or 10)
end

return log
