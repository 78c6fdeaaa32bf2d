--- The complaint about an argument, in the same words everywhere: expected("fs.watch", "a function", 5)
-- raises "fs.watch: a function expected, got 5" in the name of who called the function that calls
-- this; `level` is another one's, as error() would have it there.
local MOST <const> = 60  -- bytes of a string that are shown

local function shown(value)
  local kind = type(value)
  if kind == "nil" or kind == "number" or kind == "boolean" then return tostring(value) end
  if kind ~= "string" then return "a " .. kind end
  return #value <= MOST and ("%q"):format(value) or ("a string of %d bytes"):format(#value)
end

return function(who, what, value, level)
  error(("%s: %s expected, got %s"):format(who, what, shown(value)), (level or 2) + 1)
end
