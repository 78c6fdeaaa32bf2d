--- The levels of the log, in order, and how an entry is written for people and for programs.
local json = require "json"

local levels = { "error", "warn", "info", "debug", "debug2" }

local numbers = {}
for number, level in ipairs(levels) do numbers[level] = number end

--- The number of a level by its name, nil if there is none.
function levels.number(name) return numbers[name] end

--- What stands for a control character.
local SHOWN <const> = setmetatable({ ["\n"] = "\n    ", ["\t"] = "\t" }, {
  __index = function(_, byte) return ("\\x%02x"):format(byte:byte()) end,
})

--- "2026-11-21 14:03:07 warn text". A text of several lines stays one entry: those behind the first
-- are indented, and no control character gets through.
function levels.text_of(record)
  local text = record.text:gsub("[%c\127]", SHOWN)
  return ("%s %s %s\n"):format(os.date("%Y-%m-%d %H:%M:%S", record.time), record.level, text)
end

--- One object a line. Bytes that are no UTF-8 are written as in Lua's strings.
function levels.json_of(record)
  local text = record.text
  if not utf8.len(text) then
    text = text:gsub("[\128-\255]", function(byte) return ("\\x%02x"):format(byte:byte()) end)
  end
  return ('{"time":"%s","level":"%s","message":%s}\n'):format(
    os.date("!%Y-%m-%dT%H:%M:%SZ", record.time), record.level, json.encode(text))
end

return levels
