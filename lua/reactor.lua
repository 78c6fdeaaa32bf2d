--- The choice of the poll method, and counts: the globals initialize, report and reactor.
-- Nothing here waits. The module is the table that becomes the global `reactor`.
local native = require "native.reactor"

local METHODS = { "epoll", "poll", "select", "kqueue" }
local OPTIONS = { "strict", "verbose", "report" }

-- How many single letters apart two words are.
local function edits(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal
    diagonal, row[0] = row[0], i
    for j = 1, #b do
      local change = diagonal + (a:byte(i) == b:byte(j) and 0 or 1)
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, change)
    end
  end
  return row[#b]
end

-- The one of `words` that `word` was meant to be.
local function nearest(word, words)
  local best
  for _, each in ipairs(words) do
    if not best or edits(word, each) < edits(word, best) then best = each end
  end
  return best
end

-- An array of words out of `known`, as one string.
local function joined(list, known, kind)
  if list == nil then return "" end
  if type(list) ~= "table" then
    error(("initialize: option '%ss' must be a table, got %s"):format(kind, type(list)), 3)
  end
  for _, word in ipairs(list) do
    local found = false
    for _, each in ipairs(known) do found = found or each == word end
    if not found then
      error(("initialize: unknown %s '%s', did you mean '%s'?"):format(kind, tostring(word),
        nearest(tostring(word), known)), 3)
    end
  end
  return table.concat(list, " ")
end

--- initialize([{methods =, options =}]): moves everything to the first method that works.
-- Returns its name; or nil, message, "ENOENT" if strict and none does.
local function initialize(options)
  if options ~= nil and type(options) ~= "table" then
    error("bad argument #1 to 'initialize' (table expected, got " .. type(options) .. ")", 2)
  end
  options = options or {}
  for name in pairs(options) do
    if name ~= "methods" and name ~= "options" then
      error(("initialize: unknown option '%s', did you mean '%s'?"):format(tostring(name),
        nearest(tostring(name), { "methods", "options" })), 2)
    end
  end
  return native.initialize(joined(options.methods, METHODS, "method"),
    joined(options.options, OPTIONS, "option"))
end

--- How many timers, signals, reads and writes are armed.
local function report()
  local counts = {}
  for _, kind in ipairs { "timers", "signals", "reads", "writes" } do
    counts[kind] = native.count(kind)
  end
  return counts
end

--- The names of the methods in this build, the fastest first.
local function methods()
  local names = {}
  for name in native.methods():gmatch "%S+" do names[#names + 1] = name end
  return names
end

return { initialize = initialize, report = report, methods = methods, method = native.method }
