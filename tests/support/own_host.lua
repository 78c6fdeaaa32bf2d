--- own_host() is a loopback address that no other test has, so that its ports are ours. By the
-- process, not by random numbers: those of two processes of the same second may be the same.
local process = require "process"

local calls = 0

return function()
  calls = calls + 1
  local own = process.pid()
  return ("127.%d.%d.%d"):format(40 + calls % 40, own // 250 % 250 + 1, own % 250 + 1)
end
