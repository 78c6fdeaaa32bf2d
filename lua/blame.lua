--- Misuse of a function that is written in Lua, told in the same words everywhere and placed where
-- the user's code called: the frames of the shell's own modules are passed over.
local error, pcall = error, pcall           -- whatever a program calls so
local getinfo = require("debug").getinfo

local OWN <const> = "^%[moonwire "
local MOST <const> = 60  -- bytes of a string that are shown

local blame = {}

--- Raises `message` in the user's line.
function blame.misuse(message)
  local level = 2
  local frame = getinfo(level, "S")
  while frame and frame.short_src:find(OWN) do
    level = level + 1
    frame = getinfo(level, "S")
  end
  error(message, frame and level or 0)
end

local function shown(value)
  local kind = type(value)
  if kind == "nil" or kind == "number" or kind == "boolean" then return tostring(value) end
  if kind ~= "string" then return "a " .. kind end
  return #value <= MOST and ("%q"):format(value) or ("a string of %d bytes"):format(#value)
end

--- blame.expected("fs.watch", "a function", 5) raises "fs.watch: a function expected, got 5".
function blame.expected(who, what, value)
  blame.misuse(("%s: %s expected, got %s"):format(who, what, shown(value)))
end

--- Raises unless `value` is a string, or a number, which Lua takes for one; `what` it is to be.
function blame.check_string(who, what, value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" then blame.expected(who, what, value) end
end

--- Raises unless `value` may be an address: a text, or a port.
function blame.check_address(who, value)
  if type(value) ~= "string" and math.type(value) ~= "integer" then
    blame.expected(who, "an address", value)
  end
end

local function results(who, ok, ...)
  if ok then return ... end
  blame.misuse(who and ("%s: %s"):format(who, (...)) or (...))
end

--- blame.calling("ws.proxy", listen, address) -> what listen(address) gives. What it raises comes from
-- ws.proxy; without a name it is passed on as it is.
function blame.calling(who, fn, ...) return results(who, pcall(fn, ...)) end

return blame
