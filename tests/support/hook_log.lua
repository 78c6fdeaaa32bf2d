--- Hooks that note their calls, for the Lua tests: a log is a list of { name, arguments after c ... }.
local check = require "check"

local hook_log = {}

--- Hooks for `c`, all but `data`, that note their calls in `log`.
function hook_log.noting(c, log)
  local hooks = {}
  for _, name in ipairs { "open", "shutdown", "drain", "error", "closing", "close" } do
    hooks[name] = function(who, ...)
      check.equal(who, c)
      log[#log + 1] = { name, ... }
    end
  end
  return hooks
end

--- The names in the log, in their order, with blanks between.
function hook_log.names(log)
  local list = {}
  for i, entry in ipairs(log) do list[i] = entry[1] end
  return table.concat(list, " ")
end

--- The name noted last, nil in an empty log.
function hook_log.last(log) return log[#log] and log[#log][1] end

return hook_log
