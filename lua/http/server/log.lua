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

--- Middleware. A handler that fails is logged as 500.
local function new(out)
  local write = writer(out)
  return function(req, res, next)
    local began = now()
    local failed <close> = setmetatable({}, { __close = function(_, message)
      if message ~= nil then write(line_of(req, 500, 0, began)) end
    end })
    res:settle(next())
    write(line_of(req, native.status(req.connection), native.sent(req.connection), began))
  end
end

return { new = new }
