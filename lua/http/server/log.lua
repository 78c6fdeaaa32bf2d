--- The access log of an app: a line for each answer, as web servers write it.
local native = require "native.http"

local function line_of(req, status, bytes, began)
  return ('%s - - [%s] "%s %s %s" %d %d %.3f\n'):format(req.peer, os.date("!%d/%b/%Y:%H:%M:%S +0000"),
    req.method, req.target, req.version, status, bytes, now() - began)
end

local function writer(out)
  if type(out) == "function" then return out end
  out = out or io.stderr
  return function(line) out:write(line) end
end

--- Middleware. A handler that fails before its answer has begun is logged as 500.
local function new(out)
  local write = writer(out)
  return function(req, res, next)
    local began, conn = now(), req.connection
    local ended <close> = setmetatable({}, { __close = function()
      local status = native.state(conn) == "waiting" and 500 or native.status(conn) or 0
      write(line_of(req, status, native.sent(conn) or 0, began))
    end })
    return res:settle(next())
  end
end

return { new = new }
