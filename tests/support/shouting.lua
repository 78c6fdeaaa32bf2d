--- Handlers that answer a line in capitals, and their client.
local check = require "check"

local shouting = {}

--- Upper-cases lines.
function shouting.shout(c)
  for line in c:lines() do c:write(line:upper(), "\n") end
end

--- Upper-cases one line: openssl goes when we do.
function shouting.shout_once(c) c:write(check.ok(c:read "l"):upper(), "\n") end

--- Sends a line; gives the line that comes back.
function shouting.exchange(c, word)
  check.ok(c:write(word, "\n"))
  return check.ok(c:read "l")
end

return shouting
