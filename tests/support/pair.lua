--- Connected sockets for the Lua tests: `pair([near_options [, far_options]])` -> near, far are
-- the two ends of a connection over TCP, `pair.unix(...)` of one over a Unix socket. The listener
-- is closed by then; who of the two is held by no variable is closed by the collector.
local check = require "check"

local function ends(address, near_options, far_options)
  local srv <close> = check.ok(listen(address, far_options))
  local near = check.ok(connect(srv.address, near_options))
  return near, check.ok(srv:accept())
end

local pair = {}

--- A name for a socket file that nobody else takes; the file is the caller's.
function pair.path()
  local name = os.tmpname()
  os.remove(name)
  return name .. ".sock"
end

function pair.unix(near_options, far_options)
  return ends("unix:" .. pair.path(), near_options, far_options)
end

--- A pair over TCP whose kernel buffers are small; the far end reads nothing by itself.
function pair.narrow(near_options)
  near_options = near_options or {}
  near_options.sendbuf = 4096
  return pair(near_options, { recvbuf = 4096, unread_limit = 0 })
end

return setmetatable(pair, {
  __call = function(_, near_options, far_options)
    return ends("127.0.0.1:0", near_options, far_options)
  end,
})
