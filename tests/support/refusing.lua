--- refusing() is an address where nobody listens: on a loopback address that no other test has.
local check = require "check"

return function()
  local srv <close> = check.ok(listen "127.88.0.8:0")
  return srv.address
end
